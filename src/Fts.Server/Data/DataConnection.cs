using System.Net.Sockets;
using Fts.Protocol;
using Fts.Server.Tls;

namespace Fts.Server.Data;

/// <summary>
/// The data connection of one transfer, announced to the client. Whoever opened it disposes it; <see cref="FinishAsync"/> before that tells the
/// peer that all was sent. After disposal the peer has seen the end, so that the final reply never overtakes it.
/// </summary>
internal sealed class DataConnection : IAsyncDisposable
{
    private readonly Session _session;
    private DataTls? _tls;

    private DataConnection(Session session, Socket socket) => (_session, Socket) = (session, socket);

    /// <summary>Whether bytes travel as they are, so that the kernel may copy them.</summary>
    public bool IsPlain => _tls is null;

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
            var data = new DataConnection(session, socket);
            if (session.Tls is { ProtectsData: true } tls)
            {
                await data.AnnounceAsync(cancellationToken); // some clients shake hands only then
                socket.NoDelay = true;
                data._tls = await tls.AcceptDataAsync(session, new NetworkStream(socket), cancellationToken);
            }

            return data;
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
        if (_tls is not null)
        {
            await _tls.WriteAsync(bytes, cancellationToken);
            _session.Transfer!.Advance(bytes.Length);
            return;
        }

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
        int received = _tls is null
            ? await Socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken)
            : await _tls.ReadAsync(buffer, cancellationToken);
        _session.Transfer!.Advance(received);
        return received;
    }

    /// <summary>Tells the peer that all was sent; under TLS it wants to hear so after an upload, too.</summary>
    public async ValueTask FinishAsync()
    {
        if (_tls is not null)
        {
            await _tls.FinishAsync();
        }

        Socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>
    /// Answers the peer's end of an upload with our own, which some clients wait for under TLS. Others (lftp) have closed the connection by then: they said
    /// that they sent all, and that is what counts.
    /// </summary>
    public async ValueTask AnswerEndAsync()
    {
        if (_tls is null)
        {
            return;
        }

        try
        {
            await FinishAsync();
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // Nobody is there to hear it.
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_tls is not null)
        {
            await _tls.DisposeAsync();
        }

        Socket.Dispose();
    }
}
