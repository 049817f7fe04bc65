using Fts.Storage.Local.Staging;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local;

/// <summary>
/// The root directory of a local store. Resolves paths with the operating system and never accesses an entry outside the root.
/// </summary>
/// <remarks>
/// All calls are synchronous. <see cref="LocalFileStore"/> chooses the thread, and checks the paths with <see cref="PathRules"/> before
/// each call. A member throws <see cref="StoreException"/> on failure unless its documentation states otherwise.
/// </remarks>
internal interface IRootDirectory : IDisposable
{
    /// <summary>
    /// The kind of the root's file system, or <see cref="FileSystemKind.Other"/> if calls can block for another reason. The default
    /// implementation returns <see cref="FileSystemKind.Other"/>.
    /// </summary>
    FileSystemKind FileSystemKind => FileSystemKind.Other;

    /// <summary>
    /// Returns whether the path of the root still leads to the same directory. The default implementation returns true, for a root that
    /// each call finds by its path.
    /// </summary>
    bool IsAtItsPath() => true;

    /// <summary>Whether names that differ only in case are the same entry (<see cref="CaseSensitivity"/>).</summary>
    bool IgnoresCase { get; }

    /// <summary>
    /// Returns the entry at a path, or null if none exists. A link whose target is missing or outside the root has the kind
    /// <see cref="EntryKind.Other"/>.
    /// </summary>
    FileEntry? GetEntry(StorePath path);

    /// <summary>Returns the entry at a path, or null if none exists. A link is not followed.</summary>
    FileEntry? GetUnfollowedEntry(StorePath path);

    /// <summary>Opens a directory for listing. The caller disposes the reader.</summary>
    IDirectoryReader OpenDirectory(StorePath directory);

    /// <summary>Opens a regular file for reading. The caller disposes the handle. Does not block on a FIFO or a device.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="length">The size of the file in bytes.</param>
    SafeFileHandle OpenRead(StorePath path, out long length);

    /// <summary>
    /// Creates an empty staging file in the directory of the upload's target, or opens the partial upload to resume. If the path is a link,
    /// the upload's target is the target of the link. The caller disposes the staging file.
    /// </summary>
    IStagingFile OpenStagingFile(StorePath path, WriteStart start);

    /// <summary>Returns an uploader's partial upload to a path, or null if none exists or it is being written.</summary>
    PartialUpload? GetPartialUpload(StorePath path, string uploader);

    /// <summary>Discards the partial upload that <see cref="GetPartialUpload"/> returns. Returns false if none exists.</summary>
    bool DiscardPartialUpload(StorePath path, string uploader);

    /// <summary>
    /// Deletes the staging files of the whole tree that no upload is writing and that were last written before a time (UTC). Returns the
    /// number of deleted files. Adds the remaining partial uploads to the index. Completes or undoes the appends of killed processes. Skips
    /// directories that cannot be read.
    /// </summary>
    int SweepPartialUploads(DateTime before, PartialUploadIndex index, CancellationToken cancellationToken);

    /// <summary>
    /// Returns whether an append to the file at this path is unfinished: a session is applying it, or a killed process left it.
    /// </summary>
    bool HasUnfinishedAppend(StorePath path);

    /// <summary>
    /// Completes or undoes the append of a killed process to the file at this path, or waits until another session has done it. Can take a
    /// long time.
    /// </summary>
    void RecoverAppend(StorePath path);

    /// <summary>
    /// Completes or undoes the appends of killed processes to the files of a directory, or waits until other sessions have done it. Can
    /// take a long time.
    /// </summary>
    void RecoverAppendsIn(StorePath directory);

    /// <summary>Returns whether a partial upload exists at this location and is not being written.</summary>
    bool HasPartialUploadAt(in PartialUploadLocation location);

    /// <summary>Discards the partial upload at this location if it exists and is not being written.</summary>
    void DiscardPartialUploadAt(in PartialUploadLocation location);

    /// <summary>Creates a directory. Its parent must exist.</summary>
    void CreateDirectory(StorePath path);

    /// <summary>Creates a symbolic link to an existing file or directory.</summary>
    /// <param name="path">The path of the link.</param>
    /// <param name="target">The path of the file or directory to which the link points.</param>
    /// <param name="text">The text of the link, relative to the directory of the link and without <c>..</c>.</param>
    void CreateLink(StorePath path, StorePath target, string text);

    /// <summary>
    /// Deletes an entry that is not a directory. The target of a link stays. If an uploader is given, the call then discards the uploader's
    /// partial upload to this path.
    /// </summary>
    /// <remarks>If only a partial upload exists, the call discards it and succeeds. A refused call changes nothing.</remarks>
    void DeleteFile(StorePath path, string? uploader);

    /// <summary>Deletes a directory that is empty or contains only partial uploads.</summary>
    void DeleteDirectory(StorePath path);

    /// <summary>Renames a file, directory or link. Replaces an existing target only if <paramref name="replace"/> is true.</summary>
    void Rename(StorePath source, StorePath target, bool replace);

    /// <summary>Sets metadata of a file or directory, following links.</summary>
    void SetMetadata(StorePath path, FileMetadata metadata);

    /// <summary>Flushes the entries of a directory to stable storage. Does nothing if the directory no longer exists.</summary>
    void FlushDirectory(StorePath directory);

    /// <summary>
    /// Returns the SHA-256 that was cached with a file, or null if no hash was cached, the file has changed since <paramref name="file"/>
    /// was read, or hashes cannot be cached.
    /// </summary>
    byte[]? GetCachedHash(StorePath path, in FileEntry file) => null;

    /// <summary>
    /// Caches the SHA-256 of a file that has not changed since <paramref name="hashed"/> was read. Does not report failure.
    /// </summary>
    void CacheHash(StorePath path, in FileEntry hashed, ReadOnlySpan<byte> sha256)
    {
    }

    /// <summary>Returns the number of bytes that this process can still write to the file system of a directory.</summary>
    long GetFreeSpace(StorePath directory);
}
