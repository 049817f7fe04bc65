using System.Globalization;
using Fts.Cli;
using Fts.Client;
using Fts.Transfers;

namespace Fts.Shell.Commands;

/// <summary>Finds what a mirror with <c>--delete</c> removes: the entries of the target that the source does not have.</summary>
/// <remarks>
/// Nothing is removed if the source has no files, if a folder of either side cannot be listed completely, or if a transfer failed. In these
/// cases, entries may seem to be missing that exist.
/// </remarks>
/// <param name="isForced">Whether to remove entries without a question.</param>
internal sealed class MirrorDeletion(bool isForced)
{
    /// <summary>Returns the removals. They are empty if a guard forbids them.</summary>
    /// <param name="shell">The session.</param>
    /// <param name="request">The folders.</param>
    /// <param name="plan">The plan of the transfers.</param>
    /// <param name="cancellationToken">Cancels the listings.</param>
    public static async Task<MirrorRemovals> PlanAsync(
        ClientShell shell, MirrorRequest request, FtpMirrorPlan plan, CancellationToken cancellationToken)
    {
        if (plan.Failures.Count > 0 || plan.UnreadableEntries.Count > 0)
        {
            return MirrorRemovals.Refuse("a folder was not listed completely");
        }

        if (plan.Files.Count + plan.Unchanged == 0)
        {
            return MirrorRemovals.Refuse("the source has no files");
        }

        // The plan of the opposite direction contains the entries that the source lacks, and also changed files, which both sides have.
        bool isUpload = request.Direction == FtpMirrorDirection.Upload;
        if (!isUpload && !Directory.Exists(request.LocalPath))
        {
            return new MirrorRemovals(isUpload, [], []);
        }

        FtpMirrorPlan opposite = await shell.Client.PlanMirrorAsync(
            request.LocalPath,
            request.RemotePath,
            isUpload ? FtpMirrorDirection.Download : FtpMirrorDirection.Upload,
            cancellationToken);
        if (opposite.Failures.Count > 0 || opposite.UnreadableEntries.Count > 0)
        {
            return MirrorRemovals.Refuse("the target was not listed completely");
        }

        var files = new List<string>();
        HashSet<string> transferred = [.. plan.Files.Select(file => file.RemotePath)];
        foreach (FtpBatchFile file in opposite.Files.Where(file => !transferred.Contains(file.RemotePath)))
        {
            bool isInSource = isUpload
                ? File.Exists(file.LocalPath)
                : await shell.Client.GetEntryAsync(file.RemotePath, cancellationToken) is not null;
            if (!isInSource)
            {
                files.Add(isUpload ? file.RemotePath : file.LocalPath);
            }
        }

        string[] folders = [.. opposite.Directories.Reverse().Select(folder => GetTargetPath(request, folder))];
        return new MirrorRemovals(isUpload, files, folders);
    }

    /// <summary>Asks the user before entries are removed. Returns whether the mirror runs.</summary>
    /// <exception cref="UserErrorException">The user cannot be asked.</exception>
    public bool Confirm(ClientShell shell, MirrorRemovals removals)
    {
        if (removals.Count == 0 || isForced)
        {
            return true;
        }

        return shell.CanAsk
            ? shell.AskUser($"{removals.Description}. Remove {(removals.Count == 1 ? "it" : "them")}? [y/N] ") is "y" or "yes"
            : throw new UserErrorException(
                ExitCode.UsageError,
                $"mirror: {removals.Description}, and fts cannot ask without a terminal; nothing was changed",
                "--force to remove them, or --dry-run to print them");
    }

    /// <summary>Returns the path in the target of a folder that the opposite plan would create in the source.</summary>
    private static string GetTargetPath(MirrorRequest request, string sourcePath)
    {
        if (request.Direction == FtpMirrorDirection.Upload)
        {
            string relative = Path.GetRelativePath(request.LocalPath, sourcePath).Replace(Path.DirectorySeparatorChar, '/');
            return request.RemotePath.Length == 0 ? relative : $"{request.RemotePath.TrimEnd('/')}/{relative}";
        }

        string below = sourcePath[request.RemotePath.Length..].TrimStart('/');
        return Path.Combine(request.LocalPath, below);
    }
}

/// <summary>The files and folders that a mirror removes from its target.</summary>
/// <param name="isRemote">Whether the target is on the server.</param>
/// <param name="files">The paths of the files.</param>
/// <param name="folders">The paths of the folders. A folder follows the folders in it.</param>
internal sealed class MirrorRemovals(bool isRemote, IReadOnlyList<string> files, IReadOnlyList<string> folders)
{
    private string? _refusal;

    /// <summary>The number of files and folders.</summary>
    public int Count => files.Count + folders.Count;

    /// <summary>The paths in the order of their removal. The path of a folder ends with a slash.</summary>
    public IEnumerable<string> Paths => files.Concat(folders.Select(folder => $"{folder}/"));

    /// <summary>The numbers of files and folders: <c>2 files and 1 folder</c>.</summary>
    public string Counts
    {
        get
        {
            string folderText = string.Create(CultureInfo.InvariantCulture, $"{folders.Count} folder{(folders.Count == 1 ? "" : "s")}");
            return (files.Count, folders.Count) switch
            {
                (_, 0) => DisplayFormat.FormatFiles(files.Count),
                (0, _) => folderText,
                _ => $"{DisplayFormat.FormatFiles(files.Count)} and {folderText}",
            };
        }
    }

    /// <summary>The removals in one sentence, without the full stop.</summary>
    public string Description =>
        $"{Counts} {(isRemote ? "on the server" : "in the local folder")} {(Count == 1 ? "is" : "are")} missing in the source";

    /// <summary>Returns no removals, because of a guard.</summary>
    /// <param name="reason">The reason.</param>
    public static MirrorRemovals Refuse(string reason) => new(false, [], []) { _refusal = reason };

    /// <summary>Removes the entries, and reports how many were removed.</summary>
    /// <param name="shell">The session.</param>
    /// <param name="transferResult">The exit code of the transfers. After a failure, nothing is removed.</param>
    /// <param name="cancellationToken">Cancels the removal.</param>
    public async Task<ExitCode> RunAsync(ClientShell shell, ExitCode transferResult, CancellationToken cancellationToken)
    {
        string? refusal = _refusal ?? (transferResult != ExitCode.Success && Count > 0 ? "a file was not transferred" : null);
        if (refusal is not null)
        {
            shell.Terminal.ShowError(new UserError(ExitCode.SomeFailed, $"mirror --delete: nothing was removed, because {refusal}"));
            return ExitCode.SomeFailed;
        }

        if (Count == 0)
        {
            return ExitCode.Success;
        }

        int removed = 0;
        ExitCode fileResult = await shell.ForEachAsync("remove", files, RemoveFileAsync, cancellationToken, isPartOfBatch: true);
        ExitCode folderResult = await shell.ForEachAsync("remove", folders, RemoveFolderAsync, cancellationToken, isPartOfBatch: true);
        shell.Terminal.WriteMessage(string.Create(CultureInfo.InvariantCulture, $"removed {removed} of {Counts}"));
        return ClientShell.CombineExitCodes(fileResult, folderResult);

        async Task RemoveFileAsync(string path, CancellationToken cancel)
        {
            if (isRemote)
            {
                await shell.Client.DeleteFileAsync(path, cancel);
            }
            else
            {
                File.Delete(path);
            }

            removed++;
        }

        async Task RemoveFolderAsync(string path, CancellationToken cancel)
        {
            if (isRemote)
            {
                await shell.Client.DeleteDirectoryAsync(path, cancel);
            }
            else
            {
                Directory.Delete(path);
            }

            removed++;
        }
    }
}
