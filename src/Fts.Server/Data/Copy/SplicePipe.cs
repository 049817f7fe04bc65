using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Fts.Native;
using Fts.Storage;
using Microsoft.Win32.SafeHandles;

namespace Fts.Server.Data.Copy;

/// <summary>
/// A pipe that moves bytes from a socket to a file within the kernel. The caller of <see cref="TryRent"/> owns the pipe, and must call
/// <see cref="Return"/> or <see cref="Dispose"/>.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class SplicePipe : IDisposable
{
    private const int PipeBytes = 1024 * 1024, MaxPooled = 16;

    private static readonly ConcurrentBag<SplicePipe> Pool = [];

    private readonly SafeFileHandle _writeEnd, _readEnd;

    private SplicePipe(SafeFileHandle readEnd, SafeFileHandle writeEnd)
    {
        (_readEnd, _writeEnd) = (readEnd, writeEnd);
        // If the system does not allow this size, the pipe keeps its 64 KiB and is slower.
        _ = FileCalls.Fcntl(_writeEnd, FileCalls.F_SETPIPE_SZ, PipeBytes);
    }

    /// <summary>The number of bytes in the pipe.</summary>
    public long BufferedBytes { get; private set; }

    /// <summary>
    /// Rents a pipe from the pool, or creates one. Returns null if the process or the system has too few file descriptors left.
    /// </summary>
    public static SplicePipe? TryRent() => Pool.TryTake(out SplicePipe? pipe) ? pipe : TryCreate();

    /// <summary>Returns the pipe to the pool if it is empty and the pool is not full. Otherwise closes the pipe.</summary>
    public void Return()
    {
        if (BufferedBytes == 0 && Pool.Count < MaxPooled)
        {
            Pool.Add(this);
        }
        else
        {
            Dispose();
        }
    }

    /// <summary>
    /// Moves received bytes of a socket into the pipe. Blocks until at least one byte has arrived. Returns the number of moved bytes, 0 at
    /// the end of the data, or -1 after an error.
    /// </summary>
    public nint Fill(Socket socket, int maxBytes)
    {
        nint received = SocketCalls.Splice(socket.SafeHandle, 0, _writeEnd, 0, (nuint)maxBytes, SocketCalls.SPLICE_F_MOVE);
        BufferedBytes += Math.Max(0, received);
        return received;
    }

    /// <summary>
    /// Moves all bytes of the pipe into the file and advances the offset. Returns false if the kernel cannot write to the file.
    /// </summary>
    public bool TryDrain(SafeFileHandle file, ref long offset)
    {
        while (BufferedBytes > 0)
        {
            nint moved = SocketCalls.Splice(_readEnd, 0, file, ref offset, (nuint)BufferedBytes, SocketCalls.SPLICE_F_MOVE);
            if (moved > 0)
            {
                BufferedBytes -= moved;
            }
            else if (moved == 0 || Marshal.GetLastPInvokeError() != Errno.EINTR)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Writes all bytes of the pipe through the store's writer. Returns the file offset after the last written byte.</summary>
    public async ValueTask<long> WriteToStoreAsync(IFileWriter file, long offset, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[64 * 1024];
        while (BufferedBytes > 0)
        {
            int read = Read(buffer.AsSpan(0, (int)Math.Min(BufferedBytes, buffer.Length)));
            BufferedBytes -= read;
            await file.WriteAsync(offset, buffer.AsMemory(0, read), cancellationToken);
            offset += read;
        }

        return offset;
    }

    /// <summary>Closes both ends of the pipe.</summary>
    public void Dispose()
    {
        _writeEnd.Dispose();
        _readEnd.Dispose();
    }

    private static unsafe SplicePipe? TryCreate()
    {
        int* ends = stackalloc int[2];
        return SocketCalls.Pipe2(ends, FileCalls.O_CLOEXEC) == 0
            ? new SplicePipe(new SafeFileHandle(ends[0], ownsHandle: true), new SafeFileHandle(ends[1], ownsHandle: true))
            : null;
    }

    private unsafe int Read(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            nint read = FileCalls.Read(_readEnd, start, (nuint)buffer.Length);
            return read > 0
                ? (int)read
                : throw new StoreException($"Reading from the pipe failed with errno {Marshal.GetLastPInvokeError()}.");
        }
    }
}
