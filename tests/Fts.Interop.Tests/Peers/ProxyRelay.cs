using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fts.Interop.Tests.Peers;

/// <summary>A balancer in its simplest form: passes each connection on to a server, beginning with a PROXY header of version 1 that names the client.</summary>
internal sealed class ProxyRelay : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Socket _listener;
    private readonly Task _accepting;
    private int _passed;

    public ProxyRelay(IPEndPoint own, IPEndPoint server)
    {
        _listener = new Socket(own.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(own);
        _listener.Listen(16);
        _accepting = AcceptAsync(own, server);
    }

    /// <summary>Connections passed on so far.</summary>
    public int Passed => Volatile.Read(ref _passed);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stopping.Dispose();
    }

    private async Task AcceptAsync(IPEndPoint own, IPEndPoint server)
    {
        var passing = new List<Task>();
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptAsync(_stopping.Token);
                Interlocked.Increment(ref _passed);
                passing.Add(PassAsync(client, own, server));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(passing);
        }
    }

    private async Task PassAsync(Socket client, IPEndPoint own, IPEndPoint server)
    {
        using var onward = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using (client)
        {
            try
            {
                var from = (IPEndPoint)client.RemoteEndPoint!;
                onward.Bind(new IPEndPoint(own.Address, 0));
                await onward.ConnectAsync(server, _stopping.Token);
                await onward.SendAsync(Encoding.ASCII.GetBytes($"PROXY TCP4 {from.Address} {own.Address} {from.Port} {own.Port}\r\n"), _stopping.Token);
                await Task.WhenAll(CopyAsync(client, onward), CopyAsync(onward, client));
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
            {
                // One side went; closing the other tells it.
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
