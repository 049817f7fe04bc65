using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Fts.Bench.Load;

/// <summary>One blocking TCP connection to a port of 127.0.0.1. Whoever opened it disposes it.</summary>
internal sealed unsafe class Wire : IDisposable
{
    private const int ReceiveTimeout = 20, SendTimeout = 21, Linger = 13, SocketLevel = 1;

    private readonly int _descriptor;
    private bool _closed;

    public Wire(int port)
    {
        _descriptor = Check(Kernel.Socket(Kernel.Inet, Kernel.Stream | Kernel.CloseOnExec, 0), "socket");
        // A server that hangs ends the measurement, not the whole run.
        long* patience = stackalloc long[] { 60, 0 };
        Check(Kernel.SetOption(_descriptor, SocketLevel, ReceiveTimeout, patience, 16), "setsockopt");
        Check(Kernel.SetOption(_descriptor, SocketLevel, SendTimeout, patience, 16), "setsockopt");
        byte* address = stackalloc byte[16];
        new Span<byte>(address, 16).Clear();
        BinaryPrimitives.WriteInt16LittleEndian(new Span<byte>(address, 2), Kernel.Inet);
        BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(address + 2, 2), (ushort)port);
        (address[4], address[7]) = (127, 1);
        if (Kernel.Connect(_descriptor, address, 16) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            Dispose();
            throw new LoadException($"connect to port {port}: {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }

    public void Send(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            for (int sent = 0; sent < bytes.Length;)
            {
                sent += (int)Check(Kernel.Send(_descriptor, start + sent, bytes.Length - sent, Kernel.NoSignal), "send");
            }
        }
    }

    /// <summary>Sends from a file of memory, so that sending costs this side as little as it can.</summary>
    public long SendFrom(int file, nint length)
    {
        long offset = 0;
        return Check(Kernel.SendFile(_descriptor, file, &offset, length), "sendfile");
    }

    /// <summary>What there is, copied; 0 at the end.</summary>
    public int Receive(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            return (int)Check(Kernel.Receive(_descriptor, start, buffer.Length, 0), "recv");
        }
    }

    /// <summary>Takes up to this many bytes from the connection and drops them in the kernel; how many there were, 0 at the end.</summary>
    public long Drop(nint length) => Check(Kernel.Receive(_descriptor, null, length, Kernel.Truncate), "recv");

    /// <summary>No more will be sent; returns when the server has closed its side too.</summary>
    public void FinishSending()
    {
        Check(Kernel.Shutdown(_descriptor, Kernel.ShutWrite), "shutdown");
        while (Drop(65536) > 0)
        {
            // A server has nothing to say here; what it says anyway is dropped.
        }
    }

    /// <summary>
    /// Closes so that neither side remembers: a server that closed first would keep the connection for a minute, and beyond some ten thousand of those
    /// every server slows down that asks for a free port. Only once both sides are done.
    /// </summary>
    public void Forget()
    {
        int* linger = stackalloc int[] { 1, 0 };
        Check(Kernel.SetOption(_descriptor, SocketLevel, Linger, linger, 8), "setsockopt");
        Dispose();
    }

    public void Dispose()
    {
        if (!_closed)
        {
            _closed = true;
            _ = Kernel.Close(_descriptor);
        }
    }

    private static nint Check(nint result, string call) => result >= 0 ? result : throw Failure(call);

    private static int Check(int result, string call) => result >= 0 ? result : throw Failure(call);

    private static LoadException Failure(string call) => new($"{call}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
}
