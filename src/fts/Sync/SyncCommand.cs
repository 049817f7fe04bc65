using System.CommandLine;
using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Cli.Help;
using Fts.Client;
using Fts.Shell;
using Fts.Transfers;
using Fts.Transfers.Remote;

namespace Fts.Sync;

/// <summary><c>fts sync SOURCE TARGET</c> makes the target equal to the source. One of both is a URL.</summary>
internal sealed class SyncCommand
{
    private const string Usage = "fts sync SOURCE TARGET [--delete] [--dry-run] [options]";

    private readonly SyncSettings _settings = new();
    private readonly Option<bool> _dryRun = RemoveCommand.CreateDryRunOption();
    private readonly Option<bool> _force = SyncSettings.CreateForceOption();

    /// <summary>The arguments, options and help page of <c>fts sync</c>.</summary>
    public static SubcommandDefinition Definition => new SyncCommand().CreateDefinition();

    /// <summary>Runs <c>fts sync</c> and returns its exit code.</summary>
    public static Task<ExitCode> RunAsync(string[] args)
    {
        var command = new SyncCommand();
        var line = new CommandLine(command.CreateDefinition(), args);
        ConnectionOptions connectionOptions = command._settings.Connection;
        Terminal terminal = connectionOptions.CreateTerminal(line);
        SyncSides sides = command._settings.GetSides(line, "sync", Usage);
        FtpSyncOptions options = command._settings.GetOptions(line);
        string retry = $"fts sync {string.Join(' ', line.Arguments.Select(ShellQuoting.Quote))}{OptionFormatter.Format(line)}";
        ServerConnection connection =
            connectionOptions.PrepareConnection(line, sides.Server, terminal, connectionOptions.IsDebug(line));
        CommandFormatter formatter = OneShotCommand.CreateFormatter(sides.Server, CommandFormatter.EscapeName);
        return OneShotCommand.RunAsync(connection, $"sync {string.Join(' ', line.Arguments)}", formatter, SyncAsync);

        async Task<ExitCode> SyncAsync(ClientShell shell, CancellationToken cancellationToken)
        {
            FtpSyncPlan plan = await SyncOperation.PlanAsync(shell, sides, options, cancellationToken);
            ExitCode planResult = SyncOperation.ShowProblems(shell, plan, "sync");
            if (line.HasOption(command._dryRun))
            {
                SyncOperation.PrintEntries(shell, plan);
                shell.Terminal.WriteMessage($"dry run, nothing was changed: {SyncOperation.FormatCounts(plan)}");
                return planResult;
            }

            shell.Terminal.WriteMessage(SyncOperation.FormatCounts(plan));
            if (plan.IsEmpty)
            {
                return planResult;
            }

            SyncOperation.ConfirmDeletions(shell, plan, "sync", line.HasOption(command._force));
            ExitCode code =
                await SyncOperation.ExecuteAsync(shell, plan, "sync", requireUnchanged: false, () => retry, cancellationToken);
            return ClientShell.CombineExitCodes(planResult, code);
        }
    }

    private SubcommandDefinition CreateDefinition() => new("sync", 2, new HelpPage
    {
        Usage = [Usage],
        Purpose = "Makes the target folder equal to the source folder. One of both is on a server.",
        Examples =
        [
            new("fts sync ~/www ftp://ann@192.168.1.5:2121/www --delete --dry-run", "print what would be changed"),
            new("fts sync ~/www ftp://ann@192.168.1.5:2121/www --delete --force", "upload, and delete without a question"),
            new("fts sync ftp://files.example.com/pub docs --delete --trash old", "keep deleted and replaced files in old"),
        ],
        Arguments = [new("SOURCE", "a local folder or a URL"), new("TARGET", "a URL if SOURCE is a local folder, or the reverse")],
        OptionGroups = [_settings.CreateGroup(_dryRun, _force), .. _settings.Connection.GetOneShotOptions()],
        ExitCodes = ConnectionOptions.ExitCodes,
        Notes =
        [
            "New and changed files are transferred first, then moved files are renamed, and deletions come last. After a failure, " +
            "nothing is deleted. Repeat an interrupted command to continue. Files that are complete are not sent again.",
            "Nothing is deleted if a folder cannot be read completely, or if the source has no files or less than half as many as the " +
            "target. --max-delete replaces the comparison of the numbers. Before deletions, sync asks. Without a terminal, it fails " +
            "unless --force is given.",
            "With --delete, a file that was moved in the source is renamed in the target, if the server reports hashes (HASH or " +
            "XSHA256). Links and devices are neither transferred nor deleted.",
            ConnectionOptions.PasswordNote,
        ],
    });
}
