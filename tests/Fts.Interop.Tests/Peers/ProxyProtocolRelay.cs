using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fts.Interop.Tests.Peers;

/// <summary>
/// A minimal load balancer. It relays each connection to a server and first sends a PROXY header of version 1 with the client's address.
/// </summary>
internal sealed class ProxyProtocolRelay : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Socket _listener;
    private readonly Task _accepting;
    private int _connectionCount;

    public ProxyProtocolRelay(IPEndPoint own, IPEndPoint server)
    {
        _listener = new Socket(own.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(own);
        _listener.Listen(16);
        _accepting = AcceptAsync(own, server);
    }

    /// <summary>The connections accepted so far.</summary>
    public int ConnectionCount => Volatile.Read(ref _connectionCount);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stopping.Dispose();
    }

    private async Task AcceptAsync(IPEndPoint own, IPEndPoint server)
    {
        var relays = new List<Task>();
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptAsync(_stopping.Token);
                Interlocked.Increment(ref _connectionCount);
                relays.Add(RelayAsync(client, own, server));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(relays);
        }
    }

    private async Task RelayAsync(Socket client, IPEndPoint own, IPEndPoint server)
    {
        using var serverSocket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using (client)
        {
            try
            {
                var from = (IPEndPoint)client.RemoteEndPoint!;
                serverSocket.Bind(new IPEndPoint(own.Address, 0));
                await serverSocket.ConnectAsync(server, _stopping.Token);
                string header = $"PROXY TCP4 {from.Address} {own.Address} {from.Port} {own.Port}\r\n";
                await serverSocket.SendAsync(Encoding.ASCII.GetBytes(header), _stopping.Token);
                await Task.WhenAll(CopyAsync(client, serverSocket), CopyAsync(serverSocket, client));
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
            {
                // One side disconnected, or the test has ended: both sockets are closed.
            }
        }
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        await using var source = new NetworkStream(from);
        await using var target = new NetworkStream(to);
        await source.CopyToAsync(target, _stopping.Token);
        to.Shutdown(SocketShutdown.Send);
    }
}
