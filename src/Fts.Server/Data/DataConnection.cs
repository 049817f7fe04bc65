using System.Net.Sockets;
using Fts.Protocol;
using Fts.Protocol.Blocks;
using Fts.Protocol.Deflate;
using Fts.Server.Data.BlockMode;
using Fts.Server.Data.Copy;
using Fts.Server.Sessions;
using Fts.Server.Tls;

namespace Fts.Server.Data;

/// <summary>
/// The data connection of one transfer, announced to the client, in the session's mode. Whoever opened it disposes it; <see cref="FinishAsync"/> before
/// that tells the peer that all was sent. After disposal the peer has seen the end, so that the final reply never overtakes it.
/// </summary>
internal sealed class DataConnection : IAsyncDisposable
{
    private readonly Session _session;
    private readonly bool _isDeflated;
    private readonly BlockConnection? _blockConnection;
    private DataConnectionTls? _tls;
    private DeflateWriter? _deflateWriter;
    private InflateReader? _inflateReader;

    private DataConnection(Session session, Socket socket) => (_session, Socket, _isDeflated) = (session, socket, session.Mode == TransferMode.Deflate);

    private DataConnection(Session session, BlockConnection link) => (_session, Socket, _blockConnection) = (session, link.Socket, link);

    /// <summary>Whether bytes travel as they are, so that the kernel may copy them.</summary>
    public bool SupportsKernelCopy => _tls is null && !_isDeflated && _blockConnection is null;

    /// <summary>Whether the peer announced the end of its data: by a TLS close_notify, the end of the compressed stream or a last block.</summary>
    public bool HasReceivedEndMarker => _isDeflated || _blockConnection is not null || _tls is { EndedWithoutCloseNotify: false };

    public Socket Socket { get; }

    /// <summary>
    /// Meets the peer and queues <paramref name="preliminaryReply"/> (150). It leaves at the latest when the transfer first waits
    /// (<see cref="SendPreliminaryReplyAsync"/>), so that a small file's 150 and 226 travel together. A connection that is open in block mode is used again, which is 125.
    /// </summary>
    public static async ValueTask<DataConnection> OpenAsync(Session session, FtpReply? preliminaryReply, CancellationToken cancellationToken)
    {
        if (session.BlockConnection is { } link)
        {
            session.Transfer!.AttachDataSocket(link.Socket);
            link.BeginTransfer();
            QueuePreliminaryReply(session, preliminaryReply is null ? null : ToAlreadyOpenReply(preliminaryReply));
            return new DataConnection(session, link);
        }

        DataConnection data = await ConnectAsync(session, preliminaryReply, cancellationToken);
        if (session.Mode != TransferMode.Block)
        {
            return data;
        }

        data.Socket.NoDelay = true; // no end of the connection pushes the last bytes of a file out
        link = new BlockConnection(session, data.Socket, data._tls);
        link.BeginTransfer();
        session.DataConnector.KeepBlockConnection(link);
        return new DataConnection(session, link);
    }

    /// <summary>Sends the announcement if it is still queued. In block mode that waits until the connection does: many of them leave together.</summary>
    public ValueTask SendPreliminaryReplyAsync(CancellationToken cancellationToken) => _blockConnection is null ? _session.Channel.FlushAsync(cancellationToken) : default;

    /// <summary>Sends all of the bytes; in MODE Z what they are compressed to, and in block mode, some of it later.</summary>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (_blockConnection is not null)
        {
            await _blockConnection.SendAsync(bytes, cancellationToken);
        }
        else if (_isDeflated)
        {
            await GetDeflateWriter().WriteAsync(bytes, cancellationToken);
        }
        else
        {
            await SendUncompressedAsync(bytes, cancellationToken);
            return;
        }

        _session.Transfer!.AddBytes(bytes.Length);
    }

    /// <summary>Receives some bytes, in MODE Z what they expand to; 0 when the peer has sent all.</summary>
    /// <exception cref="DeflateException">In MODE Z what came is not one whole zlib stream.</exception>
    /// <exception cref="BlockFormatException">In block mode what came is no block.</exception>
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_blockConnection is null && !_isDeflated)
        {
            return await ReceiveUncompressedAsync(buffer, cancellationToken);
        }

        int read = _blockConnection is null ? await GetInflateReader().ReadAsync(buffer, cancellationToken) : await _blockConnection.ReceiveAsync(buffer, cancellationToken);
        _session.Transfer!.AddBytes(read);
        return read;
    }

    /// <summary>Tells the peer that all was sent.</summary>
    public async ValueTask FinishAsync(CancellationToken cancellationToken)
    {
        if (_blockConnection is not null)
        {
            await _blockConnection.EndFileAsync(cancellationToken);
            return;
        }

        if (_isDeflated)
        {
            await GetDeflateWriter().FinishAsync(cancellationToken);
        }

        await ShutDownAsync();
    }

    /// <summary>Throws if TLS ended without close_notify and nothing else announced the end of the data.</summary>
    /// <exception cref="DataConnectionException">The end was not announced.</exception>
    public void ThrowIfEndedWithoutCloseNotify()
    {
        if (!HasReceivedEndMarker)
        {
            _tls?.ThrowIfEndedWithoutCloseNotify();
        }
    }

    /// <summary>
    /// Answers the peer's end of an upload with our own, which some clients wait for under TLS. Others (lftp) have closed the connection by then: they said
    /// that they sent all, and that is what counts.
    /// </summary>
    public async ValueTask SendCloseNotifyAsync()
    {
        if (_tls is null)
        {
            return;
        }

        try
        {
            await ShutDownAsync();
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // Nobody is there to hear it.
        }
    }

    /// <summary>A connection in block mode stays with the session.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_blockConnection is not null)
        {
            return;
        }

        _deflateWriter?.Dispose();
        _inflateReader?.Dispose();
        if (_tls is not null)
        {
            await _tls.DisposeAsync();
        }

        Socket.Dispose();
    }

    private static async ValueTask<DataConnection> ConnectAsync(Session session, FtpReply? preliminaryReply, CancellationToken cancellationToken)
    {
        session.Transfer!.StartDataWait();
        bool isPassive = session.DataConnector.IsPassive;
        ValueTask<Socket> connecting = session.DataConnector.ConnectAsync(cancellationToken);
        bool awaitsClient = isPassive && !connecting.IsCompleted;
        ValueTask flushing = default;
        if (awaitsClient)
        {
            // Some clients connect only after they have received 150.
            QueuePreliminaryReply(session, preliminaryReply);
            flushing = session.Channel.FlushAsync(cancellationToken);
        }

        Socket socket = await connecting;
        try
        {
            await flushing;
            if (!awaitsClient)
            {
                QueuePreliminaryReply(session, preliminaryReply);
            }

            session.Transfer.AttachDataSocket(socket);
            var data = new DataConnection(session, socket);
            if (session.Tls is { IsDataProtected: true } tls)
            {
                await data.SendPreliminaryReplyAsync(cancellationToken); // some clients start the handshake only after it
                socket.NoDelay = true;
                data._tls = await tls.AcceptDataAsync(session, new NonBlockingFirstStream(socket, ownsSocket: false), cancellationToken);
            }

            return data;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void QueuePreliminaryReply(Session session, FtpReply? preliminaryReply)
    {
        if (preliminaryReply is not null)
        {
            session.Queue(preliminaryReply);
        }
    }

    private static FtpReply ToAlreadyOpenReply(FtpReply announcement) => announcement == Replies.OpeningDataConnection ? Replies.DataConnectionAlreadyOpen
        : new FtpReply(FtpReplyCode.TransferStarting, announcement.Text.Replace("Opening the data connection", "Data connection already open", StringComparison.Ordinal));

    private InflateReader GetInflateReader()
    {
        FtpServerOptions options = _session.Server.Options;
        return _inflateReader ??= new InflateReader(ReceiveUncompressedAsync, new InflateLimit(options.AlwaysAllowedExpandedBytes, options.MaxExpansionRatio), acceptsEmptyConnection: false);
    }

    private DeflateWriter GetDeflateWriter() => _deflateWriter ??= new DeflateWriter(SendUncompressedAsync, _session.DeflateLevel);

    /// <summary>What is on the wire keeps the transfer alive; what counts as its bytes is the content.</summary>
    private void AddWireBytes(int wireBytes) => _session.Transfer!.AddBytes(_isDeflated ? 0 : wireBytes);

    private async ValueTask SendUncompressedAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (_tls is not null)
        {
            await _tls.WriteAsync(bytes, cancellationToken);
            AddWireBytes(bytes.Length);
            return;
        }

        while (!bytes.IsEmpty)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int sent = Socket.TrySend(bytes.Span);
            if (sent == 0)
            {
                await SendPreliminaryReplyAsync(cancellationToken);
                sent = await Socket.SendAsync(bytes, SocketFlags.None, cancellationToken);
            }

            AddWireBytes(sent);
            bytes = bytes[sent..];
        }
    }

    private async ValueTask<int> ReceiveUncompressedAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int received = _tls is null
            ? await Socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken)
            : await _tls.ReadAsync(buffer, cancellationToken);
        AddWireBytes(received);
        return received;
    }

    /// <summary>Ends this side of the connection; under TLS the peer wants to hear so after an upload, too.</summary>
    private async ValueTask ShutDownAsync()
    {
        if (_tls is not null)
        {
            await _tls.FinishAsync();
        }

        Socket.Shutdown(SocketShutdown.Send);
    }
}
