using System.Globalization;
using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell;
using Fts.Shell.Commands;
using Fts.Transfers;

namespace Fts.Sync;

/// <summary>The steps that <c>fts sync</c>, <c>fts plan</c> and <c>fts apply</c> share.</summary>
internal static class SyncOperation
{
    /// <summary>Compares the sides, with a status line on a terminal.</summary>
    public static async Task<FtpSyncPlan> PlanAsync(
        ClientShell shell, SyncSides sides, FtpSyncOptions options, CancellationToken cancellationToken)
    {
        var folder = new ShellWord(sides.Server.UrlPath ?? "", IsExact: true);
        string remotePath = await MirrorOperation.GetRemotePathAsync(shell, folder, cancellationToken);
        if (options.Trash is { } trash && sides.IsUpload && !trash.StartsWith('/'))
        {
            string loginFolder = await MirrorOperation.GetRemotePathAsync(shell, new ShellWord("", IsExact: true), cancellationToken);
            options = options with { Trash = remotePath.StartsWith('/') && loginFolder.Length > 0
                ? $"{loginFolder.TrimEnd('/')}/{trash}" : trash };
        }

        bool showsStatus = shell.Terminal.CanRedraw && shell.Terminal.ProgressMode != "never";
        if (showsStatus)
        {
            shell.Terminal.SetStatus($"comparing {DisplayFormat.Shorten(sides.Local.ToPrintable(), Terminal.Width - 13)}");
        }

        try
        {
            return await shell.Client.PlanSyncAsync(sides.Local, remotePath, sides.Direction, options, cancellationToken);
        }
        finally
        {
            if (showsStatus)
            {
                shell.Terminal.SetStatus();
            }
        }
    }

    /// <summary>Reports what a plan does not contain. Returns the exit code for it.</summary>
    public static ExitCode ShowProblems(ClientShell shell, FtpSyncPlan plan, string verb)
    {
        foreach (FtpMirrorFailure failure in plan.Failures)
        {
            shell.Terminal.ShowError(shell.DescribeError(failure.Exception, $"{verb} {failure.Path}"));
        }

        foreach (IGrouping<string, FtpEntry> folder in plan.UnreadableEntries.GroupBy(entry => entry.Path))
        {
            UnreadableLineWarnings.WriteWarnings(shell, $"{verb} {folder.Key.ToPrintable()}", [.. folder]);
        }

        if (plan.BlockedDeletionReason is { } reason)
        {
            bool isIncomplete = plan.Failures.Count > 0 || plan.UnreadableEntries.Count > 0;
            string entries = FormatCount(plan.BlockedDeletions, "file or folder", "files and folders");
            shell.Terminal.ShowError(new UserError(
                ExitCode.SomeFailed,
                $"{verb}: {entries} not deleted, because {reason}",
                null,
                isIncomplete ? "remove the cause of the errors, and run the command again" : "--max-delete 100%, if this is intended"));
        }

        return plan.Failures.Count > 0 || plan.UnreadableEntries.Count > 0 || plan.BlockedDeletionReason is not null
            ? ExitCode.SomeFailed
            : ExitCode.Success;
    }

    /// <summary>Writes each entry of a plan to standard output.</summary>
    public static void PrintEntries(ClientShell shell, FtpSyncPlan plan)
    {
        bool isDownload = plan.Direction == FtpMirrorDirection.Download;
        foreach (FtpSyncEntry entry in plan.Entries)
        {
            string target = Format(isDownload ? entry.LocalPath : entry.RemotePath);
            shell.Terminal.WriteData(entry.Action switch
            {
                FtpSyncAction.CreateDirectory => $"create    {target}/",
                FtpSyncAction.Add => $"add       {target}",
                FtpSyncAction.Change => $"change    {target}",
                FtpSyncAction.Move => $"move      {Format(entry.MovedFrom!)} -> {target}",
                FtpSyncAction.DeleteFile => $"delete    {target}",
                _ => $"delete    {target}/",
            });
        }

        string Format(string path) => isDownload ? path.ToPrintable() : FtpName.Escape(path);
    }

    /// <summary>Returns the numbers of a plan in one line.</summary>
    public static string FormatCounts(FtpSyncPlan plan)
    {
        List<string> parts = [];
        Add(plan.Count(FtpSyncAction.CreateDirectory), "folder to create", "folders to create");
        Add(plan.Count(FtpSyncAction.Add), "file to add", "files to add");
        Add(plan.Count(FtpSyncAction.Change), "file to change", "files to change");
        Add(plan.Count(FtpSyncAction.Move), "file to move", "files to move");
        Add(plan.Count(FtpSyncAction.DeleteFile), "file to delete", "files to delete");
        Add(plan.Count(FtpSyncAction.DeleteDirectory), "folder to delete", "folders to delete");
        string changes = parts.Count == 0 ? "nothing to do" : string.Join(", ", parts);
        string bytes = plan.Bytes > 0 ? $" ({DisplayFormat.FormatSize(plan.Bytes)} to transfer)" : "";
        parts.Clear();
        Add(plan.Unchanged, "file unchanged", "files unchanged");
        Add(plan.Skipped, "link or device skipped", "links or devices skipped");
        return $"{changes}{bytes}{string.Concat(parts.Select(part => $", {part}"))}";

        void Add(int count, string singular, string plural)
        {
            if (count > 0)
            {
                parts.Add(FormatCount(count, singular, plural));
            }
        }
    }

    /// <summary>Asks the user before deletions.</summary>
    /// <exception cref="UserErrorException">The user does not agree, or there is no terminal and no <c>--force</c>.</exception>
    public static void ConfirmDeletions(ClientShell shell, FtpSyncPlan plan, string verb, bool isForced)
    {
        int files = plan.Count(FtpSyncAction.DeleteFile), folders = plan.Count(FtpSyncAction.DeleteDirectory);
        if (files + folders == 0 || isForced)
        {
            return;
        }

        string counts = $"{FormatCount(files, "file", "files")} and {FormatCount(folders, "folder", "folders")}";
        if (!shell.Terminal.IsInteractive)
        {
            throw new UserErrorException(
                ExitCode.UsageError, $"{verb}: this deletes {counts}, and fts cannot ask without a terminal; nothing was changed",
                "--force to delete them, or --dry-run to print them");
        }

        string place = plan.Direction == FtpMirrorDirection.Download ? plan.LocalDirectory.ToPrintable() : shell.Target.ToString();
        if (shell.AskUser($"Delete {counts} in {place}? [y/N] ") is not ("y" or "yes"))
        {
            throw new UserErrorException(new UserError(ExitCode.Interrupted, $"{verb}: nothing was changed"));
        }
    }

    /// <summary>Executes a plan, shows its progress and reports errors.</summary>
    /// <param name="shell">The session.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="verb">The verb of the command, for messages.</param>
    /// <param name="requireUnchanged">Whether an entry fails if its files have changed since the plan.</param>
    /// <param name="formatRetryCommand">Returns the command that continues after an interruption.</param>
    /// <param name="cancellationToken">Cancels the sync.</param>
    public static async Task<ExitCode> ExecuteAsync(
        ClientShell shell,
        FtpSyncPlan plan,
        string verb,
        bool requireUnchanged,
        Func<string> formatRetryCommand,
        CancellationToken cancellationToken)
    {
        TransferDirection direction =
            plan.Direction == FtpMirrorDirection.Upload ? TransferDirection.Upload : TransferDirection.Download;
        var batch = new TransferBatch(
            shell, direction, file => file.LocalPath, (file, e, _) => shell.DescribeError(e, $"{verb} {file.LocalPath}"));
        FtpTransferOptions options =
            TransferCommands.CreateOptions(shell, ExistingFileAction.Overwrite) with { Type = FtpTransferType.Binary };
        var reported = new HashSet<string>(StringComparer.Ordinal);
        var results = new Dictionary<FtpSyncEntry, FtpSyncEntryResult>(ReferenceEqualityComparer.Instance);
        bool isRetry = false;
        ExitCode code = await batch.TransferAsync(
            plan.Files,
            plan.Bytes,
            options,
            formatRetryCommand,
            async (files, chosen, meter) =>
            {
                var paths = new HashSet<string>(files.Select(file => file.RemotePath), StringComparer.Ordinal);
                FtpSyncPlan part = !isRetry ? plan : plan with
                {
                    Entries = [.. plan.Entries.Where(entry => IsTransfer(entry) && paths.Contains(entry.RemotePath))],
                };
                isRetry = true;
                await RunAsync(part, chosen, new ReportRecorder(meter, reported), meter);
            },
            cancellationToken);
        FtpSyncEntry[] postponed = [.. results.Values.Where(result => result.IsPostponed).Select(result => result.Entry)];
        if (postponed.Length > 0 && results.Values.All(result => result.Exception is null))
        {
            // All failed transfers succeeded when they were repeated.
            await RunAsync(plan with { Entries = postponed }, options, null, null);
        }

        foreach (FtpSyncEntryResult entry in results.Values)
        {
            if (entry.Exception is { } exception && !(IsTransfer(entry.Entry) && reported.Contains(entry.Entry.RemotePath)))
            {
                string path = plan.Direction == FtpMirrorDirection.Download ? entry.Entry.LocalPath : entry.Entry.RemotePath;
                shell.Terminal.ShowError(shell.DescribeError(exception, $"{verb} {path}"));
                code = code == ExitCode.Success ? ExitCode.SomeFailed : code;
            }
        }

        shell.Terminal.WriteMessage($"{batch.Summary}{FormatOutcome([.. results.Values])}");
        return code;

        async Task RunAsync(
            FtpSyncPlan part, FtpTransferOptions chosen, IProgress<FtpBatchResult>? progress, IProgress<FtpProgress>? fileProgress)
        {
            FtpSyncResult result =
                await shell.Client.SyncAsync(part, chosen, requireUnchanged, progress, fileProgress, cancellationToken);
            foreach (FtpSyncEntryResult entry in result.Entries)
            {
                results[entry.Entry] = entry;
            }
        }
    }

    private static bool IsTransfer(FtpSyncEntry entry) => entry.Action is FtpSyncAction.Add or FtpSyncAction.Change;

    private static string FormatOutcome(IReadOnlyList<FtpSyncEntryResult> results)
    {
        string text = "";
        Add(entry => IsDone(entry, FtpSyncAction.CreateDirectory), "folder created", "folders created");
        Add(entry => IsDone(entry, FtpSyncAction.Move), "file moved", "files moved");
        Add(entry => IsDone(entry, FtpSyncAction.DeleteFile), "file deleted", "files deleted");
        Add(entry => IsDone(entry, FtpSyncAction.DeleteDirectory), "folder deleted", "folders deleted");
        Add(entry => entry.HasVanished, "file vanished", "files vanished");
        Add(entry => entry.IsPostponed, "deletion postponed because of the failures", "deletions postponed because of the failures");
        return text;

        static bool IsDone(FtpSyncEntryResult entry, FtpSyncAction action) =>
            entry is { Exception: null, HasVanished: false, IsPostponed: false } && entry.Entry.Action == action;

        void Add(Func<FtpSyncEntryResult, bool> isCounted, string singular, string plural)
        {
            int count = results.Count(isCounted);
            text += count == 0 ? "" : $", {FormatCount(count, singular, plural)}";
        }
    }

    private static string FormatCount(int count, string singular, string plural) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? singular : plural)}");

    /// <summary>Forwards results, and records the failed files, whose errors need no second message.</summary>
    private sealed class ReportRecorder(IProgress<FtpBatchResult> progress, HashSet<string> failed) : IProgress<FtpBatchResult>
    {
        public void Report(FtpBatchResult value)
        {
            if (!value.Succeeded)
            {
                failed.Add(value.File.RemotePath);
            }

            progress.Report(value);
        }
    }
}
