using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Fts.Serving.Control;

namespace Fts.Serving.Delivery;

/// <summary>
/// One end of the connection between the server and its runner. A message is a line of JSON. The caller disposes the socket.
/// </summary>
/// <param name="socket">The connection.</param>
internal sealed class RunnerLines(Socket socket) : IDisposable
{
    /// <summary>The maximum number of bytes of a message. An event has at most two paths.</summary>
    private const int MaxBytes = 1024 * 1024;

    private readonly ControlLines _lines = new(socket, MaxBytes);
    private readonly SemaphoreSlim _sendLock = new(1, 1);

    /// <summary>Reads a message. Returns null at the end of the connection. Not thread-safe.</summary>
    public async ValueTask<T?> ReadAsync<T>(JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return await _lines.ReadAsync(CancellationToken.None) is { } line ? JsonSerializer.Deserialize(line.Span, type) : null;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>Sends a message. Thread-safe. A message is sent as a whole or not at all, so the call cannot be cancelled.</summary>
    /// <exception cref="SocketException">The other process has ended.</exception>
    public async Task SendAsync<T>(T message, JsonTypeInfo<T> type)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(message, type);
        ReadOnlyMemory<byte> rest = (byte[])[.. json, (byte)'\n'];
        await _sendLock.WaitAsync(CancellationToken.None);
        try
        {
            while (!rest.IsEmpty)
            {
                rest = rest[await socket.SendAsync(rest, SocketFlags.None, CancellationToken.None)..];
            }
        }
        finally
        {
            _sendLock.Release();
        }
    }

    public void Dispose() => _sendLock.Dispose();
}
