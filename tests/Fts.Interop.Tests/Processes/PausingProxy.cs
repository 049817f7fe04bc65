using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fts.Interop.Tests.Processes;

/// <summary>
/// An HTTP proxy (CONNECT) that pauses a transfer after a given number of bytes, so that a test can kill a process during the transfer.
/// Connections to the control port always pass. All other connections are data connections.
/// </summary>
internal sealed class PausingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _controlPort;
    private readonly Lock _lock = new();
    private readonly List<Socket> _sockets = [];
    private readonly Task _accepting;
    private TaskCompletionSource _paused = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _remaining = long.MaxValue;

    public PausingProxy(int controlPort)
    {
        _controlPort = controlPort;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Url => string.Create(CultureInfo.InvariantCulture, $"http://{_listener.LocalEndpoint}");

    /// <summary>The bytes of data relayed since the last <see cref="PauseAfter"/> or <see cref="ResetConnections"/>.</summary>
    public long TransferredBytes { get; private set; }

    /// <summary>Relays <paramref name="bytes"/> more bytes of data, then pauses. The returned task completes at the pause.</summary>
    public Task PauseAfter(long bytes)
    {
        lock (_lock)
        {
            (_remaining, TransferredBytes) = (bytes, 0);
            _paused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _paused.Task;
        }
    }

    /// <summary>Resets every connection. Later connections are relayed without a limit.</summary>
    public void ResetConnections()
    {
        lock (_lock)
        {
            foreach (Socket socket in _sockets)
            {
                socket.Close(0);
            }

            _sockets.Clear();
            (_remaining, TransferredBytes) = (long.MaxValue, 0);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        ResetConnections();
        await ((Task)_accepting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client = await _listener.AcceptSocketAsync(_stop.Token);
            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        try
        {
            var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            lock (_lock)
            {
                _sockets.AddRange([client, server]);
            }

            int port = await ReadPortAsync(client);
            await server.ConnectAsync(IPAddress.Loopback, port, _stop.Token);
            await client.SendAsync("HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray(), _stop.Token);
            bool isData = port != _controlPort;
            await Task.WhenAll(CopyAsync(client, server, isData), CopyAsync(server, client, isData));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One side disconnected, or the test has ended.
        }
    }

    /// <summary>Reads a request such as <c>CONNECT 127.0.0.1:2121 HTTP/1.1</c> and returns its port.</summary>
    private async Task<int> ReadPortAsync(Socket client)
    {
        var head = new StringBuilder();
        byte[] buffer = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await client.ReceiveAsync(buffer, _stop.Token) > 0)
        {
            head.Append((char)buffer[0]);
        }

        string host = head.ToString().Split(' ')[1];
        return int.Parse(host[(host.LastIndexOf(':') + 1)..], CultureInfo.InvariantCulture);
    }

    private async Task CopyAsync(Socket from, Socket to, bool isData)
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            for (int read; (read = await from.ReceiveAsync(buffer, _stop.Token)) > 0;)
            {
                int allowed = isData ? TakeAllowance(read) : read;
                for (int sent = 0; sent < allowed;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, allowed - sent), _stop.Token);
                }

                if (allowed < read)
                {
                    _paused.TrySetResult();
                    await Task.Delay(Timeout.Infinite, _stop.Token);
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            to.Close(0);
        }
    }

    private int TakeAllowance(int bytes)
    {
        lock (_lock)
        {
            int allowed = (int)Math.Min(bytes, _remaining);
            _remaining -= _remaining == long.MaxValue ? 0 : allowed;
            TransferredBytes += allowed;
            return allowed;
        }
    }
}
