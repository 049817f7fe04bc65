using Fts.Storage.Local.Staging;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local;

/// <summary>
/// The seam between the local store and the operating system: every name is resolved behind it, and nothing outside the root is reachable through it.
/// All calls are synchronous; <see cref="LocalFileStore"/> decides which thread waits, and has refused reserved names and the top folder where they make no sense.
/// Every member throws <see cref="StoreException"/>.
/// </summary>
internal interface IRootDirectory : IDisposable
{
    /// <summary>What is at a path, or null. A link that leads nowhere or out is an entry of kind <see cref="EntryKind.Other"/>.</summary>
    FileEntry? GetEntry(StorePath path);

    /// <summary>Opens a folder for reading its entries; the caller disposes it.</summary>
    IDirectoryReader OpenDirectory(StorePath directory);

    /// <summary>Opens a regular file for reading; the caller disposes the handle. Never blocks on a FIFO or a device.</summary>
    SafeFileHandle OpenRead(StorePath path, out long length);

    /// <summary>
    /// Makes a hidden, empty file beside what <paramref name="path"/> names or leads to, or opens the one that an upload left there to be continued; the caller
    /// disposes it.
    /// </summary>
    IStagingFile OpenStagingFile(StorePath path, WriteStart start);

    /// <summary>What an upload left there to be continued; null too while somebody writes it.</summary>
    PartialUpload? GetPartialUpload(StorePath path, string uploader);

    /// <summary>Removes what <see cref="GetPartialUpload"/> finds; false where there is nothing.</summary>
    bool DiscardPartialUpload(StorePath path, string uploader);

    /// <summary>
    /// Removes pending files of the whole tree that were last written before a time and are not being written. Adds the others to the
    /// index. Returns the number removed.
    /// </summary>
    int SweepPartialUploads(DateTime before, PartialUploadIndex index, CancellationToken cancellationToken);

    /// <summary>Whether a partial upload exists and is not being written.</summary>
    bool HasPartialUpload(in PartialUploadLocation place);

    /// <summary>Discards a partial upload if it exists and is not being written.</summary>
    void DiscardListedPartialUpload(in PartialUploadLocation place);

    /// <summary>Makes a folder in a folder that exists.</summary>
    void CreateDirectory(StorePath path);

    /// <summary>Makes a link with a text that goes nowhere but down, to a file or folder that exists.</summary>
    void CreateLink(StorePath path, StorePath target, string text);

    /// <summary>
    /// Deletes an entry that is not a directory; a link is deleted itself, not its target. If an uploader is given, its partial upload to
    /// this name is then discarded. If only a partial upload exists, it alone is discarded. A refused call changes nothing.
    /// </summary>
    void DeleteFile(StorePath path, string? uploader);

    /// <summary>Removes a folder in which nothing is, or nothing but what uploads have left.</summary>
    void DeleteDirectory(StorePath path);

    /// <summary>Renames; a link itself.</summary>
    void Rename(StorePath source, StorePath target, bool replace);

    /// <summary>Sets facts of a file or folder.</summary>
    void SetMetadata(StorePath path, FileMetadata metadata);

    /// <summary>Brings a folder's entries to stable storage. One that is gone has none.</summary>
    void FlushDirectory(StorePath directory);

    /// <summary>The SHA-256 remembered with a file that is what <paramref name="file"/> says; null where there is none, for whatever reason.</summary>
    byte[]? GetCachedHash(StorePath path, in FileEntry file) => null;

    /// <summary>Remembers a SHA-256 with a file that is what <paramref name="hashed"/> says, where that can be done.</summary>
    void CacheHash(StorePath path, in FileEntry hashed, ReadOnlySpan<byte> sha256)
    {
    }

    /// <summary>Bytes this process may still write to the file system that a folder lies in.</summary>
    long GetFreeSpace(StorePath directory);
}

/// <summary>A folder opened for reading its entries once.</summary>
internal interface IDirectoryReader : IDisposable
{
    /// <summary>Replaces the content of <paramref name="batch"/> by the next entries, perhaps none; false at the end.</summary>
    bool ReadBatch(List<FileEntry> batch);

    /// <summary>The names left out so far because no path can contain them.</summary>
    UnlistedNames Unlisted { get; }
}

/// <summary>A pending file on disk. Disposing closes it, and removes it unless it was committed or kept.</summary>
internal interface IStagingFile : IDisposable
{
    /// <summary>Open for reading and writing; closed by disposing.</summary>
    SafeFileHandle Handle { get; }

    /// <summary>Size in bytes of the file this one would replace, when it was opened; null where there was none.</summary>
    long? CommittedLength { get; }

    /// <summary>Size in bytes of the upload that is continued, when it was opened; null for one that begins.</summary>
    long? ResumedLength { get; }

    /// <summary>The hidden name under which it is kept for resumption; null if it is not an upload.</summary>
    string? PartialUploadName { get; }

    /// <summary>The path relative to the root of the directory that contains it. If the upload went to a link, this is the directory of the file it leads to.</summary>
    string DirectoryPath { get; }

    /// <summary>Opens the file this one would replace, for copying from; the caller disposes it. Null where there is none.</summary>
    SafeFileHandle? OpenCommitted();

    /// <summary>Has the system begin to write the content out, where it can be told; does not wait, and fails for nobody.</summary>
    void BeginFlush();

    /// <summary>Brings the content to stable storage.</summary>
    void Flush();

    /// <summary>Tells folders apart, for those who flush several.</summary>
    ulong DirectoryId { get; }

    /// <summary>Brings the folder's entries to stable storage.</summary>
    void FlushDirectory();

    /// <summary>
    /// Gives an upload that began as a copy the name by which it is found, once what was copied is there: until then a killed process must leave nothing that looks
    /// like the beginning of a file and is less.
    /// </summary>
    void TakePartialUploadName();

    /// <summary>Renames the pending file to its name, in one step.</summary>
    void Commit();

    /// <summary>Leaves the pending file to be continued, if it was opened as an upload and no other upload holds the place; false otherwise.</summary>
    bool TryKeep();
}
