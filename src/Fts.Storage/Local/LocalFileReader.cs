using Fts.Native;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local;

/// <summary>An open file on disk. Owns its handle.</summary>
/// <remarks>
/// Reads inline if the bytes are in memory, because that is faster than a change of threads, and otherwise on a worker thread. If a read on
/// a worker thread is cancelled, the handle stays open until the read ends.
/// </remarks>
/// <param name="handle">The handle of a regular file.</param>
/// <param name="length">The size in bytes at the time of opening.</param>
/// <param name="kind">The kind of the file's file system.</param>
/// <param name="calls">The threads of the store.</param>
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

        bool isGateOpen = calls.Gate.TryEnter(out InlineCall call);
        if (isGateOpen)
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
                calls.Gate.Exit(call);
            }
        }

        bool isMeasured = !isGateOpen && kind != FileSystemKind.Other;
        return new(calls.Workers.RunAsync(
            (Reader: this, offset, buffer, isMeasured),
            static x => x.isMeasured ? x.Reader.ReadMeasured(x.offset, x.buffer) : x.Reader.Read(x.offset, x.buffer.Span),
            discard: null,
            cancellationToken));
    }

    /// <summary>
    /// Closes the file. Inline, unless the file was deleted: the last close then frees its blocks. On an unknown file system the close can
    /// block.
    /// </summary>
    public ValueTask DisposeAsync()
    {
        bool isShort = kind == FileSystemKind.Memory || (kind == FileSystemKind.Disk && HasName());
        if (!isShort)
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

    private bool HasName() =>
        !handle.IsClosed && FileStatus.Statx(handle, "", DirectoryCalls.AT_EMPTY_PATH, out FileStatus status) == 0 && status.Links > 0;

    /// <summary>Reads on a worker thread. The duration of the attempt from memory decides whether the next read is inline.</summary>
    private int ReadMeasured(long offset, Memory<byte> buffer)
    {
        int? read = calls.Gate.Measure(
            (Reader: this, offset, buffer),
            static x => x.Reader.TryReadFromMemory(x.offset, x.buffer.Span, out int read) ? read : (int?)null);
        return read ?? Read(offset, buffer.Span);
    }

    /// <summary>Reads bytes if they are in memory. Returns false if the read would wait for a device.</summary>
    private bool TryReadFromMemory(long offset, Span<byte> buffer, out int read)
    {
        if (kind == FileSystemKind.Memory)
        {
            read = Read(offset, buffer);
            return true;
        }

        // The ordinary read reports errors other than EAGAIN, and the end of the file: Linux 5.9 and 5.10 can return 0 before the end.
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
