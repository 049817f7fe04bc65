using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static Fts.Storage.Local.LinuxCalls;

namespace Fts.Storage.Local;

/// <summary>Copies one file's content into an empty file by the cheapest way there is: shared blocks, the kernel, or a buffer. Slow; not for a caller's thread.</summary>
internal static class ContentCopy
{
    private const int KernelStep = 16 * 1024 * 1024;
    private const int BufferSize = 256 * 1024;

    /// <summary>Copies and answers how many bytes there were.</summary>
    public static long Copy(SafeFileHandle source, SafeFileHandle target, CancellationToken cancellationToken)
    {
        try
        {
            if (IsSupported && Ioctl(target, FICLONE, source.DangerousGetHandle()) == 0)
            {
                return RandomAccess.GetLength(target);
            }

            long copied = IsSupported ? CopyByKernel(source, target, cancellationToken) : 0;
            return CopyByBuffer(source, target, copied, cancellationToken);
        }
        catch (Exception exception) when (SystemErrors.IsRefusal(exception))
        {
            throw SystemErrors.Translate(exception);
        }
    }

    /// <summary>Copies as far as the kernel is willing; which of its many reasons stopped it does not matter, since the buffer goes on there and meets the real ones.</summary>
    internal static unsafe long CopyByKernel(SafeFileHandle source, SafeFileHandle target, CancellationToken cancellationToken)
    {
        long from = 0, to = 0;
        nint step;
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            step = CopyFileRange(source, &from, target, &to, KernelStep);
        }
        while (step > 0 || (step < 0 && Marshal.GetLastPInvokeError() == SystemErrors.EINTR));
        return to;
    }

    internal static long CopyByBuffer(SafeFileHandle source, SafeFileHandle target, long offset, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int read;
            while ((read = RandomAccess.Read(source, buffer, offset)) > 0)
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
