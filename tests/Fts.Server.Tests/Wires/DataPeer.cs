using System.Net;
using System.Net.Sockets;
using Fts.Protocol;

namespace Fts.Server.Tests;

/// <summary>The client's end of one data connection: it connects (passive), or is connected to (active), when it is first used.</summary>
internal sealed class DataPeer : IDisposable
{
    private readonly IPEndPoint? _target;
    private readonly Socket? _listener;
    private Socket? _socket;

    private DataPeer(IPEndPoint? target, Socket? listener) => (_target, _listener) = (target, listener);

    public static DataPeer To(IPEndPoint target) => new(target, null);

    public static DataPeer Listening(IPAddress address, out IPEndPoint endPoint)
    {
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(address, 0));
        listener.Listen(1);
        endPoint = (IPEndPoint)listener.LocalEndPoint!;
        return new DataPeer(null, listener);
    }

    /// <summary>Where a 227 or 229 reply says to connect; null for other replies.</summary>
    public static IPEndPoint? TargetIn(string reply, IPAddress server) =>
        reply.StartsWith("227 ", StringComparison.Ordinal) && HostPort.TryParsePassiveReply(reply[4..], out IPEndPoint endPoint) ? endPoint
        : reply.StartsWith("229 ", StringComparison.Ordinal) && HostPort.TryParseExtendedPassiveReply(reply.AsSpan(4), out int port) ? new IPEndPoint(server, port)
        : null;

    public async Task<Socket> ConnectAsync()
    {
        if (_socket is not null)
        {
            return _socket;
        }

        if (_listener is not null)
        {
            return _socket = await _listener.AcceptAsync(TestContext.Current.CancellationToken).InTime();
        }

        var socket = new Socket(_target!.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_target, TestContext.Current.CancellationToken).InTime();
        return _socket = socket;
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        Socket socket = await ConnectAsync();
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, TestContext.Current.CancellationToken).InTime()..];
        }
    }

    /// <summary>Everything up to the orderly end of the connection.</summary>
    public async Task<byte[]> ReadToEndAsync()
    {
        Socket socket = await ConnectAsync();
        using var content = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        int received;
        while ((received = await socket.ReceiveAsync(buffer, SocketFlags.None, TestContext.Current.CancellationToken).InTime()) > 0)
        {
            content.Write(buffer, 0, received);
        }

        return content.ToArray();
    }

    public async Task<int> ReadSomeAsync(Memory<byte> buffer)
    {
        Socket socket = await ConnectAsync();
        return await socket.ReceiveAsync(buffer, SocketFlags.None, TestContext.Current.CancellationToken).InTime();
    }

    /// <summary>Reads on until the server ended the connection, in whatever way.</summary>
    public async Task ReadToAnyEndAsync()
    {
        try
        {
            await ReadToEndAsync();
        }
        catch (SocketException)
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
}
