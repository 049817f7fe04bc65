using System.Net.Sockets;
using Fts.Client.Connections;

namespace Fts.Client.Proxies;

/// <summary>
/// The first words on a connection to a proxy. Each step has the deadline of a connect, and nothing is taken from the socket that follows the proxy's
/// answer: the server's greeting may have come in the same packet.
/// </summary>
/// <remarks>Does not own the socket.</remarks>
internal sealed class ProxyConnection(Socket socket, FtpProxy proxy, TimeSpan limit, CancellationToken cancellationToken)
{
    public FtpProxy Proxy => proxy;

    public Task SendAsync(ReadOnlyMemory<byte> bytes) => RunStepAsync(async token =>
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, token).ConfigureAwait(false)..];
        }
    });

    /// <summary>Fills a buffer.</summary>
    public Task ReceiveAsync(Memory<byte> buffer) => RunStepAsync(async token =>
    {
        while (!buffer.IsEmpty)
        {
            buffer = buffer[await ReceiveSomeAsync(buffer, SocketFlags.None, token).ConfigureAwait(false)..];
        }
    });

    /// <summary>Reads up to and including the first of what <paramref name="findEnd"/> finds, and not a byte more.</summary>
    /// <param name="maxBytes">How many bytes that may take.</param>
    /// <param name="findEnd">Where what was read ends; -1 while it does not.</param>
    /// <returns>The bytes; null when they do not end within <paramref name="maxBytes"/>.</returns>
    public async Task<byte[]?> ReceiveUntilAsync(int maxBytes, Func<ReadOnlySpan<byte>, int> findEnd)
    {
        byte[] buffer = new byte[maxBytes];
        byte[]? whole = null;
        await RunStepAsync(async token =>
        {
            for (int length = 0; length < maxBytes && whole is null;)
            {
                // Looked at first and taken then, so that what belongs to the server stays.
                int seen = await ReceiveSomeAsync(buffer.AsMemory(length), SocketFlags.Peek, token).ConfigureAwait(false);
                int end = findEnd(buffer.AsSpan(0, length + seen));
                int taken = end < 0 ? seen : end - length;
                length += await ReceiveSomeAsync(buffer.AsMemory(length, taken), SocketFlags.None, token).ConfigureAwait(false);
                whole = length == end ? buffer[..end] : null;
            }
        }).ConfigureAwait(false);
        return whole;
    }

    /// <summary>The proxy refuses for good, or makes no sense.</summary>
    public FtpProxyException CreatePermanentException(string reason) => new(proxy, reason, isTransient: false);

    /// <summary>The proxy failed in a way that may pass.</summary>
    public FtpProxyException CreateTransientException(string reason, Exception? innerException = null) => new(proxy, reason, isTransient: true, innerException);

    private async ValueTask<int> ReceiveSomeAsync(Memory<byte> buffer, SocketFlags flags, CancellationToken token) =>
        await socket.ReceiveAsync(buffer, flags, token).ConfigureAwait(false) is > 0 and var read ? read : throw CreateTransientException("closed the connection before its answer was complete");

    private async Task RunStepAsync(Func<CancellationToken, Task> step)
    {
        using var deadline = new Deadline(limit, cancellationToken);
        try
        {
            await step(deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            throw deadline.Translate(e, FtpOperationPhase.Proxy) is FtpTimeoutException timeout ? CreateTransientException($"did not answer: {timeout.Message}", timeout) : deadline.Translate(e, FtpOperationPhase.Proxy);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw CreateTransientException($"broke the connection off: {e.Message}", e);
        }
    }
}
