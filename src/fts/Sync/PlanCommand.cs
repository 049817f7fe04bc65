using System.CommandLine;
using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Cli.Help;
using Fts.Client;
using Fts.Shell;
using Fts.Transfers;

namespace Fts.Sync;

/// <summary><c>fts plan SOURCE TARGET</c> writes the plan of a sync into a file, for a review and for <c>fts apply</c>.</summary>
internal sealed class PlanCommand
{
    private const string Usage = "fts plan SOURCE TARGET [-o FILE] [--delete] [options]";

    private readonly SyncSettings _settings = new();
    private readonly Option<string> _output = new("--output")
    {
        Aliases = { "-o" },
        HelpName = "FILE",
        Description = "write the plan into FILE instead of standard output",
    };

    /// <summary>The arguments, options and help page of <c>fts plan</c>.</summary>
    public static SubcommandDefinition Definition => new PlanCommand().CreateDefinition();

    /// <summary>Runs <c>fts plan</c> and returns its exit code.</summary>
    public static Task<ExitCode> RunAsync(string[] args)
    {
        var command = new PlanCommand();
        var line = new CommandLine(command.CreateDefinition(), args);
        ConnectionOptions connectionOptions = command._settings.Connection;
        Terminal terminal = connectionOptions.CreateTerminal(line);
        SyncSides sides = command._settings.GetSides(line, "plan", Usage);
        sides = sides with { Local = Path.TrimEndingDirectorySeparator(Path.GetFullPath(sides.Local)) };
        FtpSyncOptions options = command._settings.GetOptions(line);
        if (options.Trash is { } trash && !sides.IsUpload)
        {
            options = options with { Trash = Path.GetFullPath(trash) };
        }

        ServerConnection connection =
            connectionOptions.PrepareConnection(line, sides.Server, terminal, connectionOptions.IsDebug(line));
        CommandFormatter formatter = OneShotCommand.CreateFormatter(sides.Server, CommandFormatter.EscapeName);
        return OneShotCommand.RunAsync(connection, $"plan {string.Join(' ', line.Arguments)}", formatter, PlanAsync);

        async Task<ExitCode> PlanAsync(ClientShell shell, CancellationToken cancellationToken)
        {
            FtpSyncPlan plan = await SyncOperation.PlanAsync(shell, sides, options, cancellationToken);
            ExitCode result = SyncOperation.ShowProblems(shell, plan, "plan");
            string url = sides.Server.FormatUrl(new ShellWord(plan.RemoteDirectory, IsExact: true));
            // Whole seconds are enough for a reader, and keep the file short.
            DateTimeOffset now = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds());
            string json = SyncPlanFile.Format(plan, url, now);
            if (line.GetValue(command._output) is { } file and not "-")
            {
                await File.WriteAllTextAsync(file, json + "\n", cancellationToken);
            }
            else
            {
                shell.Terminal.WriteData(json);
            }

            shell.Terminal.WriteMessage(SyncOperation.FormatCounts(plan));
            return result;
        }
    }

    private SubcommandDefinition CreateDefinition() => new("plan", 2, new HelpPage
    {
        Usage = [Usage],
        Purpose = "Writes what fts sync would change, for a review and for fts apply. Changes nothing.",
        Examples =
        [
            new("fts plan ~/www ftp://ann@192.168.1.5:2121/www --delete -o plan.json", "compare, and write the plan"),
            new("fts apply plan.json", "execute the plan"),
        ],
        Arguments = [new("SOURCE", "a local folder or a URL"), new("TARGET", "a URL if SOURCE is a local folder, or the reverse")],
        OptionGroups = [_settings.CreateGroup(_output), .. _settings.Connection.GetOneShotOptions()],
        ExitCodes = ConnectionOptions.ExitCodes,
        Notes =
        [
            "The plan is a JSON file. docs/sync-plan.schema.json describes it. You may remove entries from it.",
            "The guards of fts sync apply: see fts help sync. Deletions that they block are not in the plan.",
            ConnectionOptions.PasswordNote,
        ],
    });
}

/// <summary><c>fts apply FILE</c> executes a plan of <c>fts plan</c>, and refuses entries whose files have changed since.</summary>
internal sealed class ApplyCommand
{
    private const string Usage = "fts apply FILE [options]";

    private readonly ConnectionOptions _connection = new();
    private readonly Option<bool> _dryRun = Transfers.Remote.RemoveCommand.CreateDryRunOption();
    private readonly Option<bool> _force = SyncSettings.CreateForceOption();

    /// <summary>The arguments, options and help page of <c>fts apply</c>.</summary>
    public static SubcommandDefinition Definition => new ApplyCommand().CreateDefinition();

    /// <summary>Runs <c>fts apply</c> and returns its exit code.</summary>
    public static Task<ExitCode> RunAsync(string[] args)
    {
        var command = new ApplyCommand();
        var line = new CommandLine(command.CreateDefinition(), args);
        if (line.Arguments is not [var file])
        {
            throw CommandLine.CreateUsageError("the file with the plan is missing", null, Usage);
        }

        (FtpSyncPlan plan, string url) = SyncPlanFile.Parse(ReadFile(file), file);
        Terminal terminal = command._connection.CreateTerminal(line);
        Target target = Target.FromUrl(url);
        target = target with { User = command._connection.GetUser(line) ?? target.User };
        ServerConnection connection =
            command._connection.PrepareConnection(line, target, terminal, command._connection.IsDebug(line));
        CommandFormatter formatter = OneShotCommand.CreateFormatter(target, CommandFormatter.EscapeName);
        string retry = $"fts apply {ShellQuoting.Quote(file)}{OptionFormatter.Format(line)}";
        return OneShotCommand.RunAsync(connection, $"apply {file}", formatter, ApplyAsync);

        async Task<ExitCode> ApplyAsync(ClientShell shell, CancellationToken cancellationToken)
        {
            if (line.HasOption(command._dryRun))
            {
                SyncOperation.PrintEntries(shell, plan);
                shell.Terminal.WriteMessage($"dry run, nothing was changed: {SyncOperation.FormatCounts(plan)}");
                return ExitCode.Success;
            }

            shell.Terminal.WriteMessage(SyncOperation.FormatCounts(plan));
            SyncOperation.ConfirmDeletions(shell, plan, "apply", line.HasOption(command._force));
            return await SyncOperation.ExecuteAsync(shell, plan, "apply", requireUnchanged: true, () => retry, cancellationToken);
        }
    }

    /// <summary>Reads the file with the plan.</summary>
    /// <exception cref="UserErrorException">The file cannot be read.</exception>
    private static string ReadFile(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UserErrorException(ExitCode.NotFound, $"apply {file}: no such file", "fts plan SOURCE TARGET -o FILE");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"apply {file}: {LocalErrorText.Describe(e)}");
        }
    }

    private SubcommandDefinition CreateDefinition() => new("apply", 1, new HelpPage
    {
        Usage = [Usage],
        Purpose = "Executes a plan of fts plan.",
        Examples =
        [
            new("fts apply plan.json --dry-run", "print the entries of the plan"),
            new("fts apply plan.json --force", "execute the plan without a question before deletions"),
        ],
        Arguments = [new("FILE", "the file that fts plan wrote")],
        OptionGroups = [new OptionGroup("Apply", _dryRun, _force), .. _connection.GetOneShotOptions()],
        ExitCodes = ConnectionOptions.ExitCodes,
        Notes =
        [
            "An entry is refused if its file has changed since the plan was made, on either side. The other entries are executed, and " +
            "the exit code is 9. To continue after an interruption, make a new plan.",
            "The plan names the server and the user. Give the options for encryption and proxies again.",
            ConnectionOptions.PasswordNote,
        ],
    });
}
