using System.Net;
using System.Net.Sockets;
using Fts.Client.Recording;
using Fts.Client.Tls;
using Fts.Protocol;

namespace Fts.Client.Connections;

/// <summary>
/// Sends commands and reads replies over the control connection. After an unexpected or malformed reply, the channel is unusable, because a
/// later reply could be mistaken for the reply to another command. The channel is also unusable after the connection is lost.
/// </summary>
/// <remarks>
/// Owns its socket. One task may send while another reads: output and input share only the flag <see cref="IsUsable"/>.
/// <see cref="CloseImmediately"/> may be called from any thread. After that, the channel can only be disposed.
/// </remarks>
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
        RemoteEndPoint = ((IPEndPoint)socket.RemoteEndPoint!).UnmapIPv4();
        LocalEndPoint = ((IPEndPoint)socket.LocalEndPoint!).UnmapIPv4();
        Recording = options.Recorder?.OpenControl(options, RemoteEndPoint);
    }

    /// <summary>The address of the server, or of the proxy if one is used. IPv4-mapped addresses are converted to IPv4.</summary>
    public IPEndPoint RemoteEndPoint { get; }

    /// <summary>The local address of the connection. IPv4-mapped addresses are converted to IPv4.</summary>
    public IPEndPoint LocalEndPoint { get; }

    /// <summary>Records the connection; null if it is not recorded.</summary>
    public ControlRecording? Recording { get; }

    /// <summary>Encodes commands and decodes replies.</summary>
    public WireText Text { get; }

    /// <summary>The TLS state; null while the connection is not encrypted.</summary>
    public ConnectionTls? Tls { get; private set; }

    /// <summary>
    /// Whether the connection can be used. False after it was lost or closed, or if replies may no longer match commands.
    /// </summary>
    public bool IsUsable { get; private set; } = true;

    /// <summary>The number of commands sent.</summary>
    public int CommandsSent { get; private set; }

    /// <summary>The number of commands sent that are not repeatable (<see cref="ClientCommand.IsRepeatable"/>).</summary>
    public int NonRepeatableCommandsSent { get; private set; }

    /// <summary>The last command sent.</summary>
    public FtpCommand LastCommand { get; private set; }

    /// <summary>Whether a call is waiting for a reply. Other threads read this property without a lock.</summary>
    public bool IsAwaitingReply { get; private set; }

    /// <summary>
    /// Returns true if the connection is usable and no input is unread. After the replies to all commands, unread input is an unexpected
    /// reply, such as 421 after an idle timeout, or the end of the connection.
    /// </summary>
    public bool IsSynchronized =>
        IsUsable && !_lines.HasUnreadInput && !_replies.IsInsideReply && !(_tlsStream?.HasUnreadData ?? HasUnreadBytes());

    /// <summary>Connects to the server, directly or through the proxy of the options.</summary>
    /// <exception cref="FtpConnectionException">The connection could not be opened, or the server reset it immediately.</exception>
    public static async Task<ControlChannel> ConnectAsync(FtpClientOptions options, CancellationToken cancellationToken)
    {
        Socket socket = await ControlConnector.ConnectAsync(options, cancellationToken).ConfigureAwait(false);
        try
        {
            return new ControlChannel(socket, options);
        }
        catch (SocketException e)
        {
            // The peer has already reset the connection, so the socket no longer has a remote address.
            socket.Dispose();
            throw CreateConnectionLostException(FtpOperationPhase.Greeting, e);
        }
    }

    /// <summary>
    /// Performs the TLS handshake, after which the connection is encrypted. Plain text received before the handshake is an error, because
    /// an attacker could have inserted it (CVE-2011-0411).
    /// </summary>
    /// <exception cref="FtpTlsException">The handshake failed, or the server is not trusted.</exception>
    /// <exception cref="FtpProtocolException">Plain text was received after the reply that starts TLS.</exception>
    public async Task StartTlsAsync(CancellationToken cancellationToken)
    {
        if (_lines.HasUnreadInput || _replies.IsInsideReply)
        {
            throw CloseAndReturn(new FtpProtocolException(
                "received unencrypted data after the reply that starts TLS; the server is faulty, or an attacker inserted the data"));
        }

        Tls = new ConnectionTls(_options);
        try
        {
            _tlsStream = new ReadAheadStream(await Tls.AuthenticateControlAsync(_plainStream, cancellationToken).ConfigureAwait(false));
            _lines.ReplaceStream(_tlsStream);
            Recording?.RecordTls(Tls.Protocol);
        }
        catch (Exception e)
        {
            throw CloseAndReturn(e);
        }
    }

    /// <summary>Sends close_notify if the connection is encrypted.</summary>
    public async Task SendCloseNotifyAsync(CancellationToken cancellationToken)
    {
        try
        {
            await (_tlsStream?.SendCloseNotifyAsync() ?? Task.CompletedTask).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidOperationException)
        {
            // The connection is already closed.
        }
    }

    /// <summary>Sends one command, or two commands in one packet.</summary>
    /// <param name="command">The command.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <param name="precededBy">A command to send first in the same packet; null for none. The reply to this command arrives first.</param>
    /// <inheritdoc cref="WriteCommandsAsync"/>
    public Task WriteCommandAsync(FtpCommand command, CancellationToken cancellationToken, FtpCommand? precededBy = null) =>
        WriteCommandsAsync(precededBy is { } first ? [first, command] : [command], cancellationToken);

    /// <summary>
    /// Sends commands in one packet. If unread input could be mistaken for the replies to the commands, throws without sending anything.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// A command contains characters that the encoding cannot represent. Nothing was sent.
    /// </exception>
    /// <exception cref="FtpConnectionException">
    /// The connection is lost. If the loss was detected before a command was sent,
    /// <see cref="FtpConnectionException.IsCommandUnsent"/> is true.
    /// </exception>
    /// <exception cref="FtpProtocolException">The server has already sent an unexpected reply. Nothing was sent.</exception>
    public async Task WriteCommandsAsync(IReadOnlyList<FtpCommand> commands, CancellationToken cancellationToken)
    {
        byte[][] lines = [.. commands.Select(command => Text.EncodeLine(command.ToString()))];
        ThrowIfUnusable();
        if (!IsSynchronized)
        {
            await ThrowUnexpectedReplyAsync(cancellationToken).ConfigureAwait(false);
        }

        for (int i = 0; i < lines.Length; i++)
        {
            QueueCommand(commands[i], lines[i]);
        }

        await FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends a command even if replies are unread. The caller must count the expected replies. Used for ABOR.</summary>
    public Task WriteDuringTransferAsync(FtpCommand command, CancellationToken cancellationToken)
    {
        QueueCommand(command);
        return FlushAsync(cancellationToken);
    }

    /// <summary>
    /// Queues a command without waiting for the replies to earlier commands, and returns the length of the command line in bytes. The
    /// caller must count the expected replies.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The command contains characters that the encoding cannot represent. Nothing was queued.
    /// </exception>
    public int QueueCommand(FtpCommand command)
    {
        byte[] line = Text.EncodeLine(command.ToString());
        QueueCommand(command, line);
        return line.Length;
    }

    /// <summary>Sends the queued commands.</summary>
    /// <exception cref="FtpConnectionException">The connection is lost, or the commands could not be sent in time.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_options.Timeouts.Reply);
        // A partially sent command cannot be withdrawn, so cancellation only shortens the time limit. If the commands are sent in time, the
        // cancellation is reported when their replies are read.
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            _ => limit.CancelAfter(_options.Timeouts.Resync), null);
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
            throw CloseAndReturn(CreateConnectionLostException(FtpOperationPhase.Reply, e));
        }
    }

    /// <summary>
    /// Reads one reply. After a timeout or cancellation, the next call continues to read the same reply. After any other error, the channel
    /// is unusable.
    /// </summary>
    /// <param name="phase">The phase that the exceptions report.</param>
    /// <param name="limit">The time limit for the whole reply.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="FtpTimeoutException">The reply did not arrive within <paramref name="limit"/>.</exception>
    /// <exception cref="FtpConnectionException">The connection is lost, or the server closes it (421).</exception>
    /// <exception cref="FtpProtocolException">The received text is not a reply, or exceeds a limit.</exception>
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
                        : throw CloseAndReturn(new FtpConnectionException(
                            phase, $"the server closed the connection: {reply.ToPrintable()}") { Reply = reply });
                }
            }
        }
        catch (OperationCanceledException e)
        {
            throw deadline.Translate(e, phase);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            throw CloseAndReturn(CreateConnectionLostException(phase, e));
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

    /// <summary>Closes the socket and makes the channel unusable. May be called from any thread.</summary>
    public void CloseImmediately()
    {
        IsUsable = false;
        _socket.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        IsUsable = false;
        Recording?.RecordClosed();
        await _lines.DisposeAsync().ConfigureAwait(false);
        Tls?.Dispose();
    }

    /// <summary>Adds a received line to the current reply. Returns the reply if it is now complete; otherwise null.</summary>
    private FtpReply? ProcessLine(LineReadResult read, FtpOperationPhase phase)
    {
        if (read.Status == LineStatus.Closed)
        {
            throw CloseAndReturn(CreateConnectionLostException(phase, null));
        }

        if (read.Status == LineStatus.TooLong)
        {
            throw new ReplyFormatException($"A line of the reply is longer than {_options.Limits.ReplyLine} bytes.");
        }

        string line = Text.Decode(read.Bytes.Span);
        _options.Trace?.Invoke(new FtpTrace(IsSent: false, line.ToPrintable()));
        Recording?.RecordReceived(line);
        return _replies.AddLine(line);
    }

    private void QueueCommand(FtpCommand command, byte[] line)
    {
        RecordSent(command);
        _lines.Queue(line);
    }

    private void RecordSent(FtpCommand command)
    {
        _options.Trace?.Invoke(new FtpTrace(IsSent: true, command.Redacted));
        Recording?.RecordSent(command);
        LastCommand = command;
        CommandsSent++;
        NonRepeatableCommandsSent += ClientCommand.IsRepeatable(command.Verb) ? 0 : 1;
    }

    /// <summary>Reads the unexpected input, closes the connection, and throws an exception that describes the input.</summary>
    private async Task ThrowUnexpectedReplyAsync(CancellationToken cancellationToken)
    {
        try
        {
            FtpReply reply = await ReadReplyAsync(
                FtpOperationPhase.Reply, _options.Timeouts.Resync, cancellationToken).ConfigureAwait(false);
            throw CloseAndReturn(new FtpProtocolException($"the server sent an unexpected reply: {reply.ToPrintable()}"));
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
            throw new FtpConnectionException(FtpOperationPhase.Reply, "the connection is already closed") { IsCommandUnsent = true };
        }
    }

    /// <summary>Returns whether the socket has unread input, has reached the end of the input, or has failed.</summary>
    private bool HasUnreadBytes()
    {
        try
        {
            return _socket.Poll(0, SelectMode.SelectRead);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The next read throws this error.
            return true;
        }
    }

    /// <summary>Closes the connection and returns the exception for the caller to throw.</summary>
    private Exception CloseAndReturn(Exception exception)
    {
        CloseImmediately();
        return exception;
    }

    /// <summary>
    /// Returns the exception for a lost connection. If <paramref name="exception"/> is null, the server has closed the connection in an
    /// orderly way.
    /// </summary>
    private static FtpConnectionException CreateConnectionLostException(FtpOperationPhase phase, Exception? exception) =>
        exception is null ? new FtpConnectionException(phase, "the server closed the connection")
        : TlsAlert.IsClientCertificateRejection(exception) ? TlsAlert.CreateException(exception)
        : new FtpConnectionException(phase, $"the connection was lost: {exception.Message}", exception);
}
