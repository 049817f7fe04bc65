using System.Net.Sockets;
using Fts.Client.Connections;
using Fts.Client.Data;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>
/// One data connection and the transfer it belongs to. Read it to its end or write everything, then call <see cref="CompleteAsync"/>, which reads the
/// server's final word. Disposed without that, the transfer is aborted (ABOR) and the connection brought back in step, or given up.
/// </summary>
/// <remarks>Owns its socket. Asynchronous only.</remarks>
public sealed class FtpDataStream : Stream
{
    private readonly FtpConnection _connection;
    private readonly FtpCommand _command;
    private readonly FtpDataDirection _direction;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _stallTimeout = new();
    private DataConnection? _dataConnection;
    private FtpReply? _finalReply;
    private bool _isReleased;
    // A listing confirmed before its data may have none: some servers open no data connection for an empty folder.
    private bool _canLackData;
    private bool _hasNoDataConnection;
    // Proof that the server has the data connection: TLS, or a connect by the server. A passive port connects before the server accepts.
    private bool _isAccepted;

    /// <param name="connection">The control connection.</param>
    /// <param name="command">The command that opened the transfer.</param>
    /// <param name="direction">The direction of the data.</param>
    /// <param name="caller">The token of the call that opened the transfer: if it is cancelled, disposal does not wait for the abort.</param>
    internal FtpDataStream(FtpConnection connection, FtpCommand command, FtpDataDirection direction, CancellationToken caller) =>
        (_connection, _command, _direction, _caller) = (connection, command, direction, caller);

    /// <summary>The 1yz reply that opened it.</summary>
    public FtpReply Preliminary { get; private set; } = null!;

    /// <summary>The size in bytes a 150 reply often tells, "(1234 bytes)"; null when it does not. Prose, not protocol.</summary>
    public long? AnnouncedLength => ReplyText.ParseAnnouncedLength(Preliminary.Text);

    /// <summary>
    /// True when encrypted data ended without the server's word that it was all (TLS close_notify): unless a size proves it whole, somebody may have cut it.
    /// </summary>
    public bool IsTruncated { get; private set; }

    /// <summary>Returns true while a read or write waits for the server. Read by other threads.</summary>
    internal bool IsAwaitingData { get; private set; }

    /// <summary>The command as sent.</summary>
    internal string CommandText => _command.Redacted;

    /// <inheritdoc/>
    public override bool CanRead => _direction == FtpDataDirection.Receive;

    /// <inheritdoc/>
    public override bool CanWrite => _direction == FtpDataDirection.Send;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Reads what has arrived; 0 at the end of the data, which does not yet mean that the server sent all of it.</summary>
    /// <exception cref="FtpTimeoutException">No byte came for <see cref="FtpTimeouts.TransferStall"/>.</exception>
    /// <exception cref="FtpReplyException">The data connection broke, and the server says why.</exception>
    /// <exception cref="FtpConnectionException">The data connection broke.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_hasNoDataConnection && !_isReleased)
        {
            return 0;
        }

        DataConnection socket = GetDataConnection(FtpDataDirection.Receive);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            int read = await WithStallTimeoutAsync(socket.ReadAsync(buffer, _stallTimeout.Token), cancellationToken).ConfigureAwait(false);
            _canLackData &= read == 0;
            IsTruncated = socket.IsTruncated;
            _connection.NoteActivity();
            return read;
        }
        catch (Exception e) when (e is SocketException or IOException or FtpTimeoutException && _canLackData && !_isAccepted)
        {
            ResetDataConnection();
            _hasNoDataConnection = true;
            return 0;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            throw await CreateTransferExceptionAsync(e, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sends bytes.</summary>
    /// <exception cref="FtpTimeoutException">They could not be handed on for <see cref="FtpTimeouts.TransferStall"/>.</exception>
    /// <exception cref="FtpReplyException">The data connection broke, and the server says why.</exception>
    /// <exception cref="FtpConnectionException">The data connection broke.</exception>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        DataConnection socket = GetDataConnection(FtpDataDirection.Send);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            while (!buffer.IsEmpty)
            {
                buffer = buffer[await WithStallTimeoutAsync(socket.WriteAsync(buffer, _stallTimeout.Token), cancellationToken).ConfigureAwait(false)..];
                _connection.NoteActivity();
            }
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            throw await CreateTransferExceptionAsync(e, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Closes the data connection and returns the reply that ends the transfer, refusal or not.</summary>
    /// <exception cref="FtpTimeoutException">It did not come within <see cref="FtpTimeouts.FinalReply"/>.</exception>
    /// <exception cref="FtpConnectionException">The control connection was lost, so nobody knows whether the transfer succeeded.</exception>
    public async Task<FtpReply> CompleteAsync(CancellationToken cancellationToken = default)
    {
        if (_finalReply is null || !_isReleased)
        {
            ObjectDisposedException.ThrowIf(_isReleased, this);
            if (_dataConnection is not null)
            {
                await _dataConnection.ShutDownAsync(CanWrite, _connection.Options.Timeouts.TransferStall, cancellationToken).ConfigureAwait(false);
            }

            // Cancelled here, the transfer is still open in the books: disposal aborts it.
            _finalReply ??= await _connection.ReadFinalReplyAsync(cancellationToken).ConfigureAwait(false);
            if (_dataConnection is not null)
            {
                await _dataConnection.CloseAfterConfirmationAsync(_connection.Options.Timeouts.Resync).ConfigureAwait(false);
                _dataConnection = null;
            }
            Release();
        }

        return _finalReply;
    }

    /// <summary>
    /// Aborts the transfer unless it is complete, and waits for the abort for at most <see cref="FtpTimeouts.Resync"/>. It does not wait if
    /// the call that opened the transfer was cancelled: it sends ABOR and resets the data connection. The next command then waits for the
    /// replies.
    /// </summary>
    public override async ValueTask DisposeAsync()
    {
        if (!_isReleased)
        {
            bool mustAbort = _finalReply is null && _connection.IsUsable;
            if (mustAbort && _caller.IsCancellationRequested)
            {
                _connection.TransferAbort.StartAbort(ResetDataConnection);
            }
            else
            {
                if (mustAbort)
                {
                    await _connection.TransferAbort.AbortAsync(ResetDataConnection).ConfigureAwait(false);
                }

                ResetDataConnection();
            }

            Release();
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Reads the reply to the command and meets the server.</summary>
    internal async Task OpenAsync(PreparedDataConnection link, CancellationToken cancellationToken)
    {
        FtpReply reply;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, link.ConnectFailed);
        try
        {
            reply = await _connection.ReadReplyAsync(FtpOperationPhase.Reply, _connection.Options.Timeouts.Reply, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Throws the reason why there will be no data connection.
            await ConnectAsync(link, cancellationToken).ConfigureAwait(false);
            throw;
        }
        catch (OperationCanceledException e)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }

        if (!reply.IsPreliminary)
        {
            // It is the final reply: nothing is left to abort.
            _finalReply = reply;
            if (!reply.IsCompletion || CanWrite)
            {
                throw reply.IsCompletion ? CreateUnexpectedConfirmation(reply) : new FtpReplyException(reply, CommandText);
            }
        }

        Preliminary = reply;
        _canLackData = _finalReply is not null && _command.Verb is "LIST" or "NLST" or "MLSD";
        if (!_canLackData)
        {
            await ConnectAsync(link, cancellationToken).ConfigureAwait(false);
            return;
        }

        using var brief = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        brief.CancelAfter(_connection.Options.Timeouts.Resync);
        try
        {
            await ConnectAsync(link, brief.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (CanMeanNoConnection(e) && !cancellationToken.IsCancellationRequested)
        {
            _hasNoDataConnection = true;
            link.Dispose();
        }
    }

    /// <summary>Closes without a word: whoever cannot wait for the abort gives the whole connection up.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isReleased)
        {
            _connection.CloseImmediately();
            ResetDataConnection();
            Release();
        }

        base.Dispose(disposing);
    }

    /// <summary>Nothing is buffered.</summary>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Not supported: asynchronous only.</summary>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Asynchronous only.");

    /// <summary>Not supported: asynchronous only.</summary>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Asynchronous only.");

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    private async Task ConnectAsync(PreparedDataConnection link, CancellationToken cancellationToken)
    {
        try
        {
            Socket socket = await link.WaitForSocketAsync(_connection.Options.Timeouts.Connect, cancellationToken).ConfigureAwait(false);
            _isAccepted = link.IsListener || _connection.Tls is not null;
            _dataConnection = await DataConnection.OpenAsync(
                socket, _connection.Tls, CanWrite, _connection.Options.Proxy is not null, _connection.IsDeflating, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpConnectionException e) when (_finalReply is null && e is not FtpProxyException && e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset } reset)
        {
            // The server accepted and took it back at once: it knows why, and says so.
            throw await CreateTransferExceptionAsync(reset, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpTlsException e) when (_finalReply is null && e.Failure == FtpTlsFailure.Handshake)
        {
            // A server that wants its session resumed and sees another says so on the control connection (522).
            throw await CreateTransferExceptionAsync(e, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Returns whether the server may have opened no data connection. A peer that completes or rejects a TLS handshake has opened one.</summary>
    private static bool CanMeanNoConnection(Exception exception) =>
        exception is OperationCanceledException || (exception is FtpConnectionException and not FtpTlsException)
        || exception is FtpTlsException { Failure: FtpTlsFailure.Handshake, InnerException: IOException or SocketException };

    private DataConnection GetDataConnection(FtpDataDirection direction)
    {
        ObjectDisposedException.ThrowIf(_isReleased, this);
        return direction != _direction ? throw new NotSupportedException($"This data connection is for {_direction} only.")
            : _dataConnection ?? throw new InvalidOperationException("The data connection is closed.");
    }

    /// <summary>The timer runs only while bytes are waited for, and is not touched when they are there already.</summary>
    private async ValueTask<int> WithStallTimeoutAsync(ValueTask<int> moving, CancellationToken cancellationToken)
    {
        if (moving.IsCompletedSuccessfully)
        {
            return moving.Result;
        }

        // A server that has confirmed the listing already, and has not shown that it accepted the connection, has probably nothing to send.
        TimeSpan limit = _canLackData && !_isAccepted ? _connection.Options.Timeouts.Resync : _connection.Options.Timeouts.TransferStall;
        IsAwaitingData = true;
        try
        {
            using (cancellationToken.UnsafeRegister(static stall => ((CancellationTokenSource)stall!).Cancel(), _stallTimeout))
            {
                _stallTimeout.CancelAfter(limit);
                return await moving.ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException e)
        {
            throw Deadline.Translate(e, FtpOperationPhase.Transfer, limit, cancellationToken);
        }
        finally
        {
            IsAwaitingData = false;
            _stallTimeout.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>The data connection broke: the server's final reply explains why, and is read in any case.</summary>
    private async Task<FtpException> CreateTransferExceptionAsync(Exception exception, CancellationToken cancellationToken)
    {
        ResetDataConnection();
        FtpReply reply = await CompleteAsync(cancellationToken).ConfigureAwait(false);
        return reply.IsCompletion
            ? new FtpConnectionException(FtpOperationPhase.Transfer, $"the data connection broke ({exception.Message}), although the server says {reply.ToPrintable()}", exception)
            : new FtpReplyException(reply, CommandText, exception);
    }

    private FtpProtocolException CreateUnexpectedConfirmation(FtpReply reply)
    {
        _connection.CloseImmediately();
        return new FtpProtocolException($"the server confirms {CommandText} before a byte was sent: {reply.ToPrintable()}");
    }

    /// <summary>Resets the data connection from another thread. The call that uses its buffers keeps them.</summary>
    internal void ResetFromAnotherThread() => _dataConnection?.ResetFromAnotherThread();

    /// <summary>A reset instead of an end: in stream mode an orderly close would make half a file look whole to the server.</summary>
    private void ResetDataConnection()
    {
        if (_dataConnection is not null && CanWrite)
        {
            _connection.NoteUploadReset();
        }

        _dataConnection?.Reset();
        _dataConnection = null;
    }

    private void Release()
    {
        _isReleased = true;
        _stallTimeout.Dispose();
        _connection.ReleaseDataStream(this);
    }
}
