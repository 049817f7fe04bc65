using System.CommandLine;
using System.Globalization;
using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Cli.Help;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell;
using Fts.Shell.Commands;

namespace Fts.Transfers.Remote;

/// <summary><c>fts rm URL…</c> removes files on a server, and folders with <c>-r</c>.</summary>
internal sealed class RemoveCommand
{
    private const string Usage = "fts rm URL… [-r] [options]";

    private readonly ConnectionOptions _connection = new();
    private readonly Option<bool> _recursive = ListCommand.CreateSwitch("--recursive", "-r", "also remove folders with everything in them");
    private readonly Option<bool> _force =
        ListCommand.CreateSwitch("--force", "-f", "do not ask before patterns and folders are removed");

    private readonly Option<bool> _dryRun = CreateDryRunOption();

    /// <summary>The arguments, options and help page of <c>fts rm</c>.</summary>
    public static SubcommandDefinition Definition => new RemoveCommand().CreateDefinition();

    /// <summary>Returns the option with which a command prints its changes instead of making them.</summary>
    public static Option<bool> CreateDryRunOption() =>
        ListCommand.CreateSwitch("--dry-run", "-n", "print what would be changed, and change nothing");

    /// <summary>Runs <c>fts rm</c> and returns its exit code.</summary>
    public static Task<ExitCode> RunAsync(string[] args)
    {
        var command = new RemoveCommand();
        var line = new CommandLine(command.CreateDefinition(), args);
        IReadOnlyList<ServerPaths> servers = UrlArguments.Parse(line.Arguments, command._connection.GetUser(line), Usage);
        if (servers.Any(server => server.Paths.Any(path => path.Text.Trim('/').Length == 0)))
        {
            throw CommandLine.CreateUsageError("rm does not remove the login folder or the root; name a file or folder below it");
        }

        return UrlCommand.RunAsync(line, command._connection, servers, "rm", (shell, paths, cancel) =>
            command.RemoveAsync(shell, line, paths, cancel));
    }

    private SubcommandDefinition CreateDefinition() => new("rm", int.MaxValue, new HelpPage
    {
        Usage = [Usage],
        Purpose = "Removes files on a server, and folders with -r.",
        Examples =
        [
            new("fts rm ftp://ann@192.168.1.5:2121/in/old.txt", "remove a file"),
            new("fts rm 'ftp://ann@192.168.1.5:2121/in/*.tmp' --dry-run", "print which files a pattern selects"),
            new("fts rm -r ftp://ann@192.168.1.5:2121/in/2020 --force", "remove a folder without a question"),
        ],
        Arguments = [new("URL", "a file or folder; * and ? in the last part select files, and must be quoted for your shell")],
        OptionGroups = [new OptionGroup("Removal", _recursive, _force, _dryRun), .. _connection.GetRemoteOptions()],
        ExitCodes = ConnectionOptions.ExitCodes,
        Notes =
        [
            "Before a pattern or a folder is removed, rm prints the number of files and folders and asks. Without a terminal, it fails " +
            "unless --force is given. Nothing is removed if a folder cannot be listed completely. Links are removed, not followed.",
            ConnectionOptions.PasswordNote,
        ],
    });

    private async Task<ExitCode> RemoveAsync(
        ClientShell shell, CommandLine line, IReadOnlyList<ShellWord> paths, CancellationToken cancellationToken)
    {
        var plan = new RemovalPlan();
        foreach (ShellWord path in paths)
        {
            await plan.AddAsync(shell, path, line.HasOption(_recursive), cancellationToken);
        }

        if (line.HasOption(_dryRun))
        {
            foreach (string path in plan.Paths)
            {
                UrlCommand.WritePlannedChange(shell, "remove", path);
            }

            shell.Terminal.WriteMessage($"dry run, nothing was changed: would remove {plan.Counts}");
            return ExitCode.Success;
        }

        if (plan.NeedsConfirmation && !line.HasOption(_force))
        {
            Confirm(shell, plan);
        }

        int removed = 0;
        ExitCode result = await shell.ForEachAsync(
            "rm", plan.Entries, (entry, cancel) => RemoveEntryAsync(shell, entry, cancel), cancellationToken);
        if (plan.NeedsConfirmation)
        {
            shell.Terminal.WriteMessage(string.Create(CultureInfo.InvariantCulture, $"removed {removed} of {plan.Entries.Count}"));
        }

        return result;

        async Task RemoveEntryAsync(ClientShell session, RemovedEntry entry, CancellationToken cancel)
        {
            try
            {
                await UrlCommand.ChangeAsync(
                    session,
                    token => entry.IsFolder
                        ? session.Client.DeleteDirectoryAsync(entry.Path, token)
                        : session.Client.DeleteFileAsync(entry.Path, token),
                    cancel);
            }
            catch (FtpReplyException e)
            {
                throw await ClarifyAsync(session, e, entry, cancel);
            }

            removed++;
            JsonOutput.Current?.WriteChange("remove", entry.Path, isDryRun: false);
            if (!plan.NeedsConfirmation)
            {
                session.Terminal.WriteMessage($"removed {entry.Path.ToPrintable()}");
            }
        }
    }

    /// <summary>Returns the error for a failed removal. If the path is a folder, the advice is <c>-r</c>.</summary>
    private static async Task<Exception> ClarifyAsync(
        ClientShell shell, FtpReplyException e, RemovedEntry entry, CancellationToken cancellationToken) =>
        !entry.IsFolder && await EntryKindErrors.IsDirectoryAsync(shell, e, entry.Path, cancellationToken)
            ? new UserErrorException(ExitCode.OtherError, $"rm {entry.Path}: it is a folder",
                "rm -r, which removes the folder with everything in it")
            : e;

    /// <summary>Asks whether to remove the entries of a plan.</summary>
    /// <exception cref="UserErrorException">The user does not agree, or there is no terminal.</exception>
    private static void Confirm(ClientShell shell, RemovalPlan plan)
    {
        if (!shell.Terminal.IsInteractive)
        {
            throw new UserErrorException(
                ExitCode.UsageError, $"rm: this removes {plan.Counts}, and fts cannot ask without a terminal; nothing was removed",
                "--force to remove them, or --dry-run to print them");
        }

        if (shell.AskUser($"Remove {plan.Counts} from {shell.Target}? [y/N] ") is not ("y" or "yes"))
        {
            throw new UserErrorException(new UserError(ExitCode.Interrupted, "rm: nothing was removed"));
        }
    }
}
