using System.Net.Sockets;
using Fts.Protocol.Rates;
using Fts.Protocol;
using Fts.Protocol.Blocks;
using Fts.Protocol.Deflate;
using Fts.Server.Data.BlockMode;
using Fts.Server.Data.Copy;
using Fts.Server.Sessions;
using Fts.Server.Tls;

namespace Fts.Server.Data;

/// <summary>
/// The data connection of one transfer, in the session's transfer mode and protection level. It reports the transferred bytes to the
/// session's <see cref="Transfer"/>.
/// </summary>
/// <remarks>
/// The command's handler opens and disposes this object. <see cref="FinishAsync"/> marks the end of the sent data. The handler disposes the
/// object before the final reply is sent, so that the reply never arrives before the end of the data.
/// </remarks>
internal sealed class DataConnection : IAsyncDisposable
{
    private readonly Session _session;
    private readonly bool _isDeflated;
    private readonly BlockConnection? _blockConnection;
    private readonly BandwidthLimit? _sendLimit, _receiveLimit; // BlockConnection has its own
    private DataConnectionTls? _tls;
    private DeflateWriter? _deflateWriter;
    private InflateReader? _inflateReader;

    private DataConnection(Session session, Socket socket)
    {
        (_session, Socket, _isDeflated) = (session, socket, session.Mode == TransferMode.Deflate);
        (_sendLimit, _receiveLimit) = (session.DownloadLimit, session.UploadLimit);
    }

    private DataConnection(Session session, BlockConnection connection) =>
        (_session, Socket, _blockConnection) = (session, connection.Socket, connection);

    /// <summary>
    /// Whether the connection carries bytes unchanged, without TLS, MODE Z, block mode or a speed limit, so that the kernel can copy them.
    /// </summary>
    public bool SupportsKernelCopy =>
        _tls is null && !_isDeflated && _blockConnection is null && _sendLimit is null && _receiveLimit is null;

    /// <summary>
    /// Whether the client marked the end of its data by a TLS close_notify, the end of the compressed stream or a last block. Valid after
    /// <see cref="ReceiveAsync"/> has returned 0.
    /// </summary>
    public bool HasReceivedEndMarker => _isDeflated || _blockConnection is not null || _tls is { EndedWithoutCloseNotify: false };

    /// <summary>The connected socket.</summary>
    public Socket Socket { get; }

    /// <summary>
    /// The task of the pump thread that copies to or from the socket, or null if no pump thread has used the socket. If the connection is
    /// disposed while the task runs, the socket is closed after the end of the task.
    /// </summary>
    public Task? RunningCopy { get; set; }

    /// <summary>
    /// Establishes the data connection and queues <paramref name="preliminaryReply"/> (150), unless it is null. If a block-mode connection
    /// is open, uses that connection and queues 125 instead.
    /// </summary>
    /// <remarks>
    /// The reply is sent when the transfer first waits (<see cref="SendPreliminaryReplyAsync"/>). If the transfer of a small file never
    /// waits, one TCP segment contains both replies, 150 and 226.
    /// </remarks>
    /// <exception cref="NoDataConnectionException">
    /// The data connection could not be established, or the transfer was aborted during the wait for the connection.
    /// </exception>
    /// <exception cref="HandshakeException">The TLS handshake failed.</exception>
    /// <exception cref="DataConnectionException">
    /// The open block-mode connection has failed, or the client closed the connection during the TLS handshake.
    /// </exception>
    /// <exception cref="OperationCanceledException">The transfer was aborted before or after the wait for the connection.</exception>
    public static async ValueTask<DataConnection> OpenAsync(
        Session session, FtpReply? preliminaryReply, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested(); // if ABOR cancelled the token, it also discarded the prepared connection
        if (session.BlockConnection is { } open)
        {
            session.Transfer!.AttachDataSocket(open.Socket);
            open.BeginTransfer();
            QueuePreliminaryReply(session, preliminaryReply is null ? null : ToAlreadyOpenReply(preliminaryReply));
            return new DataConnection(session, open);
        }

        DataConnection data = await ConnectAsync(session, preliminaryReply, cancellationToken);
        if (session.Mode != TransferMode.Block)
        {
            return data;
        }

        data.Socket.NoDelay = true; // the connection stays open, so no FIN pushes the last bytes of a file
        var connection = new BlockConnection(session, data.Socket, data._tls);
        connection.BeginTransfer();
        session.DataConnector.KeepBlockConnection(connection);
        return new DataConnection(session, connection);
    }

    /// <summary>
    /// Sends the preliminary reply if it is still queued. In block mode the reply stays queued until <see cref="BlockConnection"/> waits.
    /// The replies to the transfers of many small files are then sent together.
    /// </summary>
    public ValueTask SendPreliminaryReplyAsync(CancellationToken cancellationToken) =>
        _blockConnection is null ? _session.Channel.FlushAsync(cancellationToken) : default;

    /// <summary>Sends all queued replies if the pump must wait for the store, because a disk that hangs must not delay replies.</summary>
    /// <param name="isCompleted">Whether the store's operation has completed, so that the pump need not wait.</param>
    /// <param name="cancellationToken">Cancels the sending of the replies.</param>
    public ValueTask FlushRepliesIfWaitingAsync(bool isCompleted, CancellationToken cancellationToken) =>
        isCompleted ? default : _session.Channel.FlushAsync(cancellationToken);

    /// <summary>Sends all of the bytes, compressed in MODE Z. In MODE Z and in block mode, the last bytes may stay in a buffer.</summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        SendAsync(bytes, isEndNext: false, cancellationToken);

    /// <inheritdoc cref="SendAsync(ReadOnlyMemory{byte}, CancellationToken)"/>
    /// <param name="bytes">The bytes.</param>
    /// <param name="isEndNext">
    /// Whether the caller calls <see cref="FinishAsync"/> immediately afterwards. On Linux, the last bytes and FIN then share a TCP segment
    /// if the transfer does not use TLS, MODE Z or block mode.
    /// </param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, bool isEndNext, CancellationToken cancellationToken)
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
            await SendRawAsync(bytes, isEndNext, cancellationToken);
            return;
        }

        _session.Transfer!.AddBytes(bytes.Length);
    }

    /// <summary>Receives some bytes, decompressed in MODE Z. Returns the number of bytes, or 0 at the end of the data.</summary>
    /// <exception cref="DeflateException">MODE Z: the received bytes are not one complete zlib stream, or expand too much.</exception>
    /// <exception cref="BlockFormatException">Block mode: a received block is invalid.</exception>
    /// <exception cref="DataConnectionException">The connection ended within a TLS record or a file in block mode.</exception>
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_blockConnection is null && !_isDeflated)
        {
            return await ReceiveRawAsync(buffer, cancellationToken);
        }

        int read = _blockConnection is null
            ? await GetInflateReader().ReadAsync(buffer, cancellationToken)
            : await _blockConnection.ReceiveAsync(buffer, cancellationToken);
        _session.Transfer!.AddBytes(read);
        return read;
    }

    /// <summary>
    /// Marks the end of the sent data. In block mode, adds the last block. In the other modes, sends the end of the zlib stream (MODE Z),
    /// close_notify (TLS) and FIN.
    /// </summary>
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

    /// <summary>Throws if the TLS connection ended without close_notify, unless MODE Z or block mode marked the end of the data.</summary>
    /// <exception cref="DataConnectionException">The end of the data was not marked.</exception>
    public void ThrowIfEndedWithoutCloseNotify()
    {
        if (!HasReceivedEndMarker)
        {
            _tls?.ThrowIfEndedWithoutCloseNotify();
        }
    }

    /// <summary>
    /// Sends close_notify at the end of an upload over TLS, because some clients wait for it. A failure is ignored, because other clients,
    /// for example lftp, have already closed the connection.
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
            // The client has closed the connection.
        }
    }

    /// <summary>Closes the connection. In block mode the connection stays open for the next transfer.</summary>
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

        if (RunningCopy is { IsCompleted: false } copy)
        {
            // Closing a socket waits for the system calls that use the socket.
            _ = copy.ContinueWith(_ => Socket.Dispose(), TaskScheduler.Default);
        }
        else
        {
            Socket.Dispose();
        }
    }

    /// <summary>
    /// Establishes a new connection and queues the preliminary reply. Performs the TLS handshake if the connection is encrypted (PROT P).
    /// </summary>
    private static async ValueTask<DataConnection> ConnectAsync(
        Session session, FtpReply? preliminaryReply, CancellationToken cancellationToken)
    {
        session.Transfer!.StartConnectionWait();
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
                await data.SendPreliminaryReplyAsync(cancellationToken); // some clients start the handshake only after this reply
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

    /// <summary>Returns the 125 reply with the same details as a 150 reply.</summary>
    private static FtpReply ToAlreadyOpenReply(FtpReply openingReply)
    {
        if (openingReply == Replies.OpeningDataConnection)
        {
            return Replies.DataConnectionAlreadyOpen;
        }

        string opening = Replies.OpeningDataConnection.Text.TrimEnd('.'), alreadyOpen = Replies.DataConnectionAlreadyOpen.Text.TrimEnd('.');
        return new FtpReply(FtpReplyCode.TransferStarting, openingReply.Text.Replace(opening, alreadyOpen, StringComparison.Ordinal));
    }

    private InflateReader GetInflateReader()
    {
        FtpServerOptions options = _session.Server.Options;
        var limit = new InflateLimit(options.AlwaysAllowedExpandedBytes, options.MaxExpansionRatio);
        return _inflateReader ??= new InflateReader(ReceiveRawAsync, limit, acceptsEmptyConnection: false);
    }

    private DeflateWriter GetDeflateWriter() => _deflateWriter ??=
        new DeflateWriter((bytes, cancellationToken) => SendRawAsync(bytes, isEndNext: false, cancellationToken), _session.DeflateLevel);

    /// <summary>
    /// Records progress, and counts the bytes unless they are compressed. In MODE Z, the public methods count the uncompressed bytes.
    /// </summary>
    private void AddWireBytes(int wireBytes) => _session.Transfer!.AddBytes(_isDeflated ? 0 : wireBytes);

    /// <summary>Sends all of the bytes unchanged, over TLS if the data connection is encrypted.</summary>
    private ValueTask SendRawAsync(ReadOnlyMemory<byte> bytes, bool isEndNext, CancellationToken cancellationToken) =>
        _sendLimit is null
            ? SendUnlimitedAsync(bytes, isEndNext, cancellationToken)
            : SendLimitedAsync(_sendLimit, bytes, isEndNext, cancellationToken);

    /// <summary>Sends the bytes in chunks, at the speed of the limit.</summary>
    private async ValueTask SendLimitedAsync(
        BandwidthLimit limit, ReadOnlyMemory<byte> bytes, bool isEndNext, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            await SendPreliminaryReplyAsync(cancellationToken);
            await limit.WaitAsync(cancellationToken);
            ReadOnlyMemory<byte> chunk = bytes[..Math.Min(bytes.Length, limit.ChunkBytes)];
            limit.Reserve(chunk.Length);
            bytes = bytes[chunk.Length..];
            await SendUnlimitedAsync(chunk, isEndNext && bytes.IsEmpty, cancellationToken);
        }
    }

    private async ValueTask SendUnlimitedAsync(ReadOnlyMemory<byte> bytes, bool isEndNext, CancellationToken cancellationToken)
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
            int sent = Socket.TrySend(bytes.Span, isEndNext);
            if (sent == 0)
            {
                await SendPreliminaryReplyAsync(cancellationToken);
                sent = await Socket.SendAsync(bytes, SocketFlags.None, cancellationToken);
            }

            AddWireBytes(sent);
            bytes = bytes[sent..];
        }
    }

    /// <summary>Receives some bytes unchanged, over TLS if the data connection is encrypted.</summary>
    private async ValueTask<int> ReceiveRawAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_receiveLimit is not null)
        {
            await _receiveLimit.WaitAsync(cancellationToken);
            buffer = buffer[..Math.Min(buffer.Length, _receiveLimit.ChunkBytes)];
        }

        int received = _tls is null
            ? await Socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken)
            : await _tls.ReadAsync(buffer, cancellationToken);
        _receiveLimit?.Reserve(received);
        AddWireBytes(received);
        return received;
    }

    /// <summary>Closes the sending side of the connection, over TLS with a close_notify.</summary>
    private async ValueTask ShutDownAsync()
    {
        if (_tls is not null)
        {
            await _tls.FinishAsync();
        }

        Socket.Shutdown(SocketShutdown.Send);
    }
}
