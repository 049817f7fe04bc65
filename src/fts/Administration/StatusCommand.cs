using System.CommandLine;
using System.Text.Json;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Serving.Accounts;
using Fts.Serving.Control;

namespace Fts.Administration;

/// <summary>The <c>fts status</c> subcommand. It lists the sessions of the running server.</summary>
internal static class StatusCommand
{
    private static readonly Option<bool> JsonOption = new("--json") { Description = "print one JSON object" };

    /// <summary>The options and help page of <c>fts status</c>.</summary>
    public static SubcommandDefinition Definition { get; } = new("status", 0, new HelpPage
    {
        Usage = ["fts status [options]"],
        Purpose = "Lists the sessions of a running server, with their transfers.",
        Examples =
        [
            new("fts status", "list the sessions of the server that uses the default state directory"),
            new("fts status --json --state /var/lib/fts", "print all facts of each session for a script"),
        ],
        OptionGroups = [new OptionGroup("Options", JsonOption, StateDirectory.PathOption)],
        ExitCodes =
        [
            new("0", "success"),
            new("2", "usage error"),
            new("3", "no server uses the state directory"),
            new("7", "the server belongs to another user"),
        ],
        Notes =
        [
            "Only root and the user of the server can use this command. The server opens the socket control.sock in its state " +
            "directory if it was started with --state or FTS_STATE.",
            "The speed of a transfer is the average of about the last second. AGE is the time since the client connected, and IDLE the " +
            "time since its last command or transfer.",
        ],
    });

    /// <summary>Prints the sessions.</summary>
    /// <exception cref="UserErrorException">An option is invalid, or no server can be reached.</exception>
    public static async Task<ExitCode> RunAsync(string[] args)
    {
        var line = new CommandLine(Definition, args);
        using ControlClient client = ServerAccess.Connect(StateDirectory.GetPath(line));
        try
        {
            StatusResult status = await client.SendAsync(
                "status", new ControlNothing(), ControlJson.Default.ControlNothing, ControlJson.Default.StatusResult,
                CancellationToken.None);
            IEnumerable<string> lines = line.HasOption(JsonOption)
                ? [JsonSerializer.Serialize(status, ControlJson.Default.StatusResult)]
                : StatusTable.Format(status);
            foreach (string text in lines)
            {
                Terminal.Plain.WriteData(text);
            }

            Terminal.Plain.Flush();
            return ExitCode.Success;
        }
        catch (ControlException e)
        {
            throw ServerAccess.Translate(e);
        }
    }
}
