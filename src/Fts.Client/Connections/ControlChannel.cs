using System.Net;
using System.Net.Sockets;
using Fts.Client.Tls;
using Fts.Protocol;

namespace Fts.Client.Connections;

/// <summary>
/// The control connection as commands out and replies in. It keeps the books: a reply nobody asked for, a lost connection or nonsense makes it
/// unusable at once, since from then on no reply could be trusted to answer the last command.
/// </summary>
/// <remarks>Owns its socket. After <see cref="CloseImmediately"/> only disposal is left.</remarks>
internal sealed class ControlChannel : IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly NetworkStream _plainStream;
    private readonly LineChannel _lines;
    private readonly ReplyReader _replies;
    private readonly FtpClientOptions _options;
    private ReadAheadStream? _tlsStream;

    private ControlChannel(Socket socket, FtpClientOptions options)
    {
        (_socket, _options) = (socket, options);
        _plainStream = new NetworkStream(socket, ownsSocket: true);
        _lines = new LineChannel(_plainStream, options.Limits.ReplyLine, stopsAtLimit: true);
        _replies = new ReplyReader(options.Limits.Reply);
        Text = new WireText(options.Encoding);
        RemoteEndPoint = ToUnmapped((IPEndPoint)socket.RemoteEndPoint!);
        LocalEndPoint = ToUnmapped((IPEndPoint)socket.LocalEndPoint!);
    }

    /// <summary>The server's end, or the proxy's where there is one; data connections go to no other address.</summary>
    public IPEndPoint RemoteEndPoint { get; }

    /// <summary>This end.</summary>
    public IPEndPoint LocalEndPoint { get; }

    public WireText Text { get; }

    /// <summary>The encryption; null while there is none.</summary>
    public ConnectionTls? Tls { get; private set; }

    /// <summary>False once commands and replies may be out of step, or the connection is gone.</summary>
    public bool IsUsable { get; private set; } = true;

    /// <summary>Commands sent so far.</summary>
    public int CommandsSent { get; private set; }

    /// <summary>Commands sent so far that are not repeatable (<see cref="ClientCommand.IsRepeatable"/>).</summary>
    public int NonRepeatableCommandsSent { get; private set; }

    /// <summary>The last command sent.</summary>
    public Command LastCommand { get; private set; }

    /// <summary>Returns true while a reply is awaited. Read by other threads.</summary>
    public bool IsAwaitingReply { get; private set; }

    /// <summary>False when the server said or did something although nothing was asked: a timeout's 421, a close, a reply out of step.</summary>
    public bool IsSynchronized => IsUsable && !_lines.HasUnreadInput && !_replies.IsInsideReply && !(_tlsStream?.HasUnreadData ?? HasUnreadBytes());

    public static async Task<ControlChannel> ConnectAsync(FtpClientOptions options, CancellationToken cancellationToken)
    {
        Socket socket = await ControlConnector.ConnectAsync(options, cancellationToken).ConfigureAwait(false);
        try
        {
            return new ControlChannel(socket, options);
        }
        catch (SocketException e)
        {
            // Reset so soon that the system does not know any more who was there.
            socket.Dispose();
            throw CreateLostException(FtpOperationPhase.Greeting, e);
        }
    }

    /// <summary>Goes on encrypted. What is received and not yet read would be taken for the encrypted server's word, so there must be nothing (CVE-2011-0411).</summary>
    /// <exception cref="FtpTlsException">The handshake failed, or the server is not trusted.</exception>
    public async Task StartTlsAsync(CancellationToken cancellationToken)
    {
        if (_lines.HasUnreadInput || _replies.IsInsideReply)
        {
            throw CloseAndReturn(new FtpProtocolException("the server, or somebody on the way, sent more in plain after the reply that begins the encryption"));
        }

        Tls = new ConnectionTls(_options);
        try
        {
            _tlsStream = new ReadAheadStream(await Tls.AuthenticateControlAsync(_plainStream, cancellationToken).ConfigureAwait(false));
            _lines.ReplaceStream(_tlsStream);
        }
        catch (Exception e)
        {
            throw CloseAndReturn(e);
        }
    }

    /// <summary>Says on an encrypted connection that nothing more will be sent.</summary>
    public async Task SendCloseNotifyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await (_tlsStream?.SendCloseNotifyAsync() ?? Task.CompletedTask).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidOperationException)
        {
            // The server was faster to close.
        }
    }

    /// <summary>Sends one command. Checks first that no reply is waiting which would be taken for this command's.</summary>
    /// <param name="command">The command.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="precededBy">A command that is sent before this one, in the same packet. Its reply arrives first.</param>
    /// <exception cref="FtpConnectionException">The connection is gone; says whether the command left.</exception>
    public async Task WriteCommandAsync(Command command, CancellationToken cancellationToken, Command? precededBy = null)
    {
        byte[] line = Text.EncodeLine(command.ToString());
        ThrowIfUnusable();
        if (!IsSynchronized)
        {
            await ThrowUnexpectedReplyAsync(cancellationToken).ConfigureAwait(false);
        }

        if (precededBy is { } first)
        {
            _lines.Queue(Text.EncodeLine(first.ToString()));
            RecordSent(first);
        }

        await SendLineAsync(command, line, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends one command although replies may be waiting: ABOR, whose sender counts what is still to come.</summary>
    public Task WriteDuringTransferAsync(Command command, CancellationToken cancellationToken) => SendLineAsync(command, Text.EncodeLine(command.ToString()), cancellationToken);

    /// <summary>Queues a command behind others whose replies are still to come; its sender counts them. Returns its length in bytes.</summary>
    public int QueueCommand(Command command)
    {
        byte[] line = Text.EncodeLine(command.ToString());
        QueueCommand(command, line);
        return line.Length;
    }

    /// <summary>Sends what was queued.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_options.Timeouts.Reply);
        // Half a command cannot be taken back. A cancelled one leaves whole, if it can soon; whoever reads the reply sees the cancellation.
        using CancellationTokenRegistration hurry = cancellationToken.UnsafeRegister(_ => limit.CancelAfter(_options.Timeouts.Resync), null);
        try
        {
            await _lines.FlushAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            throw CloseAndReturn(Deadline.Translate(e, FtpOperationPhase.Reply, _options.Timeouts.Reply, cancellationToken));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            throw CloseAndReturn(CreateLostException(FtpOperationPhase.Reply, e));
        }
    }

    /// <summary>Reads one whole reply. After a timeout or cancellation the rest of it can still be read; after any other error the channel is broken.</summary>
    /// <exception cref="FtpConnectionException">The connection is gone, or the server says it closes it (421).</exception>
    /// <exception cref="FtpProtocolException">What came is no reply.</exception>
    public async Task<FtpReply> ReadReplyAsync(FtpOperationPhase phase, TimeSpan limit, CancellationToken cancellationToken)
    {
        ThrowIfUnusable();
        using var deadline = new Deadline(limit, cancellationToken);
        IsAwaitingReply = true;
        try
        {
            while (true)
            {
                LineReadResult read = await _lines.ReadLineAsync(deadline.Token).ConfigureAwait(false);
                if (ProcessLine(read, phase) is { } reply)
                {
                    return reply.Code != FtpReplyCode.ServiceNotAvailable
                        ? reply
                        : throw CloseAndReturn(new FtpConnectionException(phase, $"the server closes the connection: {reply.ToPrintable()}") { Reply = reply });
                }
            }
        }
        catch (OperationCanceledException e)
        {
            throw deadline.Translate(e, phase);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            throw CloseAndReturn(CreateLostException(phase, e));
        }
        catch (ReplyFormatException e)
        {
            throw CloseAndReturn(new FtpProtocolException(e.Message, e));
        }
        finally
        {
            IsAwaitingReply = false;
        }
    }

    /// <summary>Closes the connection for good.</summary>
    public void CloseImmediately()
    {
        IsUsable = false;
        _socket.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        IsUsable = false;
        await _lines.DisposeAsync().ConfigureAwait(false);
        Tls?.Dispose();
    }

    private FtpReply? ProcessLine(LineReadResult read, FtpOperationPhase phase)
    {
        if (read.Status == LineStatus.Closed)
        {
            throw CloseAndReturn(CreateLostException(phase, null));
        }

        if (read.Status == LineStatus.TooLong)
        {
            throw new ReplyFormatException($"A line of a reply is longer than {_options.Limits.ReplyLine} bytes.");
        }

        string line = Text.Decode(read.Bytes.Span);
        _options.Trace?.Invoke(new FtpTrace(IsSent: false, line.ToPrintable()));
        return _replies.AddLine(line);
    }

    private Task SendLineAsync(Command command, byte[] line, CancellationToken cancellationToken)
    {
        QueueCommand(command, line);
        return FlushAsync(cancellationToken);
    }

    private void QueueCommand(Command command, byte[] line)
    {
        RecordSent(command);
        _lines.Queue(line);
    }

    private void RecordSent(Command command)
    {
        _options.Trace?.Invoke(new FtpTrace(IsSent: true, command.Redacted));
        LastCommand = command;
        CommandsSent++;
        NonRepeatableCommandsSent += ClientCommand.IsRepeatable(command.Verb) ? 0 : 1;
    }

    /// <summary>Finds out what stands unasked in the channel and throws it; nothing was sent then.</summary>
    private async Task ThrowUnexpectedReplyAsync(CancellationToken cancellationToken)
    {
        try
        {
            FtpReply reply = await ReadReplyAsync(FtpOperationPhase.Reply, _options.Timeouts.Resync, cancellationToken).ConfigureAwait(false);
            throw CloseAndReturn(new FtpProtocolException($"the server sent a reply that answers nothing: {reply.ToPrintable()}"));
        }
        catch (FtpConnectionException e)
        {
            CloseImmediately();
            throw new FtpConnectionException(e.Phase, e.Message, e) { Reply = e.Reply, IsCommandUnsent = true };
        }
        catch (OperationCanceledException)
        {
            CloseImmediately();
            throw;
        }
    }

    private void ThrowIfUnusable()
    {
        if (!IsUsable)
        {
            throw new FtpConnectionException(FtpOperationPhase.Reply, "the connection is closed or was given up after an earlier error") { IsCommandUnsent = true };
        }
    }

    private bool HasUnreadBytes()
    {
        try
        {
            return _socket.Poll(0, SelectMode.SelectRead);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Whoever reads next gets this error as the reason.
            return true;
        }
    }

    private Exception CloseAndReturn(Exception exception)
    {
        CloseImmediately();
        return exception;
    }

    private static FtpConnectionException CreateLostException(FtpOperationPhase phase, Exception? exception) =>
        exception is null ? new FtpConnectionException(phase, "the server closed the connection")
        : TlsAlert.IsClientCertificateRejection(exception) ? TlsAlert.CreateException(exception)
        : new FtpConnectionException(phase, $"the connection was lost: {exception.Message}", exception);

    private static IPEndPoint ToUnmapped(IPEndPoint endPoint) =>
        endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;
}
