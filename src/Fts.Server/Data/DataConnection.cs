using System.Net.Sockets;
using Fts.Protocol;

namespace Fts.Server.Data;

/// <summary>
/// The data connection of one transfer, announced to the client. Whoever opened it disposes it; <see cref="FinishAsync"/> before that tells the
/// peer that all was sent. After disposal the peer has seen the end, so that the final reply never overtakes it.
/// </summary>
internal sealed class DataConnection : IAsyncDisposable
{
    private readonly Session _session;

    private DataConnection(Session session, Socket socket) => (_session, Socket) = (session, socket);

    public Socket Socket { get; }

    /// <summary>
    /// Meets the peer and queues <paramref name="announcement"/> (150). It leaves at the latest when the transfer first waits
    /// (<see cref="AnnounceAsync"/>), so that a small file's 150 and 226 travel together.
    /// </summary>
    public static async ValueTask<DataConnection> OpenAsync(Session session, Reply announcement, CancellationToken cancellationToken)
    {
        bool announced = false;
        Socket socket = await session.Data.MeetAsync(AnnounceFirst, cancellationToken);
        try
        {
            if (!announced)
            {
                session.Queue(announcement);
            }

            session.Transfer!.Uses(socket);
            return new DataConnection(session, socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        ValueTask AnnounceFirst()
        {
            if (announced)
            {
                return default;
            }

            announced = true;
            session.Queue(announcement);
            return session.Channel.FlushAsync(cancellationToken);
        }
    }

    /// <summary>Sends the announcement if it is still queued.</summary>
    public ValueTask AnnounceAsync(CancellationToken cancellationToken) => _session.Channel.FlushAsync(cancellationToken);

    /// <summary>Sends all of the bytes.</summary>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            ValueTask<int> sending = Socket.SendAsync(bytes, SocketFlags.None, cancellationToken);
            if (!sending.IsCompleted)
            {
                await AnnounceAsync(cancellationToken);
            }

            int sent = await sending;
            _session.Transfer!.Advance(sent);
            bytes = bytes[sent..];
        }
    }

    /// <summary>Receives some bytes; 0 when the peer has sent all.</summary>
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int received = await Socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);
        _session.Transfer!.Advance(received);
        return received;
    }

    /// <summary>Tells the peer that all was sent.</summary>
    public ValueTask FinishAsync()
    {
        Socket.Shutdown(SocketShutdown.Send);
        return default;
    }

    public ValueTask DisposeAsync()
    {
        Socket.Dispose();
        return default;
    }
}
