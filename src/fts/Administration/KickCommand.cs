using System.CommandLine;
using System.Globalization;
using Fts.Accounts.Bans;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Serving.Accounts;
using Fts.Serving.Control;

namespace Fts.Administration;

/// <summary>The <c>fts kick</c> subcommand. It ends sessions of the running server.</summary>
internal static class KickCommand
{
    private const int MaxSessions = 1000;

    private static readonly Option<string> ReasonOption = new("--reason")
    {
        HelpName = "TEXT",
        Description = "text that the client receives",
    };

    /// <summary>The arguments, options and help page of <c>fts kick</c>.</summary>
    public static SubcommandDefinition Definition { get; } = new("kick", MaxSessions, new HelpPage
    {
        Usage = ["fts kick ID... [options]"],
        Purpose = "Ends sessions of a running server. Their transfers are aborted.",
        Examples =
        [
            new("fts kick 17", "end the session 17 of fts status"),
            new("fts kick 17 18 --reason 'Maintenance at 18:00.'", "end two sessions, and send the reason to their clients"),
        ],
        Arguments = [new("ID", "the number of a session, as fts status prints it")],
        OptionGroups = [new OptionGroup("Options", ReasonOption, StateDirectory.PathOption)],
        ExitCodes =
        [
            new("0", "all sessions were ended"),
            new("2", "usage error"),
            new("3", "no server uses the state directory"),
            new("6", "no session has this number"),
            new("7", "the server belongs to another user"),
            new("9", "some sessions were ended, others did not exist"),
        ],
        Notes =
        [
            "The client receives reply 421 with the reason, after 426 for its transfer. It can connect again. To refuse its next " +
            "connections, use fts ban add.",
        ],
    });

    /// <summary>Ends the sessions.</summary>
    /// <exception cref="UserErrorException">An argument is invalid, no server can be reached, or a session does not exist.</exception>
    public static async Task<ExitCode> RunAsync(string[] args)
    {
        var line = new CommandLine(Definition, args);
        if (line.Arguments.Count == 0)
        {
            throw CommandLine.CreateUsageError("kick: the number of the session is missing", null, Definition.Usage);
        }

        long[] ids = [.. line.Arguments.Select(ParseId)];
        string? reason = line.GetValue(ReasonOption);
        if (reason?.Length > Ban.MaxReasonLength)
        {
            throw CommandLine.CreateUsageError($"{ReasonOption.Name}: the text is longer than {Ban.MaxReasonLength} characters");
        }

        using ControlClient client = ServerAccess.Connect(StateDirectory.GetPath(line));
        try
        {
            KickResult result = await client.SendAsync(
                "kick", new KickParameters(ids, reason), ControlJson.Default.KickParameters, ControlJson.Default.KickResult,
                CancellationToken.None);
            foreach (long id in result.Ended)
            {
                Terminal.Plain.WriteData(string.Create(CultureInfo.InvariantCulture, $"ended session {id}"));
            }

            Terminal.Plain.Flush();
            long[] missing = [.. ids.Except(result.Ended)];
            return missing.Length == 0
                ? ExitCode.Success
                : throw new UserErrorException(
                    result.Ended.Count == 0 ? ExitCode.NotFound : ExitCode.SomeFailed,
                    $"no session {string.Join(", ", missing)}",
                    "fts status, to list the sessions");
        }
        catch (ControlException e)
        {
            throw ServerAccess.Translate(e);
        }
    }

    private static long ParseId(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long id) && id > 0
            ? id
            : throw CommandLine.CreateUsageError($"'{text}' is not the number of a session");
}
