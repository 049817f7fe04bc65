using Microsoft.Win32.SafeHandles;

namespace Fts.Storage;

/// <summary>
/// Files and folders by virtual path. Every member throws <see cref="StoreException"/> and nothing else for what the store refuses; absence where a
/// caller may ask is null. Safe for use by several callers at once.
/// </summary>
public interface IFileStore
{
    /// <summary>What is at a path, or null.</summary>
    ValueTask<FileEntry?> FindAsync(StorePath path, CancellationToken cancellationToken);

    /// <summary>The entries of a folder in no order, read as they are asked for: memory does not grow with the folder. Whether there is such a folder is known when this returns.</summary>
    ValueTask<IAsyncEnumerable<FileEntry>> ListAsync(StorePath folder, CancellationToken cancellationToken);

    /// <summary>Opens a file for reading.</summary>
    ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken);

    /// <summary>
    /// Opens a pending file for writing: readers and listings see what was there before, or nothing, until <see cref="IFileWriter.CommitAsync"/>.
    /// Several may be open for one name; the last commit wins whole.
    /// </summary>
    ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken);

    /// <summary>Makes a folder; its parent must exist.</summary>
    ValueTask CreateFolderAsync(StorePath path, CancellationToken cancellationToken);

    /// <summary>Removes a file; a link is removed itself, not what it leads to.</summary>
    ValueTask DeleteFileAsync(StorePath path, CancellationToken cancellationToken);

    /// <summary>Removes an empty folder.</summary>
    ValueTask DeleteFolderAsync(StorePath path, CancellationToken cancellationToken);

    /// <summary>Renames a file or folder in one step. Without <paramref name="replace"/> an existing <paramref name="target"/> is refused (<see cref="StoreError.Exists"/>) without a race.</summary>
    ValueTask RenameAsync(StorePath source, StorePath target, bool replace, CancellationToken cancellationToken);

    /// <summary>
    /// Sets facts of a file or folder; of a link, those of what it leads to. <see cref="StoreError.NotSupported"/> where the store does not keep one of
    /// them; then none is set.
    /// </summary>
    ValueTask SetFactsAsync(StorePath path, FileFacts facts, CancellationToken cancellationToken);

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
    ValueTask<long?> FindFreeSpaceAsync(StorePath folder, CancellationToken cancellationToken);
}

/// <summary>What a pending file starts from.</summary>
public readonly record struct WriteStart
{
    private WriteStart(long? offset, bool keepsContent, bool createOnly) => (Offset, KeepsContent, CreateOnly) = (offset, keepsContent, createOnly);

    /// <summary>Where the caller's first byte belongs; null for the end of the committed file.</summary>
    public long? Offset { get; }

    /// <summary>The pending file begins as a copy of the committed one, not empty.</summary>
    public bool KeepsContent { get; }

    /// <summary>Opening refuses (<see cref="StoreError.Exists"/>) a name that is taken, before a byte is sent; the commit, without a race, one that is taken by then.</summary>
    public bool CreateOnly { get; }

    /// <summary>An empty file that replaces what is there (STOR).</summary>
    public static WriteStart Replace => new(0, false, false);

    /// <summary>An empty file that must be new (STOU).</summary>
    public static WriteStart Create => new(0, false, true);

    /// <summary>The end of the committed file, or an empty one where there is none (APPE).</summary>
    public static WriteStart Append => new(null, true, false);

    /// <summary>
    /// The committed file, overwritten from <paramref name="offset"/> on; what lies beyond the bytes written stays as it was (REST, then STOR).
    /// An offset past its end is <see cref="StoreError.BadOffset"/>. Offset 0 is <see cref="Replace"/>.
    /// </summary>
    public static WriteStart At(long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return offset == 0 ? Replace : new WriteStart(offset, true, false);
    }
}

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

/// <summary>A pending file. Disposed by whoever opened it; disposed without a commit, it leaves what was there before.</summary>
public interface IFileWriter : IAsyncDisposable
{
    /// <summary>Where the caller's first byte belongs: 0, the restart offset, or the end of the file appended to.</summary>
    long Start { get; }

    /// <summary>The operating system's handle where the store has one, for engines that let the kernel copy; null otherwise. Stays the writer's.</summary>
    SafeFileHandle? Handle { get; }

    /// <summary>Writes at an offset.</summary>
    ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Publishes the file under its name, whole and in one step. Called once, after which nothing is written.</summary>
    ValueTask CommitAsync(CancellationToken cancellationToken);
}
