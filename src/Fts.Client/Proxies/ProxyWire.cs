using System.Net.Sockets;

namespace Fts.Client;

/// <summary>
/// The first words on a connection to a proxy. Each step has the deadline of a connect, and nothing is taken from the socket that follows the proxy's
/// answer: the server's greeting may have come in the same packet.
/// </summary>
/// <remarks>Does not own the socket.</remarks>
internal sealed class ProxyWire(Socket socket, FtpProxy proxy, TimeSpan limit, CancellationToken cancellationToken)
{
    public FtpProxy Proxy => proxy;

    public Task SendAsync(ReadOnlyMemory<byte> bytes) => StepAsync(async token =>
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, token).ConfigureAwait(false)..];
        }
    });

    /// <summary>Fills a buffer.</summary>
    public Task ReceiveAsync(Memory<byte> exactly) => StepAsync(async token =>
    {
        while (!exactly.IsEmpty)
        {
            exactly = exactly[await SomeAsync(exactly, SocketFlags.None, token).ConfigureAwait(false)..];
        }
    });

    /// <summary>Reads up to and including the first of what <paramref name="endOf"/> finds, and not a byte more.</summary>
    /// <param name="most">How many bytes that may take.</param>
    /// <param name="endOf">Where what was read ends; -1 while it does not.</param>
    /// <returns>The bytes; null when they do not end within <paramref name="most"/>.</returns>
    public async Task<byte[]?> ReceiveUntilAsync(int most, Func<ReadOnlySpan<byte>, int> endOf)
    {
        byte[] buffer = new byte[most];
        byte[]? whole = null;
        await StepAsync(async token =>
        {
            for (int length = 0; length < most && whole is null;)
            {
                // Looked at first and taken then, so that what belongs to the server stays.
                int seen = await SomeAsync(buffer.AsMemory(length), SocketFlags.Peek, token).ConfigureAwait(false);
                int end = endOf(buffer.AsSpan(0, length + seen));
                int taken = end < 0 ? seen : end - length;
                length += await SomeAsync(buffer.AsMemory(length, taken), SocketFlags.None, token).ConfigureAwait(false);
                whole = length == end ? buffer[..end] : null;
            }
        }).ConfigureAwait(false);
        return whole;
    }

    /// <summary>The proxy refuses for good, or makes no sense.</summary>
    public FtpProxyException Failed(string reason) => new(proxy, reason, isTransient: false);

    /// <summary>The proxy failed in a way that may pass.</summary>
    public FtpProxyException FailedNow(string reason, Exception? innerException = null) => new(proxy, reason, isTransient: true, innerException);

    private async ValueTask<int> SomeAsync(Memory<byte> buffer, SocketFlags flags, CancellationToken token) =>
        await socket.ReceiveAsync(buffer, flags, token).ConfigureAwait(false) is > 0 and var read ? read : throw FailedNow("closed the connection before its answer was complete");

    private async Task StepAsync(Func<CancellationToken, Task> step)
    {
        using var deadline = new Deadline(limit, cancellationToken);
        try
        {
            await step(deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            throw deadline.Translate(e, FtpConnectionPhase.Proxy) is FtpTimeoutException timeout ? FailedNow($"did not answer: {timeout.Message}", timeout) : deadline.Translate(e, FtpConnectionPhase.Proxy);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw FailedNow($"broke the connection off: {e.Message}", e);
        }
    }
}
