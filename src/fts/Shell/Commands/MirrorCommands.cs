using System.Globalization;
using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Transfers;

namespace Fts.Shell.Commands;

/// <summary>The command that makes a folder like another: what differs is transferred, nothing is removed.</summary>
internal static class MirrorCommands
{
    private const string Reverse = "-R", DryRun = "--dry-run";

    public static IReadOnlyList<ShellOption> Options { get; } =
    [
        new(Reverse, "from here to the server"),
        new(DryRun, "tell what would be done, and do nothing"),
    ];

    /// <summary><c>mirror [-R] SOURCE [TARGET]</c>.</summary>
    public static async Task<ExitCode> MirrorAsync(ClientShell shell, Arguments words, CancellationToken cancellationToken)
    {
        bool isUpload = words.Has(Reverse);
        string source = words[0].Text.Length > 1 ? words[0].Text.TrimEnd('/') : words[0].Text;
        string target = words.Count > 1 ? words[1].Text : RemoteFolder.NameOf(source);
        if (words.Count == 1 && (target is "" or "." or ".." or "~" || (!isUpload && !new FtpEntry { Path = source, Name = target, Kind = FtpEntryKind.Directory }.IsSafeName)))
        {
            throw new FailureException(ExitCode.Usage, $"mirror {source}: where to?", $"mirror {words[0]} TARGET");
        }

        (string local, string remote) = isUpload ? (source, target) : (target, source);
        string path = await PathAsync(shell, new Word(remote), cancellationToken);
        return await RunAsync(
            shell, isUpload ? FtpMirrorDirection.Upload : FtpMirrorDirection.Download, LocalNames.Home(local), path, words.Has(DryRun), Again, cancellationToken);

        string Again() => shell.WordingOf("mirror", ExitCode.Done) is { Session.Length: > 0 } outside
            ? OutsideCommand(isUpload, LocalNames.Home(local), shell.Target.UrlOf(new Word(path)), outside.After)
            : $"mirror {(isUpload ? $"{Reverse} " : "")}{Words.Escape(source)} {Words.Escape(target)}";
    }

    /// <summary>Returns the command that transfers a folder, for a user who named it to <c>put</c> or <c>get</c>.</summary>
    /// <param name="shell">The session.</param>
    /// <param name="isUpload">Whether the server's directory becomes like the local one.</param>
    /// <param name="local">The local directory.</param>
    /// <param name="path">The server's directory.</param>
    /// <param name="typed">The server's directory, as it is typed in this session.</param>
    public static string CommandFor(ClientShell shell, bool isUpload, string local, string path, string typed) =>
        shell.WordingOf("mirror", ExitCode.Done) is { Session.Length: > 0 } outside
            ? OutsideCommand(isUpload, LocalNames.Home(local), shell.Target.UrlOf(new Word(path)), outside.Options)
            : $"mirror {(isUpload ? $"{Reverse} {Words.Escape(local)} {Words.Escape(typed)}" : $"{Words.Escape(typed)} {Words.Escape(local)}")}";

    /// <summary>Returns the command for the system's shell that mirrors one way or the other.</summary>
    /// <param name="isUpload">Whether the server's directory becomes like the local one.</param>
    /// <param name="local">The local directory.</param>
    /// <param name="url">The server's directory.</param>
    /// <param name="options">The options, each with a space before it.</param>
    public static string OutsideCommand(bool isUpload, string local, string url, string options)
    {
        string here = ShellQuoting.Quote(Path.GetFullPath(local)), there = ShellQuoting.Quote(url);
        return $"fts mirror {(isUpload ? here : there)} {(isUpload ? there : here)}{options}";
    }

    /// <summary>Returns the absolute path of a folder, so that the server can identify it. Paths without slashes cannot be joined with names.</summary>
    public static async Task<string> PathAsync(ClientShell shell, Word folder, CancellationToken cancellationToken) => folder.Text is "" or "."
        ? await shell.Folder.GetAsync(shell.Client, cancellationToken) is ['/', ..] path ? path : ""
        : shell.Folder.Resolve(folder.Text.Length > 1 ? folder with { Text = folder.Text.TrimEnd('/') } : folder);

    /// <summary>Mirrors one way or the other.</summary>
    /// <param name="shell">The session.</param>
    /// <param name="direction">Which way.</param>
    /// <param name="local">The folder here.</param>
    /// <param name="remote">The folder there.</param>
    /// <param name="isDryRun">Whether nothing is to be changed.</param>
    /// <param name="again">The command itself, for who stops it.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<ExitCode> RunAsync(
        ClientShell shell, FtpMirrorDirection direction, string local, string remote, bool isDryRun, Func<string> again, CancellationToken cancellationToken)
    {
        FtpMirrorPlan plan = await PlanAsync(shell, direction, local, remote, cancellationToken);
        foreach (FtpMirrorFailure failure in plan.Failures)
        {
            shell.Terminal.Show(shell.Explain(failure.Exception, $"mirror {failure.Path}"));
        }

        // A download may be missing the file of such a line. An upload is complete nevertheless.
        ExitCode listed = ExitCode.Done;
        foreach (IGrouping<string, FtpEntry> folder in plan.UnreadableEntries.GroupBy(entry => entry.Path))
        {
            listed = UnreadableLines.Warn(shell, $"mirror {folder.Key.ToPrintable()}", [.. folder]);
        }

        ExitCode planned = plan.Failures.Count > 0 || (listed != ExitCode.Done && direction == FtpMirrorDirection.Download) ? ExitCode.SomeFailed : ExitCode.Done;
        TransferWay way = direction == FtpMirrorDirection.Upload ? TransferWay.Up : TransferWay.Down;
        if (isDryRun)
        {
            Tell(shell, plan, way);
            return planned;
        }

        if (plan.IsEmpty)
        {
            shell.Terminal.Say($"nothing to transfer{Rest(plan)}");
            return planned;
        }

        var many = new ManyTransfers(shell, way, file => file.LocalPath, (file, e, _) => shell.Explain(e, $"mirror {file.LocalPath}"));
        // A converted file has another length on the server, so that the next run would transfer it again.
        FtpTransferOptions options = TransferCommands.Options(shell, shell.Transfers.IfThere) with { Type = FtpTransferType.Binary };
        FtpMirrorResult? result = null;
        ExitCode transferred = await many.TransferAsync(
            plan.Files, plan.Bytes, options, again, async (files, meter) => result = await shell.Client.MirrorAsync(plan with { Files = files }, options, meter, cancellationToken), cancellationToken);
        foreach (FtpMirrorFailure failure in result!.Failures)
        {
            shell.Terminal.Show(shell.Explain(failure.Exception, $"mirror {failure.Path}"));
        }

        shell.Terminal.Say($"{many.Summary}{Count(plan.Directories.Count - result.Failures.Count, "folder", " made")}{Rest(plan)}");
        return ClientShell.Worst(planned, result.Failures.Count > 0 ? ExitCode.SomeFailed : ExitCode.Done, transferred);
    }

    private static async Task<FtpMirrorPlan> PlanAsync(ClientShell shell, FtpMirrorDirection direction, string local, string remote, CancellationToken cancellationToken)
    {
        bool shows = shell.Terminal.CanRedraw && shell.Terminal.Progress != "never";
        if (shows)
        {
            shell.Terminal.Status($"comparing {Amounts.Fit(local.ToPrintable(), Terminal.Width - 13)}");
        }

        try
        {
            return await shell.Client.PlanMirrorAsync(local, remote, direction, cancellationToken);
        }
        finally
        {
            if (shows)
            {
                shell.Terminal.Status();
            }
        }
    }

    private static void Tell(ClientShell shell, FtpMirrorPlan plan, TransferWay way)
    {
        foreach (string folder in plan.Directories)
        {
            shell.Terminal.Data($"make      {folder.ToPrintable()}/");
        }

        foreach (FtpBatchFile file in plan.Files)
        {
            shell.Terminal.Data($"{(way == TransferWay.Up ? "upload    " : "download  ")}{file.LocalPath.ToPrintable()}");
        }

        shell.Terminal.Say($"dry run, nothing was changed; would be {way.Done}: {Amounts.Files(plan.Files.Count)} ({Amounts.Size(plan.Bytes)}){Count(plan.Directories.Count, "folder", " to create")}{Rest(plan)}");
    }

    private static string Rest(FtpMirrorPlan plan) =>
        Count(plan.Unchanged, "file", " unchanged") + Count(plan.Skipped, "link or device", " skipped", "links and devices") + Count(plan.Failures.Count, "failure", "") +
        Count(plan.UnreadableEntries.Count, "line", " of unknown format in the server's listing");

    private static string Count(int number, string one, string what, string? many = null) =>
        number == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {number} {(number == 1 ? one : many ?? one + "s")}{what}");
}
