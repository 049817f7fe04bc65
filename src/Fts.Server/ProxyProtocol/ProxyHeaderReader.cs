using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Fts.Protocol;

namespace Fts.Server.ProxyProtocol;

/// <summary>
/// Reads the PROXY protocol headers of load balancers, which contain the client's address. No header is read from other peers, because they
/// could forge the client's address. These rules apply to control and data connections.
/// </summary>
/// <param name="options">The options with the load balancers' networks and the time limit.</param>
internal sealed class ProxyHeaderReader(FtpServerOptions options)
{
    private const int TypicalHeaderLength = 256;

    private static readonly IPEndPoint NoAddress = new(IPAddress.None, 0); // logged if the load balancer's address cannot be read

    private int _runningReadCount;

    /// <summary>Returns whether a connection from this address must start with a PROXY header.</summary>
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
    /// Starts to read the header and returns without waiting. If the header is missing, invalid or late, the socket is closed. At most
    /// <see cref="FtpServerOptions.MaxSessions"/> headers are read at the same time; further connections are closed.
    /// </summary>
    /// <param name="socket">The connection.</param>
    /// <param name="onRead">Receives the addresses after the header was read. The callback takes ownership of the socket.</param>
    /// <param name="cancellationToken">Cancels the read. The socket is then closed.</param>
    public void StartReading(Socket socket, Action<ConnectionEndPoints> onRead, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _runningReadCount) > options.MaxSessions)
        {
            Interlocked.Decrement(ref _runningReadCount);
            socket.Dispose();
            return;
        }

        _ = ReadHeaderAsync(socket, onRead, cancellationToken);
    }

    /// <summary>
    /// Reads the header and returns the addresses in it. A header without addresses means that the load balancer itself is the client. In
    /// this case, returns the socket's addresses. Bytes after the header stay in the socket.
    /// </summary>
    /// <exception cref="ProxyHeaderException">The header is invalid, incomplete or late.</exception>
    /// <exception cref="EndOfStreamException">
    /// The connection was closed before the first byte. Load balancers do this to check whether the server accepts connections.
    /// </exception>
    /// <exception cref="SocketException">The connection failed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<ConnectionEndPoints> ReadAsync(Socket socket, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.ProxyHeaderTimeout);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(TypicalHeaderLength);
        try
        {
            int received = 0;
            while (true)
            {
                if (received == buffer.Length)
                {
                    Enlarge(ref buffer);
                }

                // Peek first, because only the parser determines where the header ends.
                int peeked = await socket.ReceiveAsync(buffer.AsMemory(received), SocketFlags.Peek, limit.Token);
                if (peeked == 0)
                {
                    throw received == 0
                        ? new EndOfStreamException("the connection was closed before the first byte")
                        : new ProxyHeaderException("the connection was closed within the header");
                }

                ProxyHeader? header = ProxyHeader.Parse(buffer.AsSpan(0, received + peeked), out int length);
                int headerBytes = header is null ? peeked : length - received;
                received += await socket.ReceiveAsync(buffer.AsMemory(received, headerBytes), SocketFlags.None, limit.Token);
                if (header is not null)
                {
                    return header is { Source: { } source, Destination: { } destination }
                        ? new ConnectionEndPoints(destination, source)
                        : ConnectionEndPoints.FromSocket(socket);
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ProxyHeaderException("no complete header was received in time");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// Doubles the buffer. The size stays limited, because the parser rejects headers longer than <see cref="ProxyHeader.MaxLength"/>.
    /// </summary>
    private static void Enlarge(ref byte[] buffer)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }

    private async Task ReadHeaderAsync(Socket socket, Action<ConnectionEndPoints> onRead, CancellationToken cancellationToken)
    {
        EndPoint balancer = NoAddress;
        try
        {
            balancer = socket.RemoteEndPoint!; // throws if the connection was reset
            onRead(await ReadAsync(socket, cancellationToken));
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
            Interlocked.Decrement(ref _runningReadCount);
        }
    }
}
