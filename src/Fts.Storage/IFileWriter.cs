using Microsoft.Win32.SafeHandles;

namespace Fts.Storage;

/// <summary>An open upload. The caller that opened it disposes it.</summary>
/// <remarks>
/// If the writer is disposed without a commit, the existing file stays unchanged. The received bytes are then deleted unless
/// <see cref="KeepPartialUploadAsync"/> kept them.
/// </remarks>
public interface IFileWriter : IAsyncDisposable
{
    /// <summary>
    /// The offset in bytes of the caller's first byte: 0, the restart offset, or the end of the content that the upload continues.
    /// </summary>
    long StartOffset { get; }

    /// <summary>Whether this upload resumes a partial upload (<see cref="WriteStart.Uploader"/>).</summary>
    bool IsResumed { get; }

    /// <summary>
    /// The operating system's handle of the staging file, for copying in the kernel, or null if the store has none. The writer closes the
    /// handle. The first bytes must be written with <see cref="WriteAsync"/>, because its first call truncates a resumed partial upload to
    /// <see cref="StartOffset"/>.
    /// </summary>
    SafeFileHandle? Handle { get; }

    /// <summary>
    /// The offset in the uploaded file, in bytes, of the first byte of the staging file (<see cref="Handle"/>). The offset is 0 unless the
    /// staging file contains only appended bytes.
    /// </summary>
    long HandleOffset { get; }

    /// <summary>Writes bytes at an offset.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The offset is less than <see cref="HandleOffset"/>.</exception>
    /// <exception cref="StoreException">The bytes cannot be written, for example because no space is left.</exception>
    /// <remarks>
    /// If the call is cancelled, the store may still read the buffer. The caller must not change the buffer or use it again.
    /// </remarks>
    ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>
    /// Called before bytes are written through <see cref="Handle"/>. A writer that limits the size of the file overrides this method. The
    /// default implementation does nothing.
    /// </summary>
    /// <param name="endOffset">The offset in the uploaded file, in bytes, after the last byte that is about to be written.</param>
    /// <exception cref="StoreException">The bytes must not be written.</exception>
    /// <remarks>Must not block: threads that copy within the kernel call it for each block.</remarks>
    void PrepareHandleWrite(long endOffset)
    {
    }

    /// <summary>
    /// Returns what a commit would change at this moment, or null if the store cannot determine it. Must not be called while bytes are
    /// written. The default implementation returns null.
    /// </summary>
    ValueTask<PendingCommit?> GetPendingCommitAsync(CancellationToken cancellationToken) => default;

    /// <summary>
    /// Publishes the complete file under its name in one step, or appends the bytes to the existing file. Nothing can be written
    /// afterwards.
    /// </summary>
    /// <exception cref="StoreException">
    /// The file cannot be published. The error is <see cref="StoreError.Busy"/> if another session or process has locked the file to which
    /// the upload appends. It is also <see cref="StoreError.Busy"/> if that file was changed during an upload that began at an offset given
    /// by the caller. The failed commit changes nothing.
    /// </exception>
    /// <remarks>
    /// If the process is killed while bytes are appended, the next process that uses the store completes or undoes the append.
    /// </remarks>
    ValueTask CommitAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Keeps the upload as a partial upload that its uploader can resume (<see cref="WriteStart.Uploader"/>). An older partial upload of
    /// this uploader to the same path is replaced. Nothing can be written afterwards.
    /// </summary>
    /// <returns>The size in bytes of the partial upload (<see cref="PartialUpload.Length"/>), or null if the upload is not kept.</returns>
    /// <remarks>
    /// An upload is not kept if it has no uploader, if it is new and received no bytes, or if another upload of the same path and uploader
    /// is in progress. A new upload that continues a committed file is kept only if it received 16 MiB or more, or at least as many bytes
    /// as the file has before the start of the upload. Fewer bytes are not kept, because the client can quickly send them again.
    /// </remarks>
    ValueTask<long?> KeepPartialUploadAsync(CancellationToken cancellationToken);
}
