using Fts.Native;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local;

/// <summary>An open file on disk. Owns its handle.</summary>
/// <remarks>
/// Reads bytes on the caller's thread if they are in memory and <see cref="InlineCallPolicy"/> allows it, because that is faster than a
/// change of threads. Otherwise reads them on a worker thread. If a read on a worker thread is cancelled, the handle stays open until the
/// read ends.
/// </remarks>
/// <param name="handle">The handle of a regular file.</param>
/// <param name="length">The size in bytes at the time of opening.</param>
/// <param name="kind">The kind of the file's file system.</param>
/// <param name="calls">Chooses the thread of each call.</param>
internal sealed class LocalFileReader(SafeFileHandle handle, long length, FileSystemKind kind, LocalCalls calls) : IFileReader
{
    public long Length { get; } = length;

    public SafeFileHandle? Handle => handle;

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<int>(cancellationToken);
        }

        bool isInline = calls.InlinePolicy.TryBeginCall(out InlineCall call);
        if (isInline)
        {
            try
            {
                if (kind != FileSystemKind.Other && TryReadFromMemory(offset, buffer.Span, out int read))
                {
                    return new(read);
                }
            }
            catch (StoreException e)
            {
                return ValueTask.FromException<int>(e);
            }
            finally
            {
                calls.InlinePolicy.EndCall(call);
            }
        }

        bool isMeasured = !isInline && kind != FileSystemKind.Other;
        return new(calls.Workers.RunAsync(
            (Reader: this, offset, buffer, isMeasured),
            static x => x.isMeasured ? x.Reader.ReadMeasured(x.offset, x.buffer) : x.Reader.Read(x.offset, x.buffer.Span),
            discard: null,
            cancellationToken));
    }

    /// <summary>
    /// Closes the file. On a memory file system, the caller's thread closes it. On a local disk, the caller's thread closes a file that
    /// still has a name. A worker thread closes a deleted file, because the last close frees the blocks of the file. On other file systems,
    /// a worker thread closes the file, because every call can block.
    /// </summary>
    public ValueTask DisposeAsync()
    {
        bool canCloseInline = kind == FileSystemKind.Memory || (kind == FileSystemKind.Disk && HasName());
        if (!canCloseInline)
        {
            return new(new LocalFileCalls(calls).RunCleanupAsync(() =>
            {
                handle.Dispose();
                return true;
            }));
        }

        handle.Dispose();
        return default;
    }

    /// <summary>Returns whether the file still has a name. If so, closing it does not free its blocks.</summary>
    private bool HasName() =>
        !handle.IsClosed && FileStatus.Statx(handle, "", DirectoryCalls.AT_EMPTY_PATH, out FileStatus status) == 0 && status.Links > 0;

    /// <summary>
    /// Reads bytes on a worker thread, from memory if possible. The duration of the attempt from memory decides whether later reads run
    /// inline.
    /// </summary>
    private int ReadMeasured(long offset, Memory<byte> buffer)
    {
        int? read = calls.InlinePolicy.RunMeasured(
            (Reader: this, offset, buffer),
            static x => x.Reader.TryReadFromMemory(x.offset, x.buffer.Span, out int read) ? read : (int?)null);
        return read ?? Read(offset, buffer.Span);
    }

    /// <summary>Reads bytes if they are in memory. Returns false if the ordinary read must be made.</summary>
    private bool TryReadFromMemory(long offset, Span<byte> buffer, out int read)
    {
        if (kind == FileSystemKind.Memory)
        {
            read = Read(offset, buffer);
            return true;
        }

        // A read that would wait for the disk returns an error. After any error, and after 0, the caller makes the ordinary read. A result
        // of 0 does not prove the end of the file, because Linux 5.9 and 5.10 can return 0 before the end.
        read = (int)FileCalls.ReadWithoutWaiting(handle, buffer, offset);
        return read > 0;
    }

    private int Read(long offset, Span<byte> buffer)
    {
        try
        {
            return RandomAccess.Read(handle, buffer, offset);
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            throw SystemErrors.Translate(exception);
        }
    }
}
