namespace Fts.Storage;

/// <summary>A storage back end: files and directories, addressed by virtual paths. Implementations are thread-safe.</summary>
/// <remarks>
/// A method throws <see cref="StoreException"/> if the store refuses the call or fails. A method that is documented to return null or false
/// for a missing entry does not throw if the entry is missing.
/// </remarks>
public interface IFileStore
{
    /// <summary>
    /// Whether a call can block the calling thread, for example in a system call or on a lock that another thread holds during a system
    /// call.
    /// </summary>
    /// <remarks>
    /// If this is true, a server runs the calls on other threads, so that a blocked call does not delay other clients. A store that waits
    /// only asynchronously returns false, which saves the change of threads. The default implementation returns true.
    /// </remarks>
    bool CanBlockCaller => true;

    /// <summary>
    /// Returns the form in which a path is compared with other paths. All spellings that the store treats as the same path have the same
    /// form. On a file system that ignores case, <c>/Secret</c> and <c>/SECRET</c> have the same form.
    /// </summary>
    /// <remarks>
    /// The path need not exist. The call does not block. The form is for comparisons only, and can differ from the name of the entry. The
    /// default implementation returns the path, for a store in which different names are different entries.
    /// </remarks>
    StorePath GetComparisonPath(StorePath path) => path;

    /// <summary>Returns the entry at a path, or null if none exists.</summary>
    /// <exception cref="StoreException">
    /// A link before the last component of the path leads outside the store, or the metadata cannot be read.
    /// </exception>
    ValueTask<FileEntry?> GetEntryAsync(StorePath path, CancellationToken cancellationToken);

    /// <summary>
    /// Returns the entry at a path, or null if none exists. If the path is a link, returns the link itself
    /// (<see cref="FileEntry.IsLink"/>) with the kind <see cref="EntryKind.Other"/>.
    /// </summary>
    /// <exception cref="StoreException">As for <see cref="GetEntryAsync"/>.</exception>
    /// <remarks>The default implementation is for stores without links. It calls <see cref="GetEntryAsync"/>.</remarks>
    ValueTask<FileEntry?> GetUnfollowedEntryAsync(StorePath path, CancellationToken cancellationToken) =>
        GetEntryAsync(path, cancellationToken);

    /// <summary>Returns the entries of a directory in no particular order.</summary>
    /// <exception cref="StoreException">The directory does not exist or cannot be read.</exception>
    /// <remarks>The entries are read during the enumeration, so that memory use does not depend on the number of entries.</remarks>
    ValueTask<IAsyncEnumerable<FileEntry>> ListAsync(StorePath directory, CancellationToken cancellationToken);

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="StoreException">The file does not exist, is not a regular file, or cannot be read.</exception>
    ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken);

    /// <summary>
    /// Opens an upload. Its bytes are written to a staging file, which replaces the existing file at <see cref="IFileWriter.CommitAsync"/>.
    /// Before the commit, readers and listings see the existing file, or no file if none exists.
    /// </summary>
    /// <exception cref="StoreException">
    /// The directory does not exist, the path is not a file, the file exists although it must be new
    /// (<see cref="WriteStart.IsCreateOnly"/>), the offset is past the end of the file, or the partial upload that this upload would resume
    /// is being written by another session (<see cref="StoreError.Busy"/>).
    /// </exception>
    /// <remarks>
    /// Several uploads can be open for one path. Each commit replaces the whole file, except for an upload that begins at the end of the
    /// existing file. The staging file of such an upload contains only the new bytes, and its commit appends them to the file.
    /// </remarks>
    ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken);

    /// <summary>Returns the partial upload of an uploader to a path, or null if none exists or a session is writing it.</summary>
    /// <param name="path">The path of the upload.</param>
    /// <param name="uploader">The owner of the partial upload, as in <see cref="WriteStart.Uploader"/>.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    ValueTask<PartialUpload?> GetPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken);

    /// <summary>Discards the partial upload that <see cref="GetPartialUploadAsync"/> returns. Returns false if none exists.</summary>
    ValueTask<bool> DiscardPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes the staging files that no upload is writing and that were last written before a time: expired partial uploads, and files of
    /// a killed process. Also completes or undoes the appends of killed processes.
    /// </summary>
    /// <param name="before">The time, UTC. A staging file that was written at this time or later stays.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The number of deleted files.</returns>
    ValueTask<int> SweepPartialUploadsAsync(DateTime before, CancellationToken cancellationToken);

    /// <summary>Creates a directory.</summary>
    /// <exception cref="StoreException">The parent directory does not exist, or an entry of this name exists.</exception>
    ValueTask CreateDirectoryAsync(StorePath path, CancellationToken cancellationToken);

    /// <summary>Deletes a file or a link. The target of a link stays.</summary>
    /// <exception cref="StoreException">The entry does not exist, is a directory, or cannot be deleted.</exception>
    ValueTask DeleteFileAsync(StorePath path, CancellationToken cancellationToken);

    /// <summary>Deletes a file, and then discards the uploader's partial upload to that path.</summary>
    /// <param name="path">The file.</param>
    /// <param name="uploader">The owner of the partial upload, as in <see cref="WriteStart.Uploader"/>.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="StoreException">The file cannot be deleted, or neither a file nor a partial upload exists.</exception>
    /// <remarks>
    /// If only the partial upload exists, the call discards it and succeeds. If the file cannot be deleted, the partial upload stays.
    /// </remarks>
    async ValueTask DeleteFileAsync(StorePath path, string uploader, CancellationToken cancellationToken)
    {
        StoreException? missing = null;
        try
        {
            await DeleteFileAsync(path, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreException e) when (e.Error == StoreError.NotFound)
        {
            missing = e;
        }

        if (!await DiscardPartialUploadAsync(path, uploader, cancellationToken).ConfigureAwait(false) && missing is not null)
        {
            throw missing;
        }
    }

    /// <summary>Deletes an empty directory, and the partial uploads in it.</summary>
    /// <exception cref="StoreException">
    /// The directory contains an upload in progress or an entry that is not a partial upload (<see cref="StoreError.NotEmpty"/>), or the
    /// directory cannot be deleted. In these cases nothing is deleted.
    /// </exception>
    ValueTask DeleteDirectoryAsync(StorePath path, CancellationToken cancellationToken);

    /// <summary>Renames a file, directory or link.</summary>
    /// <param name="source">The old path.</param>
    /// <param name="target">The new path.</param>
    /// <param name="replace">
    /// True to replace an existing target. If false, an existing target causes <see cref="StoreError.Exists"/>. No other call to the store
    /// can create the target between this check and the rename.
    /// </param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="StoreException">The source does not exist, or the target cannot be replaced.</exception>
    /// <remarks>
    /// The rename is atomic if the file system supports that. If not, the rename takes two steps. One example is a file system that treats
    /// the two names as equal (<c>a</c> and <c>A</c>).
    /// </remarks>
    ValueTask RenameAsync(StorePath source, StorePath target, bool replace, CancellationToken cancellationToken);

    /// <summary>Sets metadata of a file or directory. For a link, the metadata of its target is set.</summary>
    /// <exception cref="StoreException">
    /// The store does not support one of the values (<see cref="StoreError.NotSupported"/>), or the call would set the mode of the root,
    /// which could lock out every client (<see cref="StoreError.Denied"/>). In these cases no value is set.
    /// </exception>
    ValueTask SetMetadataAsync(StorePath path, FileMetadata metadata, CancellationToken cancellationToken);

    /// <summary>Creates a symbolic link to an existing entry in the link's directory or below it.</summary>
    /// <param name="path">The path of the link.</param>
    /// <param name="target">The file or directory to which the link points.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="StoreException">
    /// The target does not exist, the target is not located in the link's directory or below it (<see cref="StoreError.Denied"/>), or the
    /// store does not support links (<see cref="StoreError.NotSupported"/>).
    /// </exception>
    /// <remarks>
    /// The text of the link never contains <c>..</c>. Therefore, no rename of a directory can make the link point outside the store, even
    /// for programs that do not confine paths. The default implementation throws <see cref="StoreError.NotSupported"/>.
    /// </remarks>
    ValueTask CreateLinkAsync(StorePath path, StorePath target, CancellationToken cancellationToken) =>
        throw new StoreException(StoreError.NotSupported, "This store does not support links.");

    /// <summary>
    /// Returns the number of bytes that can still be stored in a directory, or null if the store has no limit or does not report the
    /// number.
    /// </summary>
    ValueTask<long?> GetFreeSpaceAsync(StorePath directory, CancellationToken cancellationToken);

    /// <summary>
    /// Returns the SHA-256 that was cached with a file (<see cref="CacheHashAsync"/>), or null if no hash was cached or the file has
    /// changed since then.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="file">
    /// The entry of the file, as the caller read it before. If the file has changed since then, the result is null.
    /// </param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <remarks>Never computes a hash. The default implementation returns null.</remarks>
    ValueTask<byte[]?> GetCachedHashAsync(StorePath path, FileEntry file, CancellationToken cancellationToken) => default;

    /// <summary>
    /// Caches the SHA-256 of a file until its content changes. The hash stays valid if the file is renamed or its time is set through the
    /// store.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="hashed">The entry of the file, read before the content was hashed and unchanged afterwards.</param>
    /// <param name="sha256">The hash, 32 bytes.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <remarks>
    /// Does not throw if the hash cannot be cached, or if the file has changed since <paramref name="hashed"/> was read. The default
    /// implementation caches nothing.
    /// </remarks>
    ValueTask CacheHashAsync(StorePath path, FileEntry hashed, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken) => default;
}
