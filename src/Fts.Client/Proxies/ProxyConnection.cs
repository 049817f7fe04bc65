using System.Net.Sockets;
using Fts.Client.Connections;

namespace Fts.Client.Proxies;

/// <summary>
/// Sends and receives the messages of the handshake with a proxy over a connected socket. Reads no byte after the response of the proxy,
/// because the next bytes are from the server.
/// </summary>
/// <remarks>Does not own the socket. The time limit applies to each step.</remarks>
internal sealed class ProxyConnection(Socket socket, FtpProxy proxy, TimeSpan limit, CancellationToken cancellationToken)
{
    public FtpProxy Proxy => proxy;

    /// <summary>Sends all bytes.</summary>
    public Task SendAsync(ReadOnlyMemory<byte> bytes) => RunStepAsync(async token =>
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, token).ConfigureAwait(false)..];
        }
    });

    /// <summary>Reads until the buffer is full.</summary>
    public Task ReceiveAsync(Memory<byte> buffer) => RunStepAsync(async token =>
    {
        while (!buffer.IsEmpty)
        {
            buffer = buffer[await ReceiveSomeAsync(buffer, SocketFlags.None, token).ConfigureAwait(false)..];
        }
    });

    /// <summary>Reads one message, and no byte after its end.</summary>
    /// <param name="maxBytes">The maximum length of the message in bytes.</param>
    /// <param name="findEnd">Returns the length of the message in bytes, or -1 if the end has not been received yet.</param>
    /// <returns>The message, or null if it is longer than <paramref name="maxBytes"/>.</returns>
    public async Task<byte[]?> ReceiveUntilAsync(int maxBytes, Func<ReadOnlySpan<byte>, int> findEnd)
    {
        byte[] buffer = new byte[maxBytes];
        byte[]? message = null;
        await RunStepAsync(async token =>
        {
            for (int length = 0; length < maxBytes && message is null;)
            {
                // Peek first, then receive up to the end, so that the bytes of the server stay in the socket.
                int peeked = await ReceiveSomeAsync(buffer.AsMemory(length), SocketFlags.Peek, token).ConfigureAwait(false);
                int end = findEnd(buffer.AsSpan(0, length + peeked));
                int count = end < 0 ? peeked : end - length;
                length += await ReceiveSomeAsync(buffer.AsMemory(length, count), SocketFlags.None, token).ConfigureAwait(false);
                message = length == end ? buffer[..end] : null;
            }
        }).ConfigureAwait(false);
        return message;
    }

    /// <summary>Returns an exception for a permanent error or an invalid response.</summary>
    /// <param name="reason">The predicate of a sentence about the proxy, for example "cannot be reached".</param>
    public FtpProxyException CreatePermanentException(string reason) => new(proxy, reason, isTransient: false);

    /// <summary>Returns an exception for a transient error.</summary>
    /// <param name="reason">The predicate of a sentence about the proxy, for example "cannot be reached".</param>
    /// <param name="innerException">The cause, if known.</param>
    public FtpProxyException CreateTransientException(string reason, Exception? innerException = null) =>
        new(proxy, reason, isTransient: true, innerException);

    private async ValueTask<int> ReceiveSomeAsync(Memory<byte> buffer, SocketFlags flags, CancellationToken token) =>
        await socket.ReceiveAsync(buffer, flags, token).ConfigureAwait(false) is > 0 and var read
            ? read
            : throw CreateTransientException("closed the connection before its response was complete");

    private async Task RunStepAsync(Func<CancellationToken, Task> step)
    {
        using var deadline = new Deadline(limit, cancellationToken);
        try
        {
            await step(deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            Exception translated = deadline.Translate(e, FtpOperationPhase.Proxy);
            throw translated is FtpTimeoutException timeout
                ? CreateTransientException($"did not respond: {timeout.Message}", timeout)
                : translated;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw CreateTransientException($"dropped the connection: {e.Message}", e);
        }
    }
}
