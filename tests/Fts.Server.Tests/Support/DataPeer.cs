using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Fts.Protocol;
using Fts.Protocol.Blocks;
using Fts.Server.Tls;

namespace Fts.Server.Tests.Support;

/// <summary>
/// The client's end of one data connection: it connects (passive), or is connected to (active), when it is first used. Over TLS it shakes
/// hands as soon as it is connected, which the server answers once the transfer begins.
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

    /// <summary>Will connect there, from an address, and begin with a balancer's header.</summary>
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

    /// <summary>Where a 227 or 229 reply says to connect; null for other replies.</summary>
    public static IPEndPoint? ParseTarget(string reply, IPAddress server) =>
        reply.StartsWith("227 ", StringComparison.Ordinal) && PassiveReply.TryRead(
            reply[4..], FtpReplyCode.PassiveMode, out PassiveEndPoint told) ? new IPEndPoint(told.Address!, told.Port)
        : reply.StartsWith("229 ", StringComparison.Ordinal) && PassiveReply.TryRead(reply[4..], FtpReplyCode.ExtendedPassiveMode, out told)
            ? new IPEndPoint(server, told.Port)
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
            // Left out where the system would choose the same: binding slows to a crawl once thousands of closed connections wait.
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
    /// Says that all was sent, as TLS wants it said before the connection is closed; and reads what the server sent besides, its tickets:
    /// closing with these unread would reset the connection, and what was sent with it.
    /// </summary>
    public async Task FinishAsync()
    {
        if (await StreamAsync() is SslStream stream)
        {
            await stream.ShutdownAsync().WithDeadline();
            _socket!.Shutdown(SocketShutdown.Send);
            await ReadToAnyEndAsync();
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

    /// <summary>The number of bytes that have arrived and were not read.</summary>
    public int Unread => _socket!.Available;

    /// <summary>Everything up to the orderly end of the connection; over TLS one that was announced.</summary>
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

    /// <summary>One file in blocks; what comes beyond it is kept for the next.</summary>
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

            BlockReadResult piece = reader.Read(_blocks.AsSpan(_start, _end - _start));
            _start += piece.ConsumedBytes;
            content.Write(_blocks, _start - piece.ContentBytes, piece.ContentBytes);
        }

        return content.ToArray();
    }

    /// <summary>Reads on until the server ended the connection, in whatever way.</summary>
    public async Task ReadToAnyEndAsync()
    {
        try
        {
            while (await ReadSomeAsync(new byte[64 * 1024]) > 0)
            {
            }
        }
        catch (IOException)
        {
            // Reset: an end as well.
        }
    }

    /// <summary>Ends the connection with a reset, as a machine that vanishes and comes back does.</summary>
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
