using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Fts.Storage;
using Microsoft.Win32.SafeHandles;

namespace Fts.Server.Data.Copy;

/// <summary>A pipe for bytes on their way from a socket to a file without passing through the process. Rented and returned.</summary>
[SupportedOSPlatform("linux")]
internal sealed class SplicePipe : IDisposable
{
    private const int PipeBytes = 1024 * 1024, MaxPooled = 16;

    private static readonly ConcurrentBag<SplicePipe> Pool = [];

    private readonly SafeFileHandle _input, _output;

    private SplicePipe(SafeFileHandle output, SafeFileHandle input)
    {
        (_output, _input) = (output, input);
        // A system that allows less leaves it at its 64 KiB: slower, not wrong.
        _ = LinuxCalls.Control(_input, LinuxCalls.SetPipeSize, PipeBytes);
    }

    /// <summary>Bytes in the pipe.</summary>
    public long HeldBytes { get; private set; }

    /// <summary>Returns a pipe, or null if the process or the system has too few file descriptors left.</summary>
    public static SplicePipe? TryRent() => Pool.TryTake(out SplicePipe? pipe) ? pipe : TryCreate();

    /// <summary>Keeps an empty pipe for the next upload; one that still holds another's bytes is closed.</summary>
    public void Return()
    {
        if (HeldBytes == 0 && Pool.Count < MaxPooled)
        {
            Pool.Add(this);
        }
        else
        {
            Dispose();
        }
    }

    /// <summary>Moves what a socket has received into the pipe, waiting for some. Returns the bytes, 0 at the end, less on an error.</summary>
    public nint Fill(Socket socket, int most)
    {
        nint received = LinuxCalls.SpliceIn(socket.SafeHandle, 0, _input, 0, (nuint)most, LinuxCalls.SpliceMove);
        HeldBytes += Math.Max(0, received);
        return received;
    }

    /// <summary>Moves everything into the file. False when the kernel would not.</summary>
    public bool TryDrain(SafeFileHandle file, ref long offset)
    {
        while (HeldBytes > 0)
        {
            nint moved = LinuxCalls.SpliceOut(_output, 0, file, ref offset, (nuint)HeldBytes, LinuxCalls.SpliceMove);
            if (moved > 0)
            {
                HeldBytes -= moved;
            }
            else if (moved == 0 || Marshal.GetLastPInvokeError() != LinuxCalls.Interrupted)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Writes everything through the store. Returns the offset reached.</summary>
    public async ValueTask<long> WriteToStoreAsync(IFileWriter file, long offset, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[64 * 1024];
        while (HeldBytes > 0)
        {
            int read = Read(buffer.AsSpan(0, (int)Math.Min(HeldBytes, buffer.Length)));
            HeldBytes -= read;
            await file.WriteAsync(offset, buffer.AsMemory(0, read), cancellationToken);
            offset += read;
        }

        return offset;
    }

    public void Dispose()
    {
        _input.Dispose();
        _output.Dispose();
    }

    private static unsafe SplicePipe? TryCreate()
    {
        int* ends = stackalloc int[2];
        return LinuxCalls.Pipe(ends, LinuxCalls.CloseOnExec) == 0
            ? new SplicePipe(new SafeFileHandle(ends[0], ownsHandle: true), new SafeFileHandle(ends[1], ownsHandle: true))
            : null;
    }

    private unsafe int Read(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            nint read = LinuxCalls.Read(_output, start, (nuint)buffer.Length);
            return read > 0 ? (int)read : throw new StoreException($"The pipe cannot be read: error {Marshal.GetLastPInvokeError()}.");
        }
    }
}
