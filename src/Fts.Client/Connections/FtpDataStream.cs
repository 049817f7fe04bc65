using System.Net.Sockets;
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
    private readonly Command _command;
    private readonly FtpDataDirection _direction;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _stall = new();
    private DataSocket? _socket;
    private FtpReply? _final;
    private bool _released;
    // A listing confirmed before its data may have none: some servers open no data connection for an empty folder.
    private bool _mayLackData;
    private bool _lacksData;
    // Proof that the server has the data connection: TLS, or a connect by the server. A passive port connects before the server accepts.
    private bool _isAccepted;

    /// <param name="connection">The control connection.</param>
    /// <param name="command">The command that opened the transfer.</param>
    /// <param name="direction">The direction of the data.</param>
    /// <param name="caller">The token of the call that opened the transfer: if it is cancelled, disposal does not wait for the abort.</param>
    internal FtpDataStream(FtpConnection connection, Command command, FtpDataDirection direction, CancellationToken caller) =>
        (_connection, _command, _direction, _caller) = (connection, command, direction, caller);

    /// <summary>The 1yz reply that opened it.</summary>
    public FtpReply Preliminary { get; private set; } = null!;

    /// <summary>The size in bytes a 150 reply often tells, "(1234 bytes)"; null when it does not. Prose, not protocol.</summary>
    public long? AnnouncedLength => ReplyWords.AnnouncedIn(Preliminary.Text);

    /// <summary>
    /// True when encrypted data ended without the server's word that it was all (TLS close_notify): unless a size proves it whole, somebody may have cut it.
    /// </summary>
    public bool WasCut { get; private set; }

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
    /// <exception cref="FtpTimeoutException">No byte came for <see cref="FtpTimeouts.Stall"/>.</exception>
    /// <exception cref="FtpReplyException">The data connection broke, and the server says why.</exception>
    /// <exception cref="FtpConnectionException">The data connection broke.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_lacksData && !_released)
        {
            return 0;
        }

        DataSocket socket = Usable(FtpDataDirection.Receive);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            int read = await WithinStallAsync(socket.ReadAsync(buffer, _stall.Token), cancellationToken).ConfigureAwait(false);
            _mayLackData &= read == 0;
            WasCut = socket.WasCut;
            _connection.NoteActivity();
            return read;
        }
        catch (Exception e) when (e is SocketException or IOException or FtpTimeoutException && _mayLackData && !_isAccepted)
        {
            CloseHard();
            _lacksData = true;
            return 0;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            throw await BrokenAsync(e, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sends bytes.</summary>
    /// <exception cref="FtpTimeoutException">They could not be handed on for <see cref="FtpTimeouts.Stall"/>.</exception>
    /// <exception cref="FtpReplyException">The data connection broke, and the server says why.</exception>
    /// <exception cref="FtpConnectionException">The data connection broke.</exception>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        DataSocket socket = Usable(FtpDataDirection.Send);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            while (!buffer.IsEmpty)
            {
                buffer = buffer[await WithinStallAsync(socket.WriteAsync(buffer, _stall.Token), cancellationToken).ConfigureAwait(false)..];
                _connection.NoteActivity();
            }
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            throw await BrokenAsync(e, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Closes the data connection and returns the reply that ends the transfer, refusal or not.</summary>
    /// <exception cref="FtpTimeoutException">It did not come within <see cref="FtpTimeouts.FinalReply"/>.</exception>
    /// <exception cref="FtpConnectionException">The control connection was lost, so nobody knows whether the transfer succeeded.</exception>
    public async Task<FtpReply> CompleteAsync(CancellationToken cancellationToken = default)
    {
        if (_final is null || !_released)
        {
            ObjectDisposedException.ThrowIf(_released, this);
            if (_socket is not null)
            {
                await _socket.FinishAsync(CanWrite, _connection.Options.Timeouts.Stall, cancellationToken).ConfigureAwait(false);
            }

            // Cancelled here, the transfer is still open in the books: disposal aborts it.
            _final ??= await _connection.ReadFinalReplyAsync(cancellationToken).ConfigureAwait(false);
            if (_socket is not null)
            {
                await _socket.CloseConfirmedAsync(_connection.Options.Timeouts.Abort).ConfigureAwait(false);
                _socket = null;
            }
            Release();
        }

        return _final;
    }

    /// <summary>
    /// Aborts the transfer unless it is complete, and waits for the abort for at most <see cref="FtpTimeouts.Abort"/>. It does not wait if
    /// the call that opened the transfer was cancelled: it sends ABOR and resets the data connection. The next command then waits for the
    /// replies.
    /// </summary>
    public override async ValueTask DisposeAsync()
    {
        if (!_released)
        {
            bool mustAbort = _final is null && _connection.IsUsable;
            if (mustAbort && _caller.IsCancellationRequested)
            {
                _connection.Abort.Start(CloseHard);
            }
            else
            {
                if (mustAbort)
                {
                    await _connection.Abort.RunAsync(CloseHard).ConfigureAwait(false);
                }

                CloseHard();
            }

            Release();
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Reads the reply to the command and meets the server.</summary>
    internal async Task OpenAsync(DataLink link, CancellationToken cancellationToken)
    {
        FtpReply reply;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, link.Failed);
        try
        {
            reply = await _connection.ReadReplyAsync(FtpConnectionPhase.Reply, _connection.Options.Timeouts.Reply, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Throws the reason why there will be no data connection.
            await MeetAsync(link, cancellationToken).ConfigureAwait(false);
            throw;
        }
        catch (OperationCanceledException e)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }

        if (!reply.IsPreliminary)
        {
            // It is the final reply: nothing is left to abort.
            _final = reply;
            if (!reply.IsCompletion || CanWrite)
            {
                throw reply.IsCompletion ? Unasked(reply) : new FtpReplyException(reply, CommandText);
            }
        }

        Preliminary = reply;
        _mayLackData = _final is not null && _command.Verb is "LIST" or "NLST" or "MLSD";
        if (!_mayLackData)
        {
            await MeetAsync(link, cancellationToken).ConfigureAwait(false);
            return;
        }

        using var brief = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        brief.CancelAfter(_connection.Options.Timeouts.Abort);
        try
        {
            await MeetAsync(link, brief.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (MayMeanNoConnection(e) && !cancellationToken.IsCancellationRequested)
        {
            _lacksData = true;
            link.Dispose();
        }
    }

    /// <summary>Closes without a word: whoever cannot wait for the abort gives the whole connection up.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_released)
        {
            _connection.Break();
            CloseHard();
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

    private async Task MeetAsync(DataLink link, CancellationToken cancellationToken)
    {
        try
        {
            Socket socket = await link.TakeAsync(_connection.Options.Timeouts.Connect, cancellationToken).ConfigureAwait(false);
            _isAccepted = link.IsListener || _connection.Tls is not null;
            _socket = await DataSocket.OpenAsync(
                socket, _connection.Tls, CanWrite, _connection.Options.Proxy is not null, _connection.IsDeflating, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpConnectionException e) when (_final is null && e is not FtpProxyException && e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset } reset)
        {
            // The server accepted and took it back at once: it knows why, and says so.
            throw await BrokenAsync(reset, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpTlsException e) when (_final is null && e.Failure == FtpTlsFailure.Handshake)
        {
            // A server that wants its session resumed and sees another says so on the control connection (522).
            throw await BrokenAsync(e, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Returns whether the server may have opened no data connection. A peer that completes or rejects a TLS handshake has opened one.</summary>
    private static bool MayMeanNoConnection(Exception exception) =>
        exception is OperationCanceledException || (exception is FtpConnectionException and not FtpTlsException)
        || exception is FtpTlsException { Failure: FtpTlsFailure.Handshake, InnerException: IOException or SocketException };

    private DataSocket Usable(FtpDataDirection direction)
    {
        ObjectDisposedException.ThrowIf(_released, this);
        return direction != _direction ? throw new NotSupportedException($"This data connection is for {_direction} only.")
            : _socket ?? throw new InvalidOperationException("The data connection is closed.");
    }

    /// <summary>The timer runs only while bytes are waited for, and is not touched when they are there already.</summary>
    private async ValueTask<int> WithinStallAsync(ValueTask<int> moving, CancellationToken cancellationToken)
    {
        if (moving.IsCompletedSuccessfully)
        {
            return moving.Result;
        }

        // A server that has confirmed the listing already, and has not shown that it accepted the connection, has probably nothing to send.
        TimeSpan limit = _mayLackData && !_isAccepted ? _connection.Options.Timeouts.Abort : _connection.Options.Timeouts.Stall;
        IsAwaitingData = true;
        try
        {
            using (cancellationToken.UnsafeRegister(static stall => ((CancellationTokenSource)stall!).Cancel(), _stall))
            {
                _stall.CancelAfter(limit);
                return await moving.ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException e)
        {
            throw Deadline.Translate(e, FtpConnectionPhase.Transfer, limit, cancellationToken);
        }
        finally
        {
            IsAwaitingData = false;
            _stall.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>The data connection broke: the server's final reply explains why, and is read in any case.</summary>
    private async Task<FtpException> BrokenAsync(Exception exception, CancellationToken cancellationToken)
    {
        CloseHard();
        FtpReply reply = await CompleteAsync(cancellationToken).ConfigureAwait(false);
        return reply.IsCompletion
            ? new FtpConnectionException(FtpConnectionPhase.Transfer, $"the data connection broke ({exception.Message}), although the server says {reply.Shown()}", exception)
            : new FtpReplyException(reply, CommandText, exception);
    }

    private FtpProtocolException Unasked(FtpReply reply)
    {
        _connection.Break();
        return new FtpProtocolException($"the server confirms {CommandText} before a byte was sent: {reply.Shown()}");
    }

    /// <summary>Resets the data connection from another thread. The call that uses its buffers keeps them.</summary>
    internal void ResetFromOutside() => _socket?.ResetFromOutside();

    /// <summary>A reset instead of an end: in stream mode an orderly close would make half a file look whole to the server.</summary>
    private void CloseHard()
    {
        if (_socket is not null && CanWrite)
        {
            _connection.NoteUploadReset();
        }

        _socket?.Reset();
        _socket = null;
    }

    private void Release()
    {
        _released = true;
        _stall.Dispose();
        _connection.ReleaseData(this);
    }
}
