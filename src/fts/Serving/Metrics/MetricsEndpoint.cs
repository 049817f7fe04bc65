using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Fts.Serving.Logging;
using Microsoft.Extensions.Logging;

namespace Fts.Serving.Metrics;

/// <summary>
/// Serves the metrics by HTTP/1.1 at <c>/metrics</c>: one request, one response, then the connection is closed. Limits the size of a
/// request, its time and the number of connections.
/// </summary>
internal sealed class MetricsEndpoint : IAsyncDisposable
{
    private const int MaxRequestBytes = 8192, MaxConnections = 8;

    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(5);

    private readonly MetricsCollector _collector = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _slots = new(MaxConnections);
    private readonly ServerLog _log;
    private readonly Socket _listener;
    private readonly Task _acceptTask;

    /// <summary>Starts to listen.</summary>
    /// <exception cref="SocketException">The address or port cannot be used.</exception>
    public MetricsEndpoint(IPEndPoint endPoint, ServerLog log)
    {
        _log = log;
        _listener = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _listener.Bind(endPoint);
            _listener.Listen(MaxConnections);
        }
        catch (SocketException)
        {
            _listener.Dispose();
            _collector.Dispose();
            throw;
        }

        EndPoint = (IPEndPoint)_listener.LocalEndPoint!;
        _acceptTask = Task.Run(AcceptAsync);
    }

    /// <summary>The address and the actual port.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Closes the listener and the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _acceptTask;
        _collector.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await _slots.WaitAsync(_stopping.Token);
                Socket client = await _listener.AcceptAsync(_stopping.Token);
                _ = ServeAsync(client);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                _slots.Release();
                if (!_stopping.IsCancellationRequested)
                {
                    _log.WriteEvent(
                        LogLevel.Warning, "MetricsFailed", $"cannot accept a connection for metrics: {e.Message}",
                        ("Reason", e.Message));
                    // Without a pause, a lack of descriptors would keep this loop busy.
                    await Task.Delay(TimeSpan.FromSeconds(1), _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
        }
    }

    private async Task ServeAsync(Socket client)
    {
        try
        {
            using Socket socket = client;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            limit.CancelAfter(RequestTimeout);
            byte[] response = CreateResponse(await ReadRequestLineAsync(socket, limit.Token));
            for (int sent = 0; sent < response.Length;)
            {
                sent += await socket.SendAsync(response.AsMemory(sent), limit.Token);
            }

            socket.Shutdown(SocketShutdown.Send);
            await socket.ReceiveAsync(new byte[1], limit.Token); // a close with unread input would reset the connection
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The client disconnected or was too slow, or the server stops.
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>
    /// Reads a request up to the empty line after its headers. Returns its first line, or null if the request is too long.
    /// </summary>
    private static async Task<string?> ReadRequestLineAsync(Socket socket, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[MaxRequestBytes];
        int length = 0, read;
        while (length < buffer.Length && (read = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken)) > 0)
        {
            length += read;
            if (buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) >= 0)
            {
                return Encoding.ASCII.GetString(buffer, 0, buffer.AsSpan(0, length).IndexOf("\r\n"u8));
            }
        }

        return null;
    }

    private byte[] CreateResponse(string? requestLine)
    {
        string[] words = requestLine?.Split(' ') ?? [];
        if (words is not [var method, var target, ['H', 'T', 'T', 'P', '/', '1', '.', _]])
        {
            return Format("400 Bad Request", "text/plain", "Bad request.\n");
        }

        if (method is not ("GET" or "HEAD"))
        {
            return Format("405 Method Not Allowed", "text/plain", "Send GET.\n", "Allow: GET, HEAD\r\n");
        }

        if (target.Split('?')[0] != "/metrics")
        {
            return Format("404 Not Found", "text/plain", "The metrics are at /metrics.\n");
        }

        var text = new PrometheusText();
        _collector.Write(text);
        ProcessMetrics.Write(text);
        return Format("200 OK", "text/plain; version=0.0.4", text.ToString(), hasBody: method == "GET");
    }

    private static byte[] Format(string status, string type, string body, string header = "", bool hasBody = true)
    {
        string head = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status}\r\nContent-Type: {type}; charset=utf-8\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n" +
            $"{header}Connection: close\r\n\r\n");
        return Encoding.UTF8.GetBytes(hasBody ? head + body : head);
    }
}
