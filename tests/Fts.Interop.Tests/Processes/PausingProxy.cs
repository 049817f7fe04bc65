using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fts.Interop.Tests.Processes;

/// <summary>
/// An HTTP proxy (CONNECT) through which a transfer comes to a stop after as many bytes as a test wants: whoever is killed then is killed in the middle.
/// Connections to the server's own port are commands and pass; all others are data.
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

    /// <summary>Bytes of data that passed since the last <see cref="PauseAfter"/> or <see cref="ResetConnections"/>.</summary>
    public long TransferredBytes { get; private set; }

    /// <summary>From now on so many bytes of data pass, and no more; returns when they have.</summary>
    public Task PauseAfter(long bytes)
    {
        lock (_lock)
        {
            (_remaining, TransferredBytes) = (bytes, 0);
            _paused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _paused.Task;
        }
    }

    /// <summary>Resets every connection; what is opened after that passes freely.</summary>
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
            await client.SendAsync("HTTP/1.1 200 go on\r\n\r\n"u8.ToArray(), _stop.Token);
            bool isData = port != _controlPort;
            await Task.WhenAll(CopyAsync(client, server, isData), CopyAsync(server, client, isData));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One side went.
        }
    }

    /// <summary>The port in <c>CONNECT 127.0.0.1:2121 HTTP/1.1</c>.</summary>
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
