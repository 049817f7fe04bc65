using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local.Staging;

/// <summary>A staging file on disk. Disposing closes it, and deletes it unless it was committed or kept.</summary>
internal interface IStagingFile : IDisposable
{
    /// <summary>The handle, open for reading and writing. The staging file closes it.</summary>
    SafeFileHandle Handle { get; }

    /// <summary>The size in bytes of the existing file at the time of opening, or null if none existed.</summary>
    long? CommittedLength { get; }

    /// <summary>
    /// The size in bytes of the resumed partial upload at the time of opening, or null for a new upload. Includes
    /// <see cref="BaseOffset"/>.
    /// </summary>
    long? ResumedLength { get; }

    /// <summary>Whether the staging file contains only the bytes after the end of the committed file.</summary>
    bool ContainsOnlyNewBytes => false;

    /// <summary>
    /// Whether the commit may append the content to the committed file, which can take a long time and waits for other appends. This is
    /// true for <see cref="ContainsOnlyNewBytes"/>, and for an append to a file that did not exist at the time of opening.
    /// </summary>
    bool CanCommitByAppending => false;

    /// <summary>
    /// The offset in the uploaded file, in bytes, of the staging file's first byte: the committed length for an append, and 0 otherwise.
    /// </summary>
    long BaseOffset => 0;

    /// <summary>
    /// Copies the committed file and the content of this append into a new staging file, so that a client can overwrite bytes before
    /// <see cref="BaseOffset"/>. Returns the new staging file, which replaces this one. Can take a long time.
    /// </summary>
    IStagingFile ConvertAppendToFullFile(CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>The <see cref="FileEntry.Id"/> of the staging file, or 0 if it is not known.</summary>
    ulong Id { get; }

    /// <summary>The <see cref="FileEntry.Id"/> of the directory, or 0 if it is not known.</summary>
    ulong ContainerId => DirectoryId;

    /// <summary>The name of the committed file in its directory. If the upload's path is a link, the name of the link's target.</summary>
    string TargetName { get; }

    /// <summary>Returns the entry that has the name of the committed file now, or null if none has it. Does not follow links.</summary>
    FileEntry? GetTargetEntry();

    /// <summary>The hidden name under which the upload is kept for resumption, or null if it cannot be resumed.</summary>
    string? PartialUploadName { get; }

    /// <summary>
    /// The path of the containing directory, relative to the root. If the upload's path is a link, this is the directory of the link's
    /// target.
    /// </summary>
    string DirectoryPath { get; }

    /// <summary>Opens the existing file for reading, or returns null if none exists. The caller disposes the handle.</summary>
    SafeFileHandle? OpenCommitted();

    /// <summary>
    /// Waits until no append to an open committed file is being applied. Prevents further appends until the handle or this staging file is
    /// closed, so that a copy never contains a part of an append.
    /// </summary>
    void LockCommitted(SafeFileHandle committed)
    {
    }

    /// <summary>Starts writing the content to stable storage, if the system supports this. Does not wait or report failure.</summary>
    void BeginFlush();

    /// <summary>Flushes the content to stable storage.</summary>
    void Flush();

    /// <summary>Identifies the directory, so that a group of commits flushes it once.</summary>
    ulong DirectoryId { get; }

    /// <summary>Flushes the entries of the directory to stable storage.</summary>
    void FlushDirectory();

    /// <summary>Renames a new staging file from its random name to <see cref="PartialUploadName"/>.</summary>
    /// <remarks>
    /// Called if the upload keeps existing content, after that content was copied. A process that is killed during the copy therefore
    /// leaves no incomplete copy that could be resumed. If another session uses the name, the method throws
    /// <see cref="StoreError.Busy"/>.
    /// </remarks>
    void RenameToPartialUploadName();

    /// <summary>
    /// Renames the staging file to the name of its target in one step, or appends its content to the target
    /// (<see cref="CanCommitByAppending"/>). Appending can take a long time.
    /// </summary>
    /// <param name="isDurable">Whether an append is flushed to stable storage. The caller flushes renames.</param>
    void Commit(bool isDurable);

    /// <summary>
    /// Keeps the staging file as a partial upload. Returns false if the upload was opened without an uploader, or if another upload in
    /// progress has the name <see cref="PartialUploadName"/>.
    /// </summary>
    bool TryKeepAsPartialUpload();

    /// <summary>Undoes <see cref="TryKeepAsPartialUpload"/>, so that disposing deletes the staging file.</summary>
    void UndoKeep();
}
