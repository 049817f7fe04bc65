using System.Globalization;
using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Transfers;

namespace Fts.Shell.Commands;

/// <summary>
/// The <c>mirror</c> command: transfers missing and changed files of a folder. Removes nothing, unless <c>--delete</c> is given.
/// </summary>
internal static class MirrorOperation
{
    private const string Reverse = "-R", DryRun = "--dry-run", Delete = "--delete";

    /// <summary>The option that removes files and folders without a question.</summary>
    public const string Force = "--force";

    /// <summary>The options of the command in the shell.</summary>
    public static IReadOnlyList<ShellOption> Options { get; } =
    [
        new(Reverse, "upload: SOURCE is the local folder, TARGET the remote folder"),
        new(DryRun, "print what would be transferred or removed"),
        new(Delete, "also remove from TARGET what SOURCE does not have"),
        new(Force, "with --delete: do not ask") { Alias = "-f" },
    ];

    /// <summary><c>mirror [-R] SOURCE [TARGET]</c> mirrors a folder. Without TARGET, the target has the name of the source.</summary>
    public static async Task<ExitCode> MirrorAsync(ClientShell shell, CommandArguments arguments, CancellationToken cancellationToken)
    {
        bool isUpload = arguments.HasOption(Reverse);
        string source = arguments[0].Text.Length > 1 ? arguments[0].Text.TrimEnd('/') : arguments[0].Text;
        string target = arguments.Count > 1 ? arguments[1].Text : RemoteDirectory.GetName(source);
        bool isSafeName = isUpload || new FtpEntry { Path = source, Name = target, Kind = FtpEntryKind.Directory }.IsSafeName;
        if (arguments.Count == 1 && (target is "" or "." or ".." or "~" || !isSafeName))
        {
            throw new UserErrorException(
                ExitCode.UsageError,
                $"mirror {source}: a target is required, because the name of the source cannot be the name of the target",
                $"mirror {arguments[0]} TARGET");
        }

        (string localPath, string remotePath) = isUpload ? (source, target) : (target, source);
        string path = await GetRemotePathAsync(shell, new ShellWord(remotePath), cancellationToken);
        return await RunAsync(
            shell,
            new MirrorRequest(
                isUpload ? FtpMirrorDirection.Upload : FtpMirrorDirection.Download,
                LocalFileFinder.ExpandHome(localPath),
                path,
                FormatRetryCommand)
            {
                IsDryRun = arguments.HasOption(DryRun),
                Deletion = arguments.HasOption(Delete) ? new MirrorDeletion(arguments.HasOption(Force)) : null,
            },
            cancellationToken);

        string FormatRetryCommand() => shell.GetFormatter("mirror", ExitCode.Success) is { SessionCommand.Length: > 0 } formatter
            ? FormatOneShotCommand(
                isUpload, LocalFileFinder.ExpandHome(localPath), shell.Target.FormatUrl(new ShellWord(path)), formatter.Suffix)
            : FormatSessionCommand(isUpload, source, target) + (arguments.HasOption(Delete) ? $" {Delete}" : "");
    }

    /// <summary>
    /// Returns the command that transfers a folder, as advice for a user who passed a folder to <c>put</c> or <c>get</c>.
    /// </summary>
    /// <param name="shell">The session.</param>
    /// <param name="isUpload">Whether the local folder is the source.</param>
    /// <param name="localPath">The local folder.</param>
    /// <param name="path">The path of the remote folder.</param>
    /// <param name="typedName">The remote folder as the user types it in this session.</param>
    public static string FormatCommand(ClientShell shell, bool isUpload, string localPath, string path, string typedName)
    {
        if (shell.GetFormatter("mirror", ExitCode.Success) is { SessionCommand.Length: > 0 } formatter)
        {
            string url = shell.Target.FormatUrl(new ShellWord(path));
            return FormatOneShotCommand(isUpload, LocalFileFinder.ExpandHome(localPath), url, formatter.Options);
        }

        return $"{(isUpload ? "put" : "get")} {TransferCommands.Recursive} {ShellLineParser.Escape(isUpload ? localPath : typedName)}";
    }

    /// <summary>Returns the <c>fts mirror</c> command for the system's shell.</summary>
    /// <param name="isUpload">Whether the local folder is the source.</param>
    /// <param name="localPath">The local folder.</param>
    /// <param name="url">The URL of the remote folder.</param>
    /// <param name="options">The options, each with a space before it.</param>
    public static string FormatOneShotCommand(bool isUpload, string localPath, string url, string options)
    {
        string localText = ShellQuoting.Quote(Path.GetFullPath(localPath)), remoteText = ShellQuoting.Quote(url);
        return $"fts mirror {(isUpload ? localText : remoteText)} {(isUpload ? remoteText : localText)}{options}";
    }

    /// <summary>
    /// Returns the path to send for a remote folder. For the current folder, returns its absolute path. If that path does not start with a
    /// slash, it cannot be joined with names. The result is then an empty path, which means the current folder too.
    /// </summary>
    public static async Task<string> GetRemotePathAsync(ClientShell shell, ShellWord folder, CancellationToken cancellationToken)
    {
        if (folder.Text is "" or ".")
        {
            return await shell.CurrentDirectory.GetPathAsync(shell.Client, cancellationToken) is ['/', ..] path ? path : "";
        }

        return shell.CurrentDirectory.Resolve(folder.Text.Length > 1 ? folder with { Text = folder.Text.TrimEnd('/') } : folder);
    }

    /// <inheritdoc cref="RunAsync(ClientShell, MirrorRequest, CancellationToken)"/>
    public static Task<ExitCode> RunAsync(
        ClientShell shell,
        FtpMirrorDirection direction,
        string localPath,
        string remotePath,
        bool isDryRun,
        Func<string> formatRetryCommand,
        CancellationToken cancellationToken) => RunAsync(
            shell,
            new MirrorRequest(direction, localPath, remotePath, formatRetryCommand) { IsDryRun = isDryRun },
            cancellationToken);

    /// <summary>Plans the mirror, transfers the files and reports the result. A dry run only prints the plan.</summary>
    /// <param name="shell">The session.</param>
    /// <param name="request">The folders and the settings.</param>
    /// <param name="cancellationToken">Cancels the mirror.</param>
    public static async Task<ExitCode> RunAsync(ClientShell shell, MirrorRequest request, CancellationToken cancellationToken)
    {
        FtpMirrorDirection direction = request.Direction;
        FtpMirrorPlan plan = await PlanAsync(shell, direction, request.LocalPath, request.RemotePath, cancellationToken);
        foreach (FtpMirrorFailure failure in plan.Failures)
        {
            shell.Terminal.ShowError(shell.DescribeError(failure.Exception, $"{request.Verb} {failure.Path}"));
        }

        // An unreadable listing line may describe a file, so a download may be incomplete. An upload is not affected.
        ExitCode listingResult = ExitCode.Success;
        foreach (IGrouping<string, FtpEntry> folder in plan.UnreadableEntries.GroupBy(entry => entry.Path))
        {
            listingResult = UnreadableLineWarnings.WriteWarnings(shell, $"{request.Verb} {folder.Key.ToPrintable()}", [.. folder]);
        }

        bool mayMissFiles = listingResult != ExitCode.Success && direction == FtpMirrorDirection.Download;
        ExitCode planResult = plan.Failures.Count > 0 || mayMissFiles ? ExitCode.SomeFailed : ExitCode.Success;
        int unselected = 0;
        if (request.SelectFiles is { } select)
        {
            (IReadOnlyList<FtpBatchFile> files, ExitCode selectResult) = await select(plan.Files, cancellationToken);
            unselected = plan.Files.Count - files.Count;
            plan = plan with { Files = files, Bytes = files.Count == plan.Files.Count ? plan.Bytes : files.Sum(GetLength) };
            planResult = ClientShell.CombineExitCodes(planResult, selectResult);
        }

        // The removals are planned before the transfers, so that their number is part of the dry run and of the question.
        MirrorRemovals? removals = request.Deletion is null
            ? null
            : await MirrorDeletion.PlanAsync(shell, request, plan, cancellationToken);
        if (request.IsDryRun)
        {
            ShowDryRun(shell, plan, GetTransferDirection(direction), removals);
            return planResult;
        }

        if (removals is not null && !request.Deletion!.Confirm(shell, removals))
        {
            throw new UserErrorException(new UserError(ExitCode.Interrupted, $"{request.Verb}: nothing was changed"));
        }

        if (plan.IsEmpty)
        {
            if (removals is not { Count: > 0 })
            {
                shell.Terminal.WriteMessage($"nothing to transfer{FormatOtherCounts(plan, unselected)}");
            }
        }
        else
        {
            planResult = ClientShell.CombineExitCodes(planResult, await TransferAsync(shell, request, plan, unselected, cancellationToken));
        }

        ExitCode removalResult = removals is not null
            ? await removals.RunAsync(shell, planResult, cancellationToken)
            : ExitCode.Success;
        return ClientShell.CombineExitCodes(planResult, removalResult);
    }

    private static async Task<ExitCode> TransferAsync(
        ClientShell shell, MirrorRequest request, FtpMirrorPlan plan, int unselected, CancellationToken cancellationToken)
    {
        var batch = new TransferBatch(
            shell,
            GetTransferDirection(request.Direction),
            file => file.LocalPath,
            (file, e, _) => shell.DescribeError(e, $"{request.Verb} {file.LocalPath}"));
        // ASCII mode would change the lengths of files, so that the next mirror would transfer them again.
        FtpTransferOptions options =
            TransferCommands.CreateOptions(shell, request.ExistingFile ?? shell.TransferSettings.ExistingFile) with
            {
                Type = FtpTransferType.Binary,
            };
        FtpMirrorResult? result = null;
        ExitCode transferResult = await batch.TransferAsync(
            plan.Files,
            plan.Bytes,
            options,
            request.FormatRetryCommand,
            async (files, chosen, meter) =>
            {
                // A repeated call creates the directories again that failed before.
                IReadOnlyList<string> directories =
                    result is null ? plan.Directories : [.. result.Failures.Select(failure => failure.Path)];
                result = await shell.Client.MirrorAsync(
                    plan with { Files = files, Directories = directories }, chosen, meter, cancellationToken);
            },
            cancellationToken);
        foreach (FtpMirrorFailure failure in result!.Failures)
        {
            shell.Terminal.ShowError(shell.DescribeError(failure.Exception, $"{request.Verb} {failure.Path}"));
        }

        string created = FormatCount(plan.Directories.Count - result.Failures.Count, "folder", " created");
        shell.Terminal.WriteMessage($"{batch.Summary}{created}{FormatOtherCounts(plan, unselected)}");
        return ClientShell.CombineExitCodes(result.Failures.Count > 0 ? ExitCode.SomeFailed : ExitCode.Success, transferResult);
    }

    /// <summary>Returns the length of the source of a transfer in bytes, or 0 if it is unknown.</summary>
    private static long GetLength(FtpBatchFile file) =>
        file.SourceEntry?.Length ?? (file.SourceEntry is null && File.Exists(file.LocalPath) ? new FileInfo(file.LocalPath).Length : 0);

    private static TransferDirection GetTransferDirection(FtpMirrorDirection direction) =>
        direction == FtpMirrorDirection.Upload ? TransferDirection.Upload : TransferDirection.Download;

    private static string FormatSessionCommand(bool isUpload, string source, string target) =>
        $"mirror {(isUpload ? $"{Reverse} " : "")}{ShellLineParser.Escape(source)} {ShellLineParser.Escape(target)}";

    private static async Task<FtpMirrorPlan> PlanAsync(
        ClientShell shell, FtpMirrorDirection direction, string localPath, string remotePath, CancellationToken cancellationToken)
    {
        bool showsStatus = shell.Terminal.CanRedraw && shell.Terminal.ProgressMode != "never";
        if (showsStatus)
        {
            shell.Terminal.SetStatus($"comparing {DisplayFormat.Shorten(localPath.ToPrintable(), Terminal.Width - 13)}");
        }

        try
        {
            return await shell.Client.PlanMirrorAsync(localPath, remotePath, direction, cancellationToken);
        }
        finally
        {
            if (showsStatus)
            {
                shell.Terminal.SetStatus();
            }
        }
    }

    private static void ShowDryRun(
        ClientShell shell, FtpMirrorPlan plan, TransferDirection transferDirection, MirrorRemovals? removals)
    {
        foreach (string folder in plan.Directories)
        {
            shell.Terminal.WriteData($"create    {folder.ToPrintable()}/");
        }

        foreach (FtpBatchFile file in plan.Files)
        {
            shell.Terminal.WriteData($"{transferDirection.Verb,-10}{file.LocalPath.ToPrintable()}");
        }

        foreach (string path in removals?.Paths ?? [])
        {
            shell.Terminal.WriteData($"remove    {path.ToPrintable()}");
        }

        string files = $"{DisplayFormat.FormatFiles(plan.Files.Count)} ({DisplayFormat.FormatSize(plan.Bytes)})";
        string folders = FormatCount(plan.Directories.Count, "folder", " to create");
        shell.Terminal.WriteMessage(
            $"dry run, nothing was changed: would {transferDirection.Verb} {files}{folders}{FormatOtherCounts(plan, 0)}"
            + (removals is null ? "" : $"; would remove {removals.Counts}"));
    }

    /// <summary>
    /// Returns the numbers of entries that were not transferred. Each number has a comma before it. Numbers that are 0 are omitted.
    /// </summary>
    private static string FormatOtherCounts(FtpMirrorPlan plan, int unselected) =>
        FormatCount(plan.Unchanged, "file", " unchanged")
        + FormatCount(unselected, "existing file", " kept")
        + FormatCount(plan.Skipped, "link or device", " skipped", "links or devices")
        + FormatCount(plan.Failures.Count, "failure", "")
        + FormatCount(plan.UnreadableEntries.Count, "line", " of unknown format in the server's listing");

    private static string FormatCount(int count, string singular, string suffix, string? plural = null) =>
        count == 0 ? ""
            : string.Create(CultureInfo.InvariantCulture, $", {count} {(count == 1 ? singular : plural ?? singular + "s")}{suffix}");
}
