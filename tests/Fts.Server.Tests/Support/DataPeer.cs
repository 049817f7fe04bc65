using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Fts.Protocol;
using Fts.Protocol.Blocks;
using Fts.Server.Tls;

namespace Fts.Server.Tests.Support;

/// <summary>
/// The client's end of one data connection. On first use, it connects (passive mode) or accepts (active mode). Over TLS it starts the
/// handshake immediately; the server responds when the transfer begins.
/// </summary>
internal sealed class DataPeer : IDisposable
{
    private readonly IPEndPoint? _target;
    private readonly Socket? _listener;
    private readonly TlsClient? _tls;
    private readonly IPAddress? _from;
    private readonly byte[]? _header;
    private readonly byte[] _blocks = new byte[64 * 1024];
    private Socket? _socket;
    private int _start, _end;
    private Task<(SslStream Stream, TlsRecordStream Tap)>? _handshake;

    private DataPeer(IPEndPoint? target, Socket? listener, TlsClient? tls, IPAddress? from, byte[]? header) =>
        (_target, _listener, _tls, _from, _header) = (target, listener, tls, from, header);

    /// <summary>Creates a peer that connects to a target, optionally from an address and with a PROXY header.</summary>
    public static DataPeer CreateConnecting(IPEndPoint target, TlsClient? tls, IPAddress? from = null, byte[]? header = null) =>
        new(target, null, tls, from, header);

    public static DataPeer CreateListening(IPAddress address, TlsClient? tls, out IPEndPoint endPoint)
    {
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(address, 0));
        listener.Listen(1);
        endPoint = (IPEndPoint)listener.LocalEndPoint!;
        return new DataPeer(null, listener, tls, null, null);
    }

    /// <summary>Returns the target of a 227 or 229 reply, or null for other replies.</summary>
    public static IPEndPoint? ParseTarget(string reply, IPAddress server) =>
        reply.StartsWith("227 ", StringComparison.Ordinal) && PassiveReply.TryRead(
            reply[4..], FtpReplyCode.PassiveMode, out PassiveEndPoint parsed) ? new IPEndPoint(parsed.Address!, parsed.Port)
        : reply.StartsWith("229 ", StringComparison.Ordinal)
            && PassiveReply.TryRead(reply[4..], FtpReplyCode.ExtendedPassiveMode, out parsed)
            ? new IPEndPoint(server, parsed.Port)
        : null;

    public async Task ConnectAsync()
    {
        if (_socket is not null)
        {
            return;
        }

        if (_listener is not null)
        {
            _socket = await _listener.AcceptAsync(TestContext.Current.CancellationToken).WithDeadline();
        }
        else
        {
            var socket = new Socket(_target!.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            // Bind only if necessary: it becomes very slow with thousands of connections in TIME_WAIT.
            if (_from is not null && !_from.Equals(_target.Address))
            {
                socket.Bind(new IPEndPoint(_from, 0));
            }

            await socket.ConnectAsync(_target, TestContext.Current.CancellationToken).WithDeadline();
            await socket.SendAsync(_header ?? [], TestContext.Current.CancellationToken).WithDeadline();
            _socket = socket;
        }

        _handshake = _tls?.HandshakeAsync(new NetworkStream(_socket));
    }

    /// <summary>Receives one byte. Over TLS the server has then finished its handshake.</summary>
    public async Task ReceiveOneByteAsync()
    {
        Stream stream = await StreamAsync();
        Assert.Equal(1, await stream.ReadAsync(new byte[1], TestContext.Current.CancellationToken).WithDeadline());
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        Stream stream = await StreamAsync();
        await stream.WriteAsync(bytes, TestContext.Current.CancellationToken).WithDeadline();
    }

    /// <summary>Sends bytes below TLS, for example a part of a record.</summary>
    public async Task SendUnencryptedAsync(ReadOnlyMemory<byte> bytes) =>
        Assert.Equal(bytes.Length, await _socket!.SendAsync(bytes, TestContext.Current.CancellationToken).WithDeadline());

    /// <summary>
    /// Over TLS, sends close_notify and reads the session tickets of the server. Unread tickets would turn the close into a reset, which
    /// discards the sent data.
    /// </summary>
    public async Task FinishAsync()
    {
        if (await StreamAsync() is SslStream stream)
        {
            await stream.ShutdownAsync().WithDeadline();
            _socket!.Shutdown(SocketShutdown.Send);
            await ReadUntilClosedAsync();
        }
    }

    /// <summary>
    /// Sends close_notify and closes without reading, as Go's TLS does. If the server sent anything before, the close becomes a reset,
    /// which discards what the server has not received yet.
    /// </summary>
    public async Task CloseUnreadAsync()
    {
        if (await StreamAsync() is SslStream stream)
        {
            await stream.ShutdownAsync().WithDeadline();
        }

        Dispose();
    }

    /// <summary>The number of TCP segments that have arrived, with that of the connection's start. Linux only.</summary>
    public int GetReceivedSegments()
    {
        const int TcpLevel = 6, TcpInfo = 11, SegmentsReceivedOffset = 140; // linux/tcp.h, struct tcp_info: tcpi_segs_in
        byte[] info = new byte[SegmentsReceivedOffset + sizeof(int)];
        Assert.Equal(info.Length, _socket!.GetRawSocketOption(TcpLevel, TcpInfo, info));
        return BitConverter.ToInt32(info, SegmentsReceivedOffset);
    }

    /// <summary>The number of bytes that have arrived and were not read.</summary>
    public int Unread => _socket!.Available;

    /// <summary>Reads to the regular end of the connection. Over TLS, fails without close_notify.</summary>
    public async Task<byte[]> ReadToEndAsync()
    {
        Stream stream = await StreamAsync();
        using var content = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        int received;
        while ((received = await stream.ReadAsync(buffer, TestContext.Current.CancellationToken).WithDeadline()) > 0)
        {
            content.Write(buffer, 0, received);
        }

        Assert.False(_handshake is not null && (await _handshake).Tap.HasEnded, "The data connection ended without a close_notify.");
        return content.ToArray();
    }

    public async Task<int> ReadSomeAsync(Memory<byte> buffer)
    {
        Stream stream = await StreamAsync();
        return await stream.ReadAsync(buffer, TestContext.Current.CancellationToken).WithDeadline();
    }

    /// <summary>Reads one file in block mode. Further bytes are kept for the next file.</summary>
    public async Task<byte[]> ReadFileAsync()
    {
        using var content = new MemoryStream();
        var reader = new BlockReader();
        while (!reader.IsEndOfFile)
        {
            if (_start == _end)
            {
                (_start, _end) = (0, await ReadSomeAsync(_blocks));
                Assert.True(_end > 0, "The data connection ended before the file's last block.");
            }

            BlockReadResult read = reader.Read(_blocks.AsSpan(_start, _end - _start));
            _start += read.ConsumedBytes;
            content.Write(_blocks, _start - read.ContentBytes, read.ContentBytes);
        }

        return content.ToArray();
    }

    /// <summary>Reads until the connection ends, regularly or with a reset.</summary>
    public async Task ReadUntilClosedAsync()
    {
        try
        {
            while (await ReadSomeAsync(new byte[64 * 1024]) > 0)
            {
            }
        }
        catch (IOException)
        {
            // The connection was reset.
        }
    }

    /// <summary>Closes the connection with a reset.</summary>
    public void Reset()
    {
        _socket!.LingerState = new LingerOption(true, 0);
        Dispose();
    }

    public void Dispose()
    {
        _socket?.Dispose();
        _listener?.Dispose();
    }

    private async Task<Stream> StreamAsync()
    {
        await ConnectAsync();
        return _handshake is null ? new NetworkStream(_socket!) : (await _handshake.WithDeadline()).Stream;
    }
}
