using System.Globalization;
using Fts.Cli;
using Fts.Client;
using Fts.Transfers.Remote;

namespace Fts.Shell.Commands;

/// <summary>The <c>rm</c> command: removes files, patterns and folders.</summary>
internal static class RemovalCommand
{
    private const string Recursive = "-r", Force = "--force", DryRun = "--dry-run";

    /// <summary>The options of the command.</summary>
    public static IReadOnlyList<ShellOption> Options { get; } =
    [
        new(Recursive, "also remove folders with everything in them"),
        new(Force, "do not ask") { Alias = "-f" },
        new(DryRun, "print what would be removed") { Alias = "-n" },
    ];

    /// <summary>
    /// <c>rm NAME…</c> removes files. Before it removes several files, the files of a pattern or folders, it asks on a terminal. Without a
    /// terminal, patterns and folders require <c>--force</c>.
    /// </summary>
    public static async Task<ExitCode> RmAsync(ClientShell shell, CommandArguments arguments, CancellationToken cancellationToken)
    {
        bool isRecursive = arguments.HasOption(Recursive), isForced = arguments.HasOption(Force), isDryRun = arguments.HasOption(DryRun);
        bool isPlain = !isRecursive && !isDryRun && !arguments.Any(word => word.IsPattern);
        if (isPlain && (arguments.Count == 1 || isForced || !shell.CanAsk))
        {
            return await RemoteCommands.RemoveFilesAsync(shell, arguments, cancellationToken);
        }

        if (arguments.FirstOrDefault(word => RemoteDirectory.GetName(word.Text.TrimEnd('/')) is "" or "." or "..")
            is { Text: { } unsafeName })
        {
            throw new UserErrorException(
                ExitCode.UsageError, $"rm {unsafeName}: the root, the current folder and its parents cannot be removed");
        }

        var plan = new RemovalPlan();
        foreach (ShellWord word in arguments)
        {
            await plan.AddAsync(shell, word, isRecursive, cancellationToken);
        }

        if (isDryRun)
        {
            foreach (string path in plan.Paths)
            {
                shell.Terminal.WriteData($"remove    {FtpName.Escape(path)}");
            }

            shell.Terminal.WriteMessage($"dry run, nothing was changed: would remove {plan.Counts}");
            return ExitCode.Success;
        }

        if (!isForced && !Confirm(shell, plan))
        {
            shell.Terminal.WriteMessage("nothing was removed");
            return ExitCode.Success;
        }

        int removed = 0;
        ExitCode result = await shell.ForEachAsync("rm", plan.Entries, RemoveAsync, cancellationToken);
        shell.Terminal.WriteMessage(string.Create(CultureInfo.InvariantCulture, $"removed {removed} of {plan.Entries.Count}"));
        return result;

        async Task RemoveAsync(RemovedEntry entry, CancellationToken cancel)
        {
            try
            {
                await (entry.IsFolder
                    ? shell.Client.DeleteDirectoryAsync(entry.Path, cancel)
                    : shell.Client.DeleteFileAsync(entry.Path, cancel));
            }
            catch (FtpReplyException e)
            {
                throw await EntryKindErrors.ClarifyAsync(shell, e, entry.IsFolder ? "rmdir" : "rm", FtpName.Escape(entry.Path), cancel);
            }

            removed++;
        }
    }

    private static bool Confirm(ClientShell shell, RemovalPlan plan) => shell.CanAsk
        ? shell.AskUser($"Remove {plan.Counts} from the server? [y/N] ") is "y" or "yes"
        : throw new UserErrorException(
            ExitCode.UsageError,
            $"rm: this removes {plan.Counts}, and fts cannot ask without a terminal; nothing was removed",
            "rm --force to remove them, or rm --dry-run to print them");
}
