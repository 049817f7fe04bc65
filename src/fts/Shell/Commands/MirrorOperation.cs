using System.Globalization;
using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Transfers;

namespace Fts.Shell.Commands;

/// <summary>The command that makes a folder like another: what differs is transferred, nothing is removed.</summary>
internal static class MirrorOperation
{
    private const string Reverse = "-R", DryRun = "--dry-run";

    public static IReadOnlyList<ShellOption> Options { get; } =
    [
        new(Reverse, "from here to the server"),
        new(DryRun, "tell what would be done, and do nothing"),
    ];

    /// <summary><c>mirror [-R] SOURCE [TARGET]</c>.</summary>
    public static async Task<ExitCode> MirrorAsync(ClientShell shell, CommandArguments arguments, CancellationToken cancellationToken)
    {
        bool isUpload = arguments.HasOption(Reverse);
        string source = arguments[0].Text.Length > 1 ? arguments[0].Text.TrimEnd('/') : arguments[0].Text;
        string target = arguments.Count > 1 ? arguments[1].Text : RemoteDirectory.GetName(source);
        if (arguments.Count == 1 && (target is "" or "." or ".." or "~" || (!isUpload && !new FtpEntry { Path = source, Name = target, Kind = FtpEntryKind.Directory }.IsSafeName)))
        {
            throw new UserErrorException(ExitCode.UsageError, $"mirror {source}: where to?", $"mirror {arguments[0]} TARGET");
        }

        (string localPath, string remotePath) = isUpload ? (source, target) : (target, source);
        string path = await GetRemotePathAsync(shell, new ShellWord(remotePath), cancellationToken);
        return await RunAsync(
            shell, isUpload ? FtpMirrorDirection.Upload : FtpMirrorDirection.Download, LocalFileFinder.ExpandHome(localPath), path, arguments.HasOption(DryRun), FormatRetryCommand, cancellationToken);

        string FormatRetryCommand() => shell.GetFormatter("mirror", ExitCode.Success) is { SessionCommand.Length: > 0 } formatter
            ? FormatProgramCommand(isUpload, LocalFileFinder.ExpandHome(localPath), shell.Target.FormatUrl(new ShellWord(path)), formatter.Suffix)
            : $"mirror {(isUpload ? $"{Reverse} " : "")}{ShellLineParser.Escape(source)} {ShellLineParser.Escape(target)}";
    }

    /// <summary>Returns the command that transfers a folder, for a user who named it to <c>put</c> or <c>get</c>.</summary>
    /// <param name="shell">The session.</param>
    /// <param name="isUpload">Whether the server's directory becomes like the local one.</param>
    /// <param name="localPath">The local directory.</param>
    /// <param name="path">The server's directory.</param>
    /// <param name="typedName">The server's directory, as it is typed in this session.</param>
    public static string FormatCommand(ClientShell shell, bool isUpload, string localPath, string path, string typedName) =>
        shell.GetFormatter("mirror", ExitCode.Success) is { SessionCommand.Length: > 0 } formatter
            ? FormatProgramCommand(isUpload, LocalFileFinder.ExpandHome(localPath), shell.Target.FormatUrl(new ShellWord(path)), formatter.Options)
            : $"mirror {(isUpload ? $"{Reverse} {ShellLineParser.Escape(localPath)} {ShellLineParser.Escape(typedName)}" : $"{ShellLineParser.Escape(typedName)} {ShellLineParser.Escape(localPath)}")}";

    /// <summary>Returns the command for the system's shell that mirrors one way or the other.</summary>
    /// <param name="isUpload">Whether the server's directory becomes like the local one.</param>
    /// <param name="localPath">The local directory.</param>
    /// <param name="url">The server's directory.</param>
    /// <param name="options">The options, each with a space before it.</param>
    public static string FormatProgramCommand(bool isUpload, string localPath, string url, string options)
    {
        string localText = ShellQuoting.Quote(Path.GetFullPath(localPath)), remoteText = ShellQuoting.Quote(url);
        return $"fts mirror {(isUpload ? localText : remoteText)} {(isUpload ? remoteText : localText)}{options}";
    }

    /// <summary>Returns the absolute path of a folder, so that the server can identify it. Paths without slashes cannot be joined with names.</summary>
    public static async Task<string> GetRemotePathAsync(ClientShell shell, ShellWord folder, CancellationToken cancellationToken) => folder.Text is "" or "."
        ? await shell.CurrentDirectory.GetPathAsync(shell.Client, cancellationToken) is ['/', ..] path ? path : ""
        : shell.CurrentDirectory.Resolve(folder.Text.Length > 1 ? folder with { Text = folder.Text.TrimEnd('/') } : folder);

    /// <summary>Mirrors one way or the other.</summary>
    /// <param name="shell">The session.</param>
    /// <param name="direction">Which way.</param>
    /// <param name="localPath">The folder here.</param>
    /// <param name="remotePath">The folder there.</param>
    /// <param name="isDryRun">Whether nothing is to be changed.</param>
    /// <param name="formatRetryCommand">The command itself, for who stops it.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<ExitCode> RunAsync(
        ClientShell shell, FtpMirrorDirection direction, string localPath, string remotePath, bool isDryRun, Func<string> formatRetryCommand, CancellationToken cancellationToken)
    {
        FtpMirrorPlan plan = await PlanAsync(shell, direction, localPath, remotePath, cancellationToken);
        foreach (FtpMirrorFailure failure in plan.Failures)
        {
            shell.Terminal.ShowError(shell.DescribeError(failure.Exception, $"mirror {failure.Path}"));
        }

        // A download may be missing the file of such a line. An upload is complete nevertheless.
        ExitCode listingResult = ExitCode.Success;
        foreach (IGrouping<string, FtpEntry> folder in plan.UnreadableEntries.GroupBy(entry => entry.Path))
        {
            listingResult = UnreadableLineWarnings.WriteWarnings(shell, $"mirror {folder.Key.ToPrintable()}", [.. folder]);
        }

        ExitCode planResult = plan.Failures.Count > 0 || (listingResult != ExitCode.Success && direction == FtpMirrorDirection.Download) ? ExitCode.SomeFailed : ExitCode.Success;
        TransferDirection transferDirection = direction == FtpMirrorDirection.Upload ? TransferDirection.Upload : TransferDirection.Download;
        if (isDryRun)
        {
            ShowDryRun(shell, plan, transferDirection);
            return planResult;
        }

        if (plan.IsEmpty)
        {
            shell.Terminal.WriteMessage($"nothing to transfer{FormatRemainder(plan)}");
            return planResult;
        }

        var batch = new TransferBatch(shell, transferDirection, file => file.LocalPath, (file, e, _) => shell.DescribeError(e, $"mirror {file.LocalPath}"));
        // A converted file has another length on the server, so that the next run would transfer it again.
        FtpTransferOptions options = TransferCommands.CreateOptions(shell, shell.TransferSettings.ExistingFile) with { Type = FtpTransferType.Binary };
        FtpMirrorResult? result = null;
        ExitCode transferResult = await batch.TransferAsync(
            plan.Files, plan.Bytes, options, formatRetryCommand, async (files, meter) => result = await shell.Client.MirrorAsync(plan with { Files = files }, options, meter, cancellationToken), cancellationToken);
        foreach (FtpMirrorFailure failure in result!.Failures)
        {
            shell.Terminal.ShowError(shell.DescribeError(failure.Exception, $"mirror {failure.Path}"));
        }

        shell.Terminal.WriteMessage($"{batch.Summary}{FormatCount(plan.Directories.Count - result.Failures.Count, "folder", " made")}{FormatRemainder(plan)}");
        return ClientShell.CombineExitCodes(planResult, result.Failures.Count > 0 ? ExitCode.SomeFailed : ExitCode.Success, transferResult);
    }

    private static async Task<FtpMirrorPlan> PlanAsync(ClientShell shell, FtpMirrorDirection direction, string localPath, string remotePath, CancellationToken cancellationToken)
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

    private static void ShowDryRun(ClientShell shell, FtpMirrorPlan plan, TransferDirection transferDirection)
    {
        foreach (string folder in plan.Directories)
        {
            shell.Terminal.WriteData($"make      {folder.ToPrintable()}/");
        }

        foreach (FtpBatchFile file in plan.Files)
        {
            shell.Terminal.WriteData($"{(transferDirection == TransferDirection.Upload ? "upload    " : "download  ")}{file.LocalPath.ToPrintable()}");
        }

        shell.Terminal.WriteMessage($"dry run, nothing was changed; would be {transferDirection.PastVerb}: {DisplayFormat.FormatFiles(plan.Files.Count)} ({DisplayFormat.FormatSize(plan.Bytes)}){FormatCount(plan.Directories.Count, "folder", " to create")}{FormatRemainder(plan)}");
    }

    private static string FormatRemainder(FtpMirrorPlan plan) =>
        FormatCount(plan.Unchanged, "file", " unchanged") + FormatCount(plan.Skipped, "link or device", " skipped", "links and devices") + FormatCount(plan.Failures.Count, "failure", "") +
        FormatCount(plan.UnreadableEntries.Count, "line", " of unknown format in the server's listing");

    private static string FormatCount(int count, string singular, string suffix, string? plural = null) =>
        count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {count} {(count == 1 ? singular : plural ?? singular + "s")}{suffix}");
}
