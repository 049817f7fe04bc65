using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Fts.Bench.Load;

/// <summary>One blocking connection, plain or encrypted. Whoever opened it disposes it.</summary>
internal interface IWire : IDisposable
{
    void Send(ReadOnlySpan<byte> bytes);

    /// <summary>Sends at most this much of the payload, as cheaply for this side as can be; how much it was.</summary>
    long SendFrom(Payload payload, nint length);

    /// <summary>What there is, copied; 0 at the end.</summary>
    int Receive(Span<byte> buffer);

    /// <summary>Takes up to this many bytes from the connection and drops them; how many there were, 0 at the end.</summary>
    long Drop(nint length);

    /// <summary>No more will be sent; returns when the server has closed its side too.</summary>
    void FinishSending();

    /// <summary>Ends a connection that the server has closed already.</summary>
    void Forget();
}

/// <summary>One blocking TCP connection to a port of 127.0.0.1.</summary>
internal sealed unsafe class Wire : IWire
{
    private const int ReceiveTimeout = 20, SendTimeout = 21, Linger = 13, SocketLevel = 1;

    private readonly int _descriptor;
    private bool _closed;

    /// <summary>Connects, from 127.0.0.<paramref name="source"/>: one address has 28,000 ports to give.</summary>
    public Wire(int port, int source = 1)
    {
        _descriptor = Check(Kernel.Socket(Kernel.Inet, Kernel.Stream | Kernel.CloseOnExec, 0), "socket");
        try
        {
            // A server that hangs ends the measurement, not the whole run.
            long* patience = stackalloc long[] { 60, 0 };
            Check(Kernel.SetOption(_descriptor, SocketLevel, ReceiveTimeout, patience, 16), "setsockopt");
            Check(Kernel.SetOption(_descriptor, SocketLevel, SendTimeout, patience, 16), "setsockopt");
            byte* address = stackalloc byte[16];
            if (source != 1)
            {
                Write(address, source, 0);
                Check(Kernel.Bind(_descriptor, address, 16), "bind");
            }

            Write(address, 1, port);
            Check(Kernel.Connect(_descriptor, address, 16), "connect");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public int Descriptor => _descriptor;

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

    /// <summary>From a file of memory: nothing is copied on this side.</summary>
    public long SendFrom(Payload payload, nint length)
    {
        long offset = 0;
        return Check(Kernel.SendFile(_descriptor, payload.File, &offset, length), "sendfile");
    }

    public int Receive(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            return (int)Check(Kernel.Receive(_descriptor, start, buffer.Length, 0), "recv");
        }
    }

    /// <summary>In the kernel: nothing is copied.</summary>
    public long Drop(nint length) => Check(Kernel.Receive(_descriptor, null, length, Kernel.Truncate), "recv");

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

    private static void Write(byte* address, int host, int port)
    {
        new Span<byte>(address, 16).Clear();
        BinaryPrimitives.WriteInt16LittleEndian(new Span<byte>(address, 2), Kernel.Inet);
        BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(address + 2, 2), (ushort)port);
        (address[4], address[7]) = (127, (byte)host);
    }

    private static nint Check(nint result, string call) => result >= 0 ? result : throw Failure(call);

    private static int Check(int result, string call) => result >= 0 ? result : throw Failure(call);

    private static LoadException Failure(string call) => new($"{call}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
}
