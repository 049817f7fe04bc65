using System.Globalization;
using Fts.Protocol;

namespace Fts.Client.Sync;

/// <summary>Moves and deletes files in the target of a sync: on the server for an upload, locally for a download.</summary>
internal sealed class SyncTarget(FtpClient client, FtpSyncPlan plan)
{
    private readonly HashSet<string> _createdDirectories = new(StringComparer.Ordinal);
    private readonly string _stamp =
        client.Options.TimeProvider.GetUtcNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);

    private bool IsDownload => plan.Direction == FtpMirrorDirection.Download;

    /// <summary>Renames a file to its new path, and sets the time of the source. Returns false if the file is missing.</summary>
    /// <exception cref="FtpTargetExistsException">Another file has the new path.</exception>
    public async Task<bool> MoveAsync(FtpSyncEntry entry, CancellationToken cancellationToken)
    {
        string target = GetPath(entry);
        if (IsDownload)
        {
            File.Move(entry.MovedFrom!, target);
        }
        else
        {
            await client.RenameAsync(entry.MovedFrom!, target, overwrite: false, cancellationToken).ConfigureAwait(false);
        }

        if (entry.Source?.LastModified is { } time && !SyncStates.AreEqual(entry.Source, entry.Target))
        {
            if (IsDownload)
            {
                File.SetLastWriteTimeUtc(target, time.UtcDateTime);
            }
            else
            {
                await client.SetLastModifiedAsync(target, time, cancellationToken).ConfigureAwait(false);
            }
        }

        return true;
    }

    /// <summary>Deletes a file or an empty directory, or moves the file into the trash. Returns false if it is missing.</summary>
    public async Task<bool> DeleteAsync(FtpSyncEntry entry, CancellationToken cancellationToken)
    {
        string path = GetPath(entry);
        bool isFile = entry.Action == FtpSyncAction.DeleteFile;
        if (IsDownload)
        {
            if (!Path.Exists(path))
            {
                return false;
            }

            if (!isFile)
            {
                Directory.Delete(path);
            }
            else if (plan.Trash is null)
            {
                File.Delete(path);
            }
            else
            {
                await MoveToTrashAsync(entry, cancellationToken).ConfigureAwait(false);
            }

            return true;
        }

        try
        {
            await (!isFile
                ? client.DeleteDirectoryAsync(path, cancellationToken)
                : plan.Trash is null
                    ? client.DeleteFileAsync(path, cancellationToken)
                    : MoveToTrashAsync(entry, cancellationToken)).ConfigureAwait(false);
            return true;
        }
        catch (FtpReplyException e) when (e.Reply.Code == FtpReplyCode.FileUnavailable)
        {
            if (await IsMissingOnServerAsync(path, cancellationToken).ConfigureAwait(false))
            {
                return false;
            }

            throw;
        }
    }

    /// <summary>Moves a file of the target into the trash, into a directory named after the time of this sync.</summary>
    public async Task MoveToTrashAsync(FtpSyncEntry entry, CancellationToken cancellationToken)
    {
        (string path, string kept) = (GetPath(entry), GetTrashPath(entry));
        if (IsDownload)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(kept)!);
            File.Move(path, kept, overwrite: true);
            return;
        }

        await CreateRemoteDirectoryAsync(RemotePath.GetParent(kept), cancellationToken).ConfigureAwait(false);
        await client.RenameAsync(path, kept, overwrite: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>After a failed transfer, moves the replaced file back from the trash. Does nothing if that is not possible.</summary>
    public async Task RestoreAsync(FtpSyncEntry entry, CancellationToken cancellationToken)
    {
        if (plan.Trash is null || entry.Action != FtpSyncAction.Change)
        {
            return;
        }

        try
        {
            (string path, string kept) = (GetPath(entry), GetTrashPath(entry));
            if (IsDownload)
            {
                File.Move(kept, path);
            }
            else
            {
                await client.RenameAsync(kept, path, overwrite: false, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is FtpException or IOException or UnauthorizedAccessException)
        {
            // The file stays in the trash. The failed transfer is reported.
        }
    }

    /// <summary>Returns whether a path does not exist on the server. Returns false if the server does not report it.</summary>
    public async Task<bool> IsMissingOnServerAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetEntryAsync(path, cancellationToken).ConfigureAwait(false) is null;
        }
        catch (FtpException)
        {
            return false;
        }
    }

    private string GetPath(FtpSyncEntry entry) => IsDownload ? entry.LocalPath : entry.RemotePath;

    private string GetTrashPath(FtpSyncEntry entry)
    {
        if (IsDownload)
        {
            return Path.Combine(plan.Trash!, _stamp, Path.GetRelativePath(plan.LocalDirectory, entry.LocalPath));
        }

        string relative = entry.RemotePath.StartsWith(plan.RemoteDirectory, StringComparison.Ordinal)
            ? entry.RemotePath[plan.RemoteDirectory.Length..].TrimStart('/')
            : entry.RemotePath.TrimStart('/');
        return RemotePath.Join(RemotePath.Join(plan.Trash!, _stamp), relative);
    }

    private async Task CreateRemoteDirectoryAsync(string path, CancellationToken cancellationToken)
    {
        if (path.Trim('/').Length == 0 || !_createdDirectories.Add(path))
        {
            return;
        }

        await CreateRemoteDirectoryAsync(RemotePath.GetParent(path), cancellationToken).ConfigureAwait(false);
        try
        {
            await client.CreateDirectoryAsync(path, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpReplyException)
        {
            // The directory exists, or the rename into it fails and reports the reason.
        }
    }
}
