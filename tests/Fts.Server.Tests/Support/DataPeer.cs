using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Fts.Protocol;
using Fts.Protocol.Blocks;
using Fts.Server.Tls;

namespace Fts.Server.Tests.Support;

/// <summary>
/// The client's end of one data connection. It connects (passive mode) or accepts (active mode) on first use. Over TLS it starts the
/// handshake immediately, and the server responds when the transfer begins.
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
    private Task<(SslStream Stream, TlsRecordStream RecordStream)>? _handshake;

    private DataPeer(IPEndPoint? target, Socket? listener, TlsClient? tls, IPAddress? from, byte[]? header) =>
        (_target, _listener, _tls, _from, _header) = (target, listener, tls, from, header);

    /// <summary>Creates a peer that connects to <paramref name="target"/> from an address, and first sends a PROXY header.</summary>
    public static DataPeer CreateConnecting(IPEndPoint target, TlsClient? tls, IPAddress? from = null, byte[]? header = null) =>
        new(target, null, tls, from, header);

    /// <summary>Creates a peer that listens on a free port of an address, for active mode.</summary>
    public static DataPeer CreateListening(IPAddress address, TlsClient? tls, out IPEndPoint endPoint)
    {
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(address, 0));
        listener.Listen(1);
        endPoint = (IPEndPoint)listener.LocalEndPoint!;
        return new DataPeer(null, listener, tls, null, null);
    }

    /// <summary>Returns the end point in a 227 or 229 reply; null for other replies.</summary>
    public static IPEndPoint? ParseTarget(string reply, IPAddress server) =>
        reply.StartsWith("227 ", StringComparison.Ordinal)
        && PassiveReply.TryRead(reply[4..], FtpReplyCode.PassiveMode, out PassiveEndPoint passive)
            ? new IPEndPoint(passive.Address!, passive.Port)
        : reply.StartsWith("229 ", StringComparison.Ordinal)
        && PassiveReply.TryRead(reply[4..], FtpReplyCode.ExtendedPassiveMode, out passive)
            ? new IPEndPoint(server, passive.Port)
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
            // Not bound to the default address: binding is very slow while thousands of closed connections are in TIME_WAIT.
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
        Stream stream = await OpenStreamAsync();
        Assert.Equal(1, await stream.ReadAsync(new byte[1], TestContext.Current.CancellationToken).WithDeadline());
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        Stream stream = await OpenStreamAsync();
        await stream.WriteAsync(bytes, TestContext.Current.CancellationToken).WithDeadline();
    }

    /// <summary>Sends bytes below TLS, for example a part of a record.</summary>
    public async Task SendUnencryptedAsync(ReadOnlyMemory<byte> bytes) =>
        Assert.Equal(bytes.Length, await _socket!.SendAsync(bytes, TestContext.Current.CancellationToken).WithDeadline());

    /// <summary>
    /// Ends the data: over TLS sends close_notify and reads until the server closes. Closing with unread session tickets would reset the
    /// connection and discard sent data.
    /// </summary>
    public async Task FinishAsync()
    {
        if (await OpenStreamAsync() is SslStream stream)
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
        if (await OpenStreamAsync() is SslStream stream)
        {
            await stream.ShutdownAsync().WithDeadline();
        }

        Dispose();
    }

    /// <summary>The number of bytes that have arrived and were not read.</summary>
    public int Unread => _socket!.Available;

    /// <summary>Reads until the regular end of the connection, over TLS with close_notify, and returns the received bytes.</summary>
    public async Task<byte[]> ReadToEndAsync()
    {
        Stream stream = await OpenStreamAsync();
        using var content = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        int received;
        while ((received = await stream.ReadAsync(buffer, TestContext.Current.CancellationToken).WithDeadline()) > 0)
        {
            content.Write(buffer, 0, received);
        }

        Assert.False(
            _handshake is not null && (await _handshake).RecordStream.HasEnded,
            "The data connection ended without a close_notify.");
        return content.ToArray();
    }

    public async Task<int> ReadSomeAsync(Memory<byte> buffer)
    {
        Stream stream = await OpenStreamAsync();
        return await stream.ReadAsync(buffer, TestContext.Current.CancellationToken).WithDeadline();
    }

    /// <summary>Reads one file in blocks. The bytes after it are kept for the next call.</summary>
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

            BlockReadResult result = reader.Read(_blocks.AsSpan(_start, _end - _start));
            _start += result.ConsumedBytes;
            content.Write(_blocks, _start - result.ContentBytes, result.ContentBytes);
        }

        return content.ToArray();
    }

    /// <summary>Reads until the server closes or resets the connection.</summary>
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
            // A reset also ends the connection.
        }
    }

    /// <summary>Resets the connection, as after a restart of the client machine.</summary>
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

    private async Task<Stream> OpenStreamAsync()
    {
        await ConnectAsync();
        return _handshake is null ? new NetworkStream(_socket!) : (await _handshake.WithDeadline()).Stream;
    }
}
