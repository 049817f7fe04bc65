using System.Collections.Concurrent;
using Fts.Storage.Local.Portable;

namespace Fts.Storage.Local.Staging;

/// <summary>Finds, locks, discards and sweeps the staging files of the portable store, by their real paths.</summary>
/// <remarks>
/// The staging files in use are known only inside this process, because file locks on Windows would block the readers of a file while it is
/// committed. On systems without openat2, two servers that share a directory can therefore open the same staging file.
/// </remarks>
internal static class PortablePartialUploads
{
    private static readonly ConcurrentDictionary<string, bool> s_keysInUse = new(StringComparer.Ordinal);

    /// <summary>Marks a file as in use. Returns false if the file is already in use.</summary>
    /// <param name="key">
    /// The path of a staging file or record, or the key of a committed file (<see cref="PortableAppendDirectory.GetTargetLockKey"/>).
    /// </param>
    public static bool TryAcquire(string key) => s_keysInUse.TryAdd(key, true);

    /// <summary>Marks a file as no longer in use.</summary>
    public static void Release(string key) => s_keysInUse.TryRemove(key, out _);

    /// <summary>Returns whether a staging file exists at a path, or is being created or written there.</summary>
    public static bool ExistsOrIsInUse(string stagingPath) => s_keysInUse.ContainsKey(stagingPath) || Path.Exists(stagingPath);

    /// <summary>Returns an uploader's partial upload to <paramref name="real"/>, or null if none exists or it is being written.</summary>
    public static PartialUpload? Get(string real, string uploader)
    {
        FileEntry? committed = PortableRootDirectory.GetRealEntry(real);
        foreach (PartialUploadName upload in GetPaths(real, uploader, committed))
        {
            if (GetEntry(upload.Name) is { } entry)
            {
                return new PartialUpload(upload.GetBaseOffset(committed) + entry.Length, entry.LastModified);
            }
        }

        return null;
    }

    /// <summary>Returns the entry of the partial upload at a path, or null if none exists or it is being written.</summary>
    public static FileEntry? GetEntry(string stagingPath) =>
        !s_keysInUse.ContainsKey(stagingPath) && PortableRootDirectory.GetRealEntry(stagingPath) is { Kind: EntryKind.File } entry
            ? entry
            : null;

    /// <summary>Returns the path of an uploader's partial upload to <paramref name="real"/>.</summary>
    /// <param name="real">The real path of the target.</param>
    /// <param name="uploader">The uploader.</param>
    /// <param name="continued">The committed file that the upload continues, or null if the upload began empty.</param>
    /// <param name="isAppend">Whether the staging file contains only the bytes after the end of the committed file.</param>
    public static string GetPath(string real, string uploader, FileEntry? continued, bool isAppend) => Path.Combine(
        Path.GetDirectoryName(real)!, StagingNames.GetPartialUploadName(Path.GetFileName(real), uploader, continued, isAppend));

    /// <summary>
    /// Returns the paths at which an uploader's partial upload to <paramref name="real"/> can exist, in the order of
    /// <see cref="StagingNames.GetPartialUploadNames"/>.
    /// </summary>
    public static IEnumerable<PartialUploadName> GetPaths(string real, string uploader, FileEntry? committed) =>
        StagingNames.GetPartialUploadNames(Path.GetFileName(real), uploader, committed is { Kind: EntryKind.File } ? committed : null)
            .Select(upload => upload with { Name = Path.Combine(Path.GetDirectoryName(real)!, upload.Name) });

    /// <summary>Discards an uploader's partial uploads to <paramref name="real"/>. Returns false if none exists.</summary>
    public static bool Discard(string real, string uploader)
    {
        bool isDiscarded = false;
        foreach (PartialUploadName upload in GetPaths(real, uploader, PortableRootDirectory.GetRealEntry(real)))
        {
            isDiscarded |= TryDelete(upload.Name);
        }

        return isDiscarded;
    }

    /// <summary>
    /// Deletes a staging file if it is not being written. Returns whether it was deleted. If <paramref name="before"/> is given (UTC), a
    /// file that was written at that time or later stays.
    /// </summary>
    public static bool TryDelete(string stagingPath, DateTime? before = null)
    {
        if (!TryAcquire(stagingPath))
        {
            return false;
        }

        try
        {
            if (PortableRootDirectory.GetRealEntry(stagingPath) is not { Kind: EntryKind.File } entry || entry.LastModified >= before)
            {
                return false;
            }

            File.Delete(stagingPath);
            return true;
        }
        finally
        {
            Release(stagingPath);
        }
    }

    /// <summary>
    /// Deletes the staging files below a directory that no upload is writing and that were last written before a time (UTC). Returns the
    /// number of deleted files. Completes or undoes the appends of killed processes. Does not follow links, and skips directories that
    /// cannot be read.
    /// </summary>
    /// <param name="directory">The real path of the directory.</param>
    /// <param name="before">The time, UTC.</param>
    /// <param name="reportRemaining">Called with the path and the entry of each partial upload that stays.</param>
    /// <param name="reportUnrecovered">Called for each append that the sweep fails to complete or undo.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public static int Sweep(
        string directory, DateTime before, Action<string, FileEntry> reportRemaining, Action reportUnrecovered,
        CancellationToken cancellationToken)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        int deleted = 0;
        // The records of appends come first, because a recovery needs the staging file, which the sweep may delete.
        IEnumerable<string> stagingPaths = Directory.GetFiles(directory, PathRules.StagingPrefix + "*", options)
            .OrderByDescending(path => StagingNames.IsAppendRecordName(Path.GetFileName(path)));
        foreach (string stagingPath in stagingPaths)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (StagingNames.IsAppendRecordName(Path.GetFileName(stagingPath)))
            {
                if (!PortableAppends.TryRecoverRecord(stagingPath))
                {
                    reportUnrecovered();
                }
            }
            else if (TryDelete(stagingPath, before))
            {
                deleted++;
            }
            else if (GetEntry(stagingPath) is { } entry)
            {
                reportRemaining(stagingPath, entry);
            }
        }

        return deleted;
    }

    /// <summary>
    /// Runs a call that needs an empty directory, after moving the partial uploads of the directory to its parent directory under random
    /// hidden names. If the call succeeds, the partial uploads are deleted. If the call throws, they are moved back.
    /// </summary>
    /// <returns>False, without running the call, if the directory contains any other entry or an upload in progress.</returns>
    public static bool TryRunWithoutPartialUploads(string directory, Action call)
    {
        var uploads = new List<string>();
        foreach (string entry in Directory.EnumerateFileSystemEntries(directory))
        {
            if (!PathRules.IsReserved(Path.GetFileName(entry)))
            {
                return false;
            }

            uploads.Add(entry);
        }

        var acquired = new List<string>(uploads.Count);
        var moved = new List<(string Upload, string TemporaryPath)>(uploads.Count);
        bool isDone = false;
        try
        {
            foreach (string upload in uploads)
            {
                if (!TryAcquire(upload))
                {
                    return false; // an upload in progress
                }

                acquired.Add(upload);
                if (PortableRootDirectory.GetRealEntry(upload) is not { Kind: EntryKind.File })
                {
                    return false;
                }
            }

            foreach (string upload in uploads)
            {
                string temporaryPath = Path.Combine(Path.GetDirectoryName(directory)!, StagingNames.CreateRandom());
                File.Move(upload, temporaryPath);
                moved.Add((upload, temporaryPath));
            }

            call();
            isDone = true;
        }
        finally
        {
            foreach ((string upload, string temporaryPath) in moved)
            {
                DeleteOrMoveBack(upload, temporaryPath, isDone);
            }

            acquired.ForEach(Release);
        }

        return true;
    }

    /// <summary>
    /// Deletes a moved partial upload, or moves it back. Does not throw, because the other partial uploads must be moved back too. A later
    /// sweep deletes a file that could not be moved.
    /// </summary>
    private static void DeleteOrMoveBack(string upload, string temporaryPath, bool shouldDelete)
    {
        try
        {
            // A partial upload is not moved back if a newer one has its name.
            if (shouldDelete || Path.Exists(upload))
            {
                File.Delete(temporaryPath);
            }
            else
            {
                File.Move(temporaryPath, upload);
            }
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            // The caller receives the result of its own call.
        }
    }
}
