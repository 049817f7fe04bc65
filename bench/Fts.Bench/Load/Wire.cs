using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Fts.Bench.Load;

/// <summary>A blocking connection, with or without TLS. The creator disposes it.</summary>
internal interface IWire : IDisposable
{
    void Send(ReadOnlySpan<byte> bytes);

    /// <summary>
    /// Sends at most this number of bytes of the payload, with as little processor time as possible. Returns the number of bytes sent.
    /// </summary>
    long SendPayload(Payload payload, nint length);

    /// <summary>Receives available bytes. Returns their number, or 0 at the end of the stream.</summary>
    int Receive(Span<byte> buffer);

    /// <summary>Receives at most this number of bytes and discards them. Returns their number, or 0 at the end of the stream.</summary>
    long Discard(nint length);

    /// <summary>Closes the sending side and waits until the server closes its side.</summary>
    void FinishSending();

    /// <summary>Closes a connection that the server has already closed.</summary>
    void CloseAfterServer();
}

/// <summary>A blocking TCP connection to a port of 127.0.0.1.</summary>
internal sealed unsafe class Wire : IWire
{
    private const int ReceiveTimeout = 20, SendTimeout = 21, Linger = 13, SocketLevel = 1;

    private readonly int _descriptor;
    private bool _isDisposed;

    /// <summary>
    /// Connects from 127.0.0.<paramref name="source"/>. Several source addresses are needed for more than 28,000 connections.
    /// </summary>
    public Wire(int port, int source = 1)
    {
        _descriptor = Check(Kernel.Socket(Kernel.Inet, Kernel.Stream | Kernel.CloseOnExec, 0), "socket");
        try
        {
            // If a server hangs, only this measurement fails.
            long* timeout = stackalloc long[] { 60, 0 };
            Check(Kernel.SetOption(_descriptor, SocketLevel, ReceiveTimeout, timeout, 16), "setsockopt");
            Check(Kernel.SetOption(_descriptor, SocketLevel, SendTimeout, timeout, 16), "setsockopt");
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

    /// <summary>Sends from the memory file with sendfile, without a copy.</summary>
    public long SendPayload(Payload payload, nint length)
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

    /// <summary>Discards the bytes in the kernel, without a copy.</summary>
    public long Discard(nint length) => Check(Kernel.Receive(_descriptor, null, length, Kernel.Truncate), "recv");

    public void FinishSending()
    {
        Check(Kernel.Shutdown(_descriptor, Kernel.ShutWrite), "shutdown");
        while (Discard(65536) > 0)
        {
            // Discards bytes that a server sends here against the protocol.
        }
    }

    /// <summary>
    /// Closes with a reset, so that the connection is in TIME_WAIT on neither side. With more than about 10,000 connections in TIME_WAIT,
    /// servers find a free port more slowly. Call it only after both sides have finished.
    /// </summary>
    public void CloseAfterServer()
    {
        int* linger = stackalloc int[] { 1, 0 };
        Check(Kernel.SetOption(_descriptor, SocketLevel, Linger, linger, 8), "setsockopt");
        Dispose();
    }

    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
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

    private static nint Check(nint result, string call) => result >= 0 ? result : throw CreateException(call);

    private static int Check(int result, string call) => result >= 0 ? result : throw CreateException(call);

    private static MeasurementException CreateException(string call) =>
        new($"{call}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
}
