using System.Buffers;
using System.Runtime.InteropServices;
using Fts.Native;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.FileCalls;

namespace Fts.Storage.Local.Staging;

/// <summary>Copies one file's content into another by the cheapest way there is: shared blocks, the kernel, or a buffer. Slow; not for a caller's thread.</summary>
internal static class ContentCopy
{
    private const int KernelChunkSize = 16 * 1024 * 1024;
    private const int BufferSize = 256 * 1024;

    /// <summary>Copies up to so many bytes from the beginning and answers how many there were.</summary>
    public static long Copy(SafeFileHandle source, SafeFileHandle target, long most, CancellationToken cancellationToken)
    {
        try
        {
            if (!SystemCallNumbers.IsSupported || Ioctl(target, FICLONE, source.DangerousGetHandle()) != 0)
            {
                return CopyRange(source, target, 0, most, cancellationToken);
            }

            long length = RandomAccess.GetLength(target);
            if (length > most)
            {
                RandomAccess.SetLength(target, most);
            }

            return Math.Min(length, most);
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            throw SystemErrors.Translate(exception);
        }
    }

    /// <summary>Adds to the target what the source has beyond the target's length.</summary>
    public static void AppendRest(SafeFileHandle source, SafeFileHandle target, CancellationToken cancellationToken)
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

    private static long CopyRange(SafeFileHandle source, SafeFileHandle target, long offset, long end, CancellationToken cancellationToken) =>
        CopyWithBuffer(source, target, SystemCallNumbers.IsSupported ? CopyWithKernel(source, target, offset, end, cancellationToken) : offset, end, cancellationToken);

    /// <summary>Copies as far as the kernel is willing; which of its many reasons stopped it does not matter, since the buffer goes on there and meets the real ones.</summary>
    internal static unsafe long CopyWithKernel(SafeFileHandle source, SafeFileHandle target, long offset, long end, CancellationToken cancellationToken)
    {
        long from = offset, to = offset;
        nint step;
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            step = CopyFileRange(source, &from, target, &to, (nint)Math.Min(KernelChunkSize, end - to));
        }
        while (step > 0 || (step < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR));
        return to;
    }

    internal static long CopyWithBuffer(SafeFileHandle source, SafeFileHandle target, long offset, long end, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int read;
            while ((read = RandomAccess.Read(source, buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - offset)), offset)) > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                RandomAccess.Write(target, buffer.AsSpan(0, read), offset);
                offset += read;
            }

            return offset;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
