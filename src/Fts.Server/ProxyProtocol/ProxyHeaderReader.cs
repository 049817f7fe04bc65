using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Fts.Protocol;

namespace Fts.Server.ProxyProtocol;

/// <summary>
/// The balancers in front of this server, which begin every connection with a PROXY header: it tells whose connection they pass on. From anybody else
/// such a header is never read, or everybody could claim any address. The rule holds for control and for data connections alike.
/// </summary>
/// <param name="options">Who they are, and how long a header may take.</param>
internal sealed class ProxyHeaderReader(FtpServerOptions options)
{
    private const int TypicalHeaderLength = 256;

    private static readonly IPEndPoint NoAddress = new(IPAddress.None, 0);

    private int _runningReads;

    /// <summary>Whether a connection from this address begins with a header.</summary>
    public bool RequiresHeader(IPAddress address)
    {
        foreach (IPNetwork network in options.ProxyProtocolNetworks)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Reads the header beside everything else, then hands the connection on. The socket is closed when none comes in time; only so many are waited for
    /// at once as there may be sessions.
    /// </summary>
    public void StartReading(Socket socket, Action<ConnectionEndPoints> handOn, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _runningReads) > options.MaxSessions)
        {
            Interlocked.Decrement(ref _runningReads);
            socket.Dispose();
            return;
        }

        _ = ReadHeaderAsync(socket, handOn, cancellationToken);
    }

    /// <summary>The ends a header tells of, or the socket's own where it is the balancer's connection. Not a byte behind the header is taken.</summary>
    /// <exception cref="ProxyHeaderException">What came is no header, or none came in time.</exception>
    /// <exception cref="EndOfStreamException">The connection ended without a byte, as that of a balancer does which only looks whether somebody listens.</exception>
    /// <exception cref="SocketException">The connection broke.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<ConnectionEndPoints> ReadAsync(Socket socket, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.ProxyHeaderTimeout);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(TypicalHeaderLength);
        try
        {
            int come = 0;
            while (true)
            {
                if (come == buffer.Length)
                {
                    Enlarge(ref buffer);
                }

                // Looked at first: how much of it is header is known only then.
                int seen = await socket.ReceiveAsync(buffer.AsMemory(come), SocketFlags.Peek, limit.Token);
                if (seen == 0)
                {
                    throw come == 0 ? new EndOfStreamException("it left without a word") : new ProxyHeaderException("the connection ended inside it");
                }

                ProxyHeader? header = ProxyHeader.Parse(buffer.AsSpan(0, come + seen), out int length);
                int taken = header is null ? seen : length - come;
                come += await socket.ReceiveAsync(buffer.AsMemory(come, taken), SocketFlags.None, limit.Token);
                if (header is not null)
                {
                    return header is { Source: { } source, Destination: { } destination } ? new ConnectionEndPoints(destination, source) : ConnectionEndPoints.FromSocket(socket);
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ProxyHeaderException("it took too long");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The parser refuses what is longer than <see cref="ProxyHeader.MaxLength"/>, so that this ends.</summary>
    private static void Enlarge(ref byte[] buffer)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }

    private async Task ReadHeaderAsync(Socket socket, Action<ConnectionEndPoints> handOn, CancellationToken cancellationToken)
    {
        EndPoint balancer = NoAddress;
        try
        {
            balancer = socket.RemoteEndPoint!; // fails if the connection was reset
            handOn(await ReadAsync(socket, cancellationToken));
        }
        catch (ProxyHeaderException e)
        {
            Log.ProxyHeaderInvalid(options.Logger, balancer, e.Message.ToPrintable());
            socket.Dispose();
        }
        catch (Exception e) when (e is EndOfStreamException or SocketException or OperationCanceledException)
        {
            Log.ProxyHeaderMissing(options.Logger, balancer, e.Message.ToPrintable());
            socket.Dispose();
        }
        catch (Exception e)
        {
            Log.LoopFailed(options.Logger, e, "reader of PROXY headers");
            socket.Dispose();
        }
        finally
        {
            Interlocked.Decrement(ref _runningReads);
        }
    }
}
