using System.Net.Sockets;
using Fts.Client.Connections;
using Fts.Client.Data;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>
/// The data of one transfer. Read to the end or write all data, and then call <see cref="CompleteAsync"/>, which reads the final reply.
/// Disposal before the final reply aborts the transfer (ABOR). If the abort fails, the control connection is closed.
/// </summary>
/// <remarks>Owns its data connection. Supports asynchronous calls only, one at a time.</remarks>
public sealed class FtpDataStream : Stream
{
    private readonly FtpConnection _connection;
    private readonly FtpCommand _command;
    private readonly FtpDataDirection _direction;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _stallTimeout = new();
    private DataConnection? _dataConnection;
    private FtpReply? _finalReply;
    private bool _isReleased; // whether the connection accepts commands again
    // True for a listing whose final reply was the first reply, until data arrives. Some servers open no data connection for an empty
    // directory.
    private bool _isDataOptional;
    private bool _hasNoDataConnection;
    // Whether the server has certainly accepted the data connection (TLS or active mode). A passive connect can succeed before the server
    // accepts it.
    private bool _isAccepted;

    /// <summary>Creates the stream of a transfer whose command was sent.</summary>
    /// <param name="connection">The control connection.</param>
    /// <param name="command">The command that opened the transfer.</param>
    /// <param name="direction">The direction of the data.</param>
    /// <param name="caller">
    /// The token of the call that opened the transfer. If it is cancelled, disposal does not wait for the abort.
    /// </param>
    internal FtpDataStream(FtpConnection connection, FtpCommand command, FtpDataDirection direction, CancellationToken caller) =>
        (_connection, _command, _direction, _caller) = (connection, command, direction, caller);

    /// <summary>The first reply to the command: preliminary (1yz), or the final reply if the server sent no preliminary reply.</summary>
    public FtpReply Preliminary { get; private set; } = null!;

    /// <summary>
    /// The length in bytes from the text of the 150 reply, such as "(1234 bytes)". Null if the text contains none. No RFC specifies this
    /// text, so the value is not reliable.
    /// </summary>
    public long? AnnouncedLength => ReplyText.ParseAnnouncedLength(Preliminary.Text);

    /// <summary>
    /// Whether encrypted data ended without close_notify (RFC 4217 §11). An attacker may have truncated the data. Only a known length
    /// proves that the data is complete.
    /// </summary>
    public bool IsTruncated { get; private set; }

    /// <summary>
    /// Whether the server resumed the TLS session of the control connection for this data connection. Null if the data connection is not
    /// encrypted, or if the bytes of the handshake did not show it.
    /// </summary>
    public bool? IsSessionResumed { get; private set; }

    /// <summary>Whether a read or write is waiting for the server. Other threads read this property without a lock.</summary>
    internal bool IsAwaitingData { get; private set; }

    /// <summary>The text of the command, with any password masked.</summary>
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

    /// <summary>
    /// Reads received bytes and returns their number, or 0 at the end of the data. Only the final reply (<see cref="CompleteAsync"/>)
    /// confirms that the server sent all data.
    /// </summary>
    /// <exception cref="FtpTimeoutException">No data arrived for <see cref="FtpTimeouts.TransferStall"/>.</exception>
    /// <exception cref="FtpReplyException">The data connection was lost, and the server sent a negative final reply.</exception>
    /// <exception cref="FtpConnectionException">The data connection was lost, or the compressed data is invalid.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_hasNoDataConnection && !_isReleased)
        {
            return 0;
        }

        DataConnection data = GetDataConnection(FtpDataDirection.Receive);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            ValueTask<int> reading = data.ReadAsync(buffer, _stallTimeout.Token);
            int read = await AwaitWithStallTimeoutAsync(reading, cancellationToken).ConfigureAwait(false);
            _isDataOptional &= read == 0;
            IsTruncated = data.IsTruncated;
            _connection.RecordActivity();
            return read;
        }
        catch (Exception e) when (_isDataOptional && !_isAccepted && e is SocketException or IOException or FtpTimeoutException)
        {
            // The server may have opened no data connection, so the listing counts as empty.
            ResetDataConnection();
            _hasNoDataConnection = true;
            return 0;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            throw await CreateTransferExceptionAsync(e, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sends all bytes of the buffer.</summary>
    /// <exception cref="FtpTimeoutException">No data could be sent for <see cref="FtpTimeouts.TransferStall"/>.</exception>
    /// <exception cref="FtpReplyException">The data connection was lost, and the server sent a negative final reply.</exception>
    /// <exception cref="FtpConnectionException">The data connection was lost.</exception>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        DataConnection data = GetDataConnection(FtpDataDirection.Send);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            while (!buffer.IsEmpty)
            {
                ValueTask<int> write = data.WriteAsync(buffer, _stallTimeout.Token);
                buffer = buffer[await AwaitWithStallTimeoutAsync(write, cancellationToken).ConfigureAwait(false)..];
                _connection.RecordActivity();
            }
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            throw await CreateTransferExceptionAsync(e, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Ends the data connection, reads the final reply and returns it, positive or negative. A second call returns the same reply.
    /// </summary>
    /// <exception cref="FtpTimeoutException">The reply did not arrive within <see cref="FtpTimeouts.FinalReply"/>.</exception>
    /// <exception cref="FtpConnectionException">The control connection was lost. It is unknown whether the transfer succeeded.</exception>
    public async Task<FtpReply> CompleteAsync(CancellationToken cancellationToken = default)
    {
        if (_finalReply is null || !_isReleased)
        {
            ObjectDisposedException.ThrowIf(_isReleased, this);
            if (_dataConnection is not null)
            {
                await _dataConnection.ShutDownAsync(
                    CanWrite, _connection.Options.Timeouts.TransferStall, cancellationToken).ConfigureAwait(false);
            }

            // If this read is cancelled, the stream is not released, and disposal aborts the transfer.
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
    /// Aborts the transfer unless it is complete, and waits for the abort for at most <see cref="FtpTimeouts.Resync"/>. If the call that
    /// opened the transfer was cancelled, disposal only starts the abort, and the next command waits for it.
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

    /// <summary>Reads the preliminary reply to the command and opens the data connection.</summary>
    /// <exception cref="FtpReplyException">The server rejected the command.</exception>
    /// <exception cref="FtpConnectionException">The data connection could not be opened.</exception>
    /// <exception cref="FtpProtocolException">The server confirmed an upload before any data was sent.</exception>
    internal async Task OpenAsync(PreparedDataConnection prepared, CancellationToken cancellationToken)
    {
        FtpReply reply;
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, prepared.ConnectFailed);
        try
        {
            reply = await _connection.ReadReplyAsync(
                FtpOperationPhase.Reply, _connection.Options.Timeouts.Reply, linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The connection attempt has failed. The call of ConnectAsync throws the exception of the attempt.
            await ConnectAsync(prepared, cancellationToken).ConfigureAwait(false);
            throw;
        }
        catch (OperationCanceledException e)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }

        if (!reply.IsPreliminary)
        {
            // The first reply is the final reply, so the transfer needs no abort.
            _finalReply = reply;
            if (!reply.IsCompletion || CanWrite)
            {
                throw reply.IsCompletion ? CreateEarlyConfirmationException(reply) : new FtpReplyException(reply, CommandText);
            }
        }

        Preliminary = reply;
        _isDataOptional = _finalReply is not null && _command.Verb is "LIST" or "NLST" or "MLSD";
        if (!_isDataOptional)
        {
            await ConnectAsync(prepared, cancellationToken).ConfigureAwait(false);
            return;
        }

        using var resync = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        resync.CancelAfter(_connection.Options.Timeouts.Resync);
        try
        {
            await ConnectAsync(prepared, resync.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (CanMeanNoConnection(e) && !cancellationToken.IsCancellationRequested)
        {
            _hasNoDataConnection = true;
            prepared.Dispose();
        }
    }

    /// <summary>
    /// Closes the control connection and resets the data connection, because synchronous disposal cannot wait for an abort.
    /// </summary>
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

    /// <summary>Does nothing, because the stream has no buffer.</summary>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Not supported. Use the asynchronous method.</summary>
    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("The stream supports asynchronous calls only.");

    /// <summary>Not supported. Use the asynchronous method.</summary>
    public override void Write(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("The stream supports asynchronous calls only.");

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>
    /// Waits for the socket of the data connection, and performs the TLS handshake if the control connection is encrypted.
    /// </summary>
    private async Task ConnectAsync(PreparedDataConnection prepared, CancellationToken cancellationToken)
    {
        try
        {
            Socket socket = await prepared.WaitForSocketAsync(
                _connection.Options.Timeouts.Connect, cancellationToken).ConfigureAwait(false);
            _isAccepted = prepared.IsListener || _connection.Tls is not null;
            _dataConnection = await DataConnection.OpenAsync(
                socket, _connection.Tls, isSender: CanWrite, isProxied: _connection.Options.Proxy is not null,
                isCompressed: _connection.IsDeflating, _connection.ServerProfile.RateLimit, cancellationToken).ConfigureAwait(false);
            IsSessionResumed = _dataConnection.IsSessionResumed;
            _dataConnection.Recording = _connection.Recording?.OpenData(isSender: CanWrite);
        }
        catch (FtpConnectionException e) when (_finalReply is null && e is not FtpProxyException
            && e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset } reset)
        {
            // The server accepted the connection and reset it immediately. Its final reply contains the reason.
            throw await CreateTransferExceptionAsync(reset, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpTlsException e) when (_finalReply is null && e.Failure == FtpTlsFailure.Handshake)
        {
            // A server that requires TLS session resumption sends the reason on the control connection (522).
            throw await CreateTransferExceptionAsync(e, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Returns whether the error may mean that the server opened no data connection. A TLS alert proves that the server opened one.
    /// </summary>
    private static bool CanMeanNoConnection(Exception exception) =>
        exception is OperationCanceledException || (exception is FtpConnectionException and not FtpTlsException)
        || exception is FtpTlsException { Failure: FtpTlsFailure.Handshake, InnerException: IOException or SocketException };

    /// <summary>Returns the open data connection.</summary>
    /// <exception cref="NotSupportedException">The stream transfers data in the other direction.</exception>
    private DataConnection GetDataConnection(FtpDataDirection direction)
    {
        ObjectDisposedException.ThrowIf(_isReleased, this);
        return direction != _direction
            ? throw new NotSupportedException($"The stream does not support this call, because its direction is {_direction}.")
            : _dataConnection ?? throw new InvalidOperationException("The data connection is closed.");
    }

    /// <summary>Awaits a read or write with the stall timeout. The timer is not started if the operation has already completed.</summary>
    private async ValueTask<int> AwaitWithStallTimeoutAsync(ValueTask<int> operation, CancellationToken cancellationToken)
    {
        if (operation.IsCompletedSuccessfully)
        {
            return operation.Result;
        }

        // If the final reply of a listing has arrived, and it is unknown whether the server has accepted the data connection, the server
        // probably has no data to send. The limit is then short.
        TimeSpan limit = _isDataOptional && !_isAccepted ? _connection.Options.Timeouts.Resync : _connection.Options.Timeouts.TransferStall;
        IsAwaitingData = true;
        try
        {
            using (cancellationToken.UnsafeRegister(static timeout => ((CancellationTokenSource)timeout!).Cancel(), _stallTimeout))
            {
                _stallTimeout.CancelAfter(limit);
                return await operation.ConfigureAwait(false);
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

    /// <summary>
    /// Resets the failed data connection, reads the final reply and returns the exception for the caller. A negative final reply usually
    /// contains the reason for the failure.
    /// </summary>
    private async Task<FtpException> CreateTransferExceptionAsync(Exception exception, CancellationToken cancellationToken)
    {
        ResetDataConnection();
        FtpReply reply = await CompleteAsync(cancellationToken).ConfigureAwait(false);
        return reply.IsCompletion
            ? new FtpConnectionException(
                FtpOperationPhase.Transfer,
                $"the data connection failed ({exception.Message}), but the server reported success: {reply.ToPrintable()}", exception)
            : new FtpReplyException(reply, CommandText, exception);
    }

    /// <summary>
    /// Closes the connection and returns the exception for a positive final reply that arrived before the data of an upload was sent.
    /// </summary>
    private FtpProtocolException CreateEarlyConfirmationException(FtpReply reply)
    {
        _connection.CloseImmediately();
        return new FtpProtocolException($"the server confirmed {CommandText} before any data was sent: {reply.ToPrintable()}");
    }

    /// <summary>Resets the data connection while another thread may use it. The running call of that thread then fails.</summary>
    internal void ResetFromAnotherThread() => _dataConnection?.ResetFromAnotherThread();

    /// <summary>Resets the data connection, because in stream mode a server would treat an orderly close as the end of the file.</summary>
    private void ResetDataConnection()
    {
        if (_dataConnection is not null && CanWrite)
        {
            _connection.RecordUploadReset();
        }

        _dataConnection?.Reset();
        _dataConnection = null;
    }

    /// <summary>Ends the use of the control connection, which then accepts commands again.</summary>
    private void Release()
    {
        _isReleased = true;
        _stallTimeout.Dispose();
        _connection.DetachDataStream(this);
    }
}
