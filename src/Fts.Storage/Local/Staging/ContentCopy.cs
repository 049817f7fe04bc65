using System.Buffers;
using System.Runtime.InteropServices;
using Fts.Native;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.FileCalls;

namespace Fts.Storage.Local.Staging;

/// <summary>
/// Copies the content of a file: by sharing its blocks (FICLONE), with copy_file_range(2), or through a buffer. Can take a long time.
/// </summary>
/// <remarks>Holes of a committed file remain holes in its copy if the file system reports them (SEEK_HOLE).</remarks>
internal static class ContentCopy
{
    /// <summary>The maximum number of bytes of one copy_file_range call. Between two calls, the copy can be cancelled.</summary>
    private const int KernelChunkSize = 16 * 1024 * 1024;

    /// <summary>The size in bytes of the buffer for a copy without the kernel.</summary>
    private const int BufferSize = 256 * 1024;

    /// <summary>
    /// Copies up to <paramref name="maxBytes"/> bytes from the beginning of the source to an empty target, and returns the number of copied
    /// bytes.
    /// </summary>
    /// <exception cref="StoreException">The copy failed.</exception>
    public static long Copy(SafeFileHandle source, SafeFileHandle target, long maxBytes, CancellationToken cancellationToken)
    {
        try
        {
            if (!SystemCallNumbers.IsSupported || Ioctl(target, FICLONE, source.DangerousGetHandle()) != 0)
            {
                return CopyRange(source, target, 0, maxBytes, cancellationToken);
            }

            long length = RandomAccess.GetLength(target);
            if (length > maxBytes)
            {
                RandomAccess.SetLength(target, maxBytes);
            }

            return Math.Min(length, maxBytes);
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            throw SystemErrors.Translate(exception);
        }
    }

    /// <summary>Appends to the target the bytes of the source that follow the offset at which the target ends.</summary>
    /// <exception cref="StoreException">The copy failed.</exception>
    public static void AppendRemainder(SafeFileHandle source, SafeFileHandle target, CancellationToken cancellationToken)
    {
        try
        {
            CopyRange(source, target, RandomAccess.GetLength(target), long.MaxValue, cancellationToken);
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            throw SystemErrors.Translate(exception);
        }
    }

    /// <summary>Copies <paramref name="length"/> bytes of the source to an offset of the target.</summary>
    /// <exception cref="StoreException">The copy failed, or the source is too short.</exception>
    public static void CopyBytes(SafeFileHandle source, long sourceOffset, SafeFileHandle target, long targetOffset, long length)
    {
        try
        {
            if (CopyUpTo(source, sourceOffset, target, targetOffset, length, CancellationToken.None) < length)
            {
                throw new StoreException("Another session or process truncated the file while its bytes were copied.");
            }
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            throw SystemErrors.Translate(exception);
        }
    }

    /// <summary>
    /// Copies the bytes between two offsets to the same offsets of the target, which ends at <paramref name="offset"/>. Holes remain holes.
    /// Returns the offset after the last copied byte.
    /// </summary>
    private static long CopyRange(
        SafeFileHandle source, SafeFileHandle target, long offset, long end, CancellationToken cancellationToken)
    {
        end = Math.Min(end, RandomAccess.GetLength(source));
        while (offset < end)
        {
            (long data, long hole) = FindData(source, offset, end);
            long copied = CopyUpTo(source, data, target, data, hole - data, cancellationToken);
            if (copied < hole - data)
            {
                return data + copied; // the source was truncated during the copy
            }

            offset = hole;
        }

        if (RandomAccess.GetLength(target) < end)
        {
            RandomAccess.SetLength(target, end); // the source ends with a hole
        }

        return offset;
    }

    /// <summary>
    /// Returns the start and the end of the next range with data, or an empty range at <paramref name="end"/> if only a hole follows.
    /// </summary>
    private static (long Data, long Hole) FindData(SafeFileHandle file, long offset, long end)
    {
        long data = SystemCallNumbers.IsSupported ? Lseek(file, offset, SEEK_DATA) : offset;
        if (data < 0)
        {
            // ENXIO: only a hole follows. Any other error: the file system does not report holes.
            return Marshal.GetLastPInvokeError() == Errno.ENXIO ? (end, end) : (offset, end);
        }

        long hole = SystemCallNumbers.IsSupported ? Lseek(file, data, SEEK_HOLE) : end;
        return (Math.Min(data, end), hole < 0 ? end : Math.Min(hole, end));
    }

    /// <summary>
    /// Copies up to <paramref name="length"/> bytes. Returns the number of copied bytes, which is smaller if the source ends earlier.
    /// </summary>
    private static long CopyUpTo(
        SafeFileHandle source,
        long sourceOffset,
        SafeFileHandle target,
        long targetOffset,
        long length,
        CancellationToken cancellationToken)
    {
        long copied = SystemCallNumbers.IsSupported
            ? CopyWithKernel(source, sourceOffset, target, targetOffset, length, cancellationToken)
            : 0;
        return copied == length
            ? length
            : copied + CopyWithBuffer(source, sourceOffset + copied, target, targetOffset + copied, length - copied, cancellationToken);
    }

    /// <summary>
    /// Copies up to <paramref name="length"/> bytes with copy_file_range(2), until an error or the end of the source. Returns the number of
    /// copied bytes.
    /// </summary>
    /// <remarks>
    /// An error is not reported, because many file systems refuse the call. <see cref="CopyWithBuffer"/> then copies the remaining bytes
    /// and reports errors.
    /// </remarks>
    internal static unsafe long CopyWithKernel(
        SafeFileHandle source,
        long sourceOffset,
        SafeFileHandle target,
        long targetOffset,
        long length,
        CancellationToken cancellationToken)
    {
        long from = sourceOffset, to = targetOffset;
        for (long remaining; (remaining = length - (to - targetOffset)) > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            nint step = CopyFileRange(source, &from, target, &to, (nint)Math.Min(KernelChunkSize, remaining));
            if (step == 0 || (step < 0 && Marshal.GetLastPInvokeError() != Errno.EINTR))
            {
                break;
            }
        }

        return to - targetOffset;
    }

    /// <summary>
    /// Copies up to <paramref name="length"/> bytes through a buffer, until the end of the source. Returns the number of copied bytes.
    /// </summary>
    internal static long CopyWithBuffer(
        SafeFileHandle source,
        long sourceOffset,
        SafeFileHandle target,
        long targetOffset,
        long length,
        CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            long copied = 0;
            int read;
            while ((read = RandomAccess.Read(
                source, buffer.AsSpan(0, (int)Math.Min(BufferSize, length - copied)), sourceOffset + copied)) > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                RandomAccess.Write(target, buffer.AsSpan(0, read), targetOffset + copied);
                copied += read;
            }

            return copied;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
