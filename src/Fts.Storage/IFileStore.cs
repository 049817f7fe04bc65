using Microsoft.Win32.SafeHandles;

namespace Fts.Storage;

/// <summary>
/// Files and folders by virtual path. Every member throws <see cref="StoreException"/> and nothing else for what the store refuses; absence where a
/// caller may ask is null. Safe for use by several callers at once.
/// </summary>
public interface IFileStore
{
    /// <summary>What is at a path, or null.</summary>
    ValueTask<FileEntry?> GetEntryAsync(StorePath path, CancellationToken cancellationToken);

    /// <summary>The entries of a folder in no order, read as they are asked for: memory does not grow with the folder. Whether there is such a folder is known when this returns.</summary>
    ValueTask<IAsyncEnumerable<FileEntry>> ListAsync(StorePath directory, CancellationToken cancellationToken);

    /// <summary>Opens a file for reading.</summary>
    ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken);

    /// <summary>
    /// Opens a pending file for writing: readers and listings see what was there before, or nothing, until <see cref="IFileWriter.CommitAsync"/>.
    /// Several may be open for one name; the last commit wins whole. Continuing an upload that another caller is writing is <see cref="StoreError.Busy"/>.
    /// </summary>
    ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken);

    /// <summary>What an upload of this uploader's and name that broke off left to be continued (<see cref="IFileWriter.KeepPartialUploadAsync"/>), or null; null too while it is written.</summary>
    ValueTask<PartialUpload?> GetPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken);

    /// <summary>Removes what <see cref="GetPartialUploadAsync"/> finds; false where there is nothing.</summary>
    ValueTask<bool> DiscardPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken);

    /// <summary>Removes pending files that nobody writes and that were last written before a time: uploads kept and never continued, and what a killed process left.</summary>
    /// <param name="before">The time, UTC.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <returns>How many there were.</returns>
    ValueTask<int> SweepPartialUploadsAsync(DateTime before, CancellationToken cancellationToken);

    /// <summary>Makes a folder; its parent must exist.</summary>
    ValueTask CreateDirectoryAsync(StorePath path, CancellationToken cancellationToken);

    /// <summary>Removes a file; a link is removed itself, not what it leads to.</summary>
    ValueTask DeleteFileAsync(StorePath path, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes a file and then discards the uploader's partial upload to that name. If only the partial upload exists, it alone is discarded. If the file
    /// cannot be deleted, the partial upload stays.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="uploader">The owner of the partial upload, as in <see cref="WriteStart.Uploader"/>.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="StoreException"><see cref="StoreError.NotFound"/>: neither a file nor a partial upload exists.</exception>
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

    /// <summary>
    /// Removes an empty folder, and the partial uploads in it. If the folder contains anything else, or an upload in progress, nothing is
    /// removed.
    /// </summary>
    ValueTask DeleteDirectoryAsync(StorePath path, CancellationToken cancellationToken);

    /// <summary>Renames a file or folder in one step, but for another spelling of its own name on file systems that take both for one. Without <paramref name="replace"/> an existing <paramref name="target"/> is refused (<see cref="StoreError.Exists"/>) without a race.</summary>
    ValueTask RenameAsync(StorePath source, StorePath target, bool replace, CancellationToken cancellationToken);

    /// <summary>
    /// Sets facts of a file or folder; of a link, those of what it leads to. <see cref="StoreError.NotSupported"/> where the store does not keep one of
    /// them; then none is set. Setting the mode of the top folder is refused with <see cref="StoreError.Denied"/>, because it could lock
    /// out every client.
    /// </summary>
    ValueTask SetMetadataAsync(StorePath path, FileMetadata metadata, CancellationToken cancellationToken);

    /// <summary>
    /// Makes a symbolic link. It can lead only to what is there, beside the link or below it: its text then holds no <c>..</c>, and no renaming of folders can
    /// make it lead out of the store, not even for programs that know no such bound. Anything else is <see cref="StoreError.Denied"/>;
    /// <see cref="StoreError.NotSupported"/> where the store has no links, which is what one answers that does not implement this.
    /// </summary>
    /// <param name="path">The link's name.</param>
    /// <param name="target">What it leads to, a file or folder; its path begins with that of the link's folder.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    ValueTask CreateLinkAsync(StorePath path, StorePath target, CancellationToken cancellationToken) =>
        throw new StoreException(StoreError.NotSupported, "This store has no links.");

    /// <summary>Bytes that can still be stored in a folder; null where there is no telling.</summary>
    ValueTask<long?> GetFreeSpaceAsync(StorePath directory, CancellationToken cancellationToken);

    /// <summary>
    /// The SHA-256 remembered with a file (<see cref="CacheHashAsync"/>); null where none is, or where the file was changed
    /// since. Never computed: quick on every store, and null on one that does not implement this.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="file">What the caller saw there: the hash is that of this content, or null.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    ValueTask<byte[]?> GetCachedHashAsync(StorePath path, FileEntry file, CancellationToken cancellationToken) => default;

    /// <summary>
    /// Remembers a file's SHA-256 with it, as long as its content stays: a new name and a new time set through the store take it along, a copy or another content
    /// has none. It is a note, and never refused: nothing is remembered where the store cannot, or where the file is not any more what was hashed.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="hashed">What was there before and after it was read.</param>
    /// <param name="sha256">32 bytes.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    ValueTask CacheHashAsync(StorePath path, FileEntry hashed, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken) => default;
}

/// <summary>What a pending file starts from, and whether it can be continued one day.</summary>
public readonly record struct WriteStart
{
    private WriteStart(long? offset, bool keepsContent, bool createOnly) => (Offset, ShouldKeepContent, IsCreateOnly) = (offset, keepsContent, createOnly);

    /// <summary>Where the caller's first byte belongs; null for the end of the file that is continued.</summary>
    public long? Offset { get; }

    /// <summary>The pending file begins as a copy of the committed one, not empty.</summary>
    public bool ShouldKeepContent { get; }

    /// <summary>Opening refuses (<see cref="StoreError.Exists"/>) a name that is taken, before a byte is sent; the commit, without a race, one that is taken by then.</summary>
    public bool IsCreateOnly { get; init; }

    /// <summary>
    /// Whose upload it is; null where it is none. An upload is left by <see cref="IFileWriter.KeepPartialUploadAsync"/>, and by a killed process, to be continued by the same
    /// uploader and nobody else: <see cref="Append"/> and <see cref="FromOffset"/> go on with what one that broke off has left under this name, where there is something,
    /// in place of the committed file; <see cref="Replace"/> and <see cref="Create"/> give it up. What began as a copy of the committed file is continued only
    /// while that is the same.
    /// </summary>
    public string? Uploader { get; init; }

    /// <summary>An empty file that replaces what is there (STOR).</summary>
    public static WriteStart Replace => new(0, false, false);

    /// <summary>An empty file that must be new (STOU).</summary>
    public static WriteStart Create => new(0, false, true);

    /// <summary>The end of the committed file, or an empty one where there is none (APPE).</summary>
    public static WriteStart Append => new(null, true, false);

    /// <summary>This start, of an upload that its uploader can continue one day.</summary>
    /// <param name="uploader">Any text that tells the uploader from others, the same each time.</param>
    public WriteStart WithUploader(string uploader) => this with { Uploader = uploader };

    /// <summary>
    /// The committed file, overwritten from <paramref name="offset"/> on; what lies beyond the bytes written stays as it was (REST, then STOR). Of an upload that
    /// is continued, what lies beyond the offset is given up.
    /// An offset past its end is <see cref="StoreError.BadOffset"/>. Offset 0 is <see cref="Replace"/>.
    /// </summary>
    public static WriteStart FromOffset(long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return offset == 0 ? Replace : new WriteStart(offset, true, false);
    }
}

/// <summary>An upload that broke off and can be continued.</summary>
/// <param name="Length">Bytes that are there.</param>
/// <param name="LastModified">When the last of them came, UTC.</param>
public readonly record struct PartialUpload(long Length, DateTime LastModified);

/// <summary>An open file. Disposed by whoever opened it.</summary>
public interface IFileReader : IAsyncDisposable
{
    /// <summary>Size in bytes when it was opened.</summary>
    long Length { get; }

    /// <summary>The operating system's handle where the store has one for a regular file, for engines that let the kernel copy; null otherwise. Stays the reader's.</summary>
    SafeFileHandle? Handle { get; }

    /// <summary>Reads at an offset; 0 at the end.</summary>
    ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken);
}

/// <summary>A pending file. Disposed by whoever opened it; disposed without a commit, it leaves what was there before, and nothing of itself unless it is kept.</summary>
public interface IFileWriter : IAsyncDisposable
{
    /// <summary>Where the caller's first byte belongs: 0, the restart offset, or the end of the file appended to.</summary>
    long StartOffset { get; }

    /// <summary>Whether it goes on with an upload that broke off (<see cref="WriteStart.Uploader"/>).</summary>
    bool IsResumed { get; }

    /// <summary>
    /// The operating system's handle where the store has one, for engines that let the kernel copy; null otherwise. Stays the writer's. The first bytes go through
    /// <see cref="WriteAsync"/>.
    /// </summary>
    SafeFileHandle? Handle { get; }

    /// <summary>Writes at an offset.</summary>
    ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Publishes the file under its name, whole and in one step. Called once, after which nothing is written.</summary>
    ValueTask CommitAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Leaves an upload (<see cref="WriteStart.Uploader"/>) to be continued; of several for one name, the one kept last. Nothing is written after it. Not kept is
    /// any other pending file, one into which nothing was written, unless it continues another, and one whose place an upload of the same has that is still being written.
    /// An upload that began as a copy of the committed file is not kept if it received fewer bytes than were copied and less than 16 MiB.
    /// The client can send these bytes again.
    /// </summary>
    /// <returns>Bytes that are there; null where nothing is kept.</returns>
    ValueTask<long?> KeepPartialUploadAsync(CancellationToken cancellationToken);
}
