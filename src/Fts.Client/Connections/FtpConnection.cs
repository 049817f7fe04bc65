using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Authentication;
using Fts.Client.Connections;
using Fts.Client.Data;
using Fts.Client.Listings;
using Fts.Client.Tls;
using Fts.Protocol;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fts.Client;

/// <summary>
/// One control connection. It sends exactly the commands of the caller and returns the server's replies. One command and one data
/// connection at a time: a second call while one runs throws <see cref="InvalidOperationException"/> and sends nothing.
/// <see cref="FtpClient"/> is safe to use from many threads.
/// </summary>
/// <remarks>A command whose reply did not come in time, or was cancelled, leaves the connection unusable: its reply might come later and be taken for another's.</remarks>
public sealed class FtpConnection : IAsyncDisposable
{
    private readonly ControlChannel _control;
    private readonly DataConnector _dataConnector;
    private readonly SessionTicketRenewal _ticketRenewal;
    private bool _hasLostTicket;
    private FtpDataStream? _dataStream;
    private Command? _allocateCommand;
    private int _isExchanging;

    private FtpConnection(ControlChannel control, FtpClientOptions options, ServerProfile memory)
    {
        (_control, Options, ServerProfile) = (control, options, memory);
        _dataConnector = new DataConnector(this, control, options, memory);
        _ticketRenewal = new SessionTicketRenewal(this);
        TransferAbort = new TransferAbort(this, control);
        Log = options.LoggerFactory?.CreateLogger(typeof(FtpConnection)) ?? NullLogger.Instance;
        NoteActivity();
    }

    /// <summary>The server's greeting.</summary>
    public FtpReply Greeting { get; private set; } = null!;

    /// <summary>Who the server says it is, by its certificate; null when the connection is not encrypted.</summary>
    public FtpServerIdentity? ServerIdentity => _control.Tls?.Identity;

    /// <summary>The version of TLS that protects the connection; <see cref="SslProtocols.None"/> if it is not encrypted.</summary>
    public SslProtocols TlsVersion => _control.Tls?.Protocol ?? SslProtocols.None;

    /// <summary>What the server can do; nothing is known before <see cref="LoginAsync"/>.</summary>
    public FtpServerFeatures Features { get; internal set; } = FtpServerFeatures.Unknown;

    /// <summary>False once the connection is closed, or commands and replies may be out of step. Then only disposal is left.</summary>
    public bool IsUsable => _control.IsUsable;

    internal FtpClientOptions Options { get; }

    internal ServerProfile ServerProfile { get; }

    internal ILogger Log { get; }

    /// <summary>The encryption of this connection and its data connections; null when there is none.</summary>
    internal ConnectionTls? Tls => _control.Tls;

    internal WireText Text => _control.Text;

    /// <summary>
    /// Returns true if the pool may use the connection again: it is in step, and it can resume its TLS session for the next data
    /// connection.
    /// </summary>
    internal bool IsReusable => CanSendCommand && !_hasLostTicket && !IsOutsideWorkingDirectory;

    /// <summary>The folder that relative paths count from; null for the one the account starts in.</summary>
    internal WorkingDirectory? WorkingDirectory { get; set; }

    /// <summary>Whether the connection is in another folder than <see cref="WorkingDirectory"/>, for a listing.</summary>
    internal bool IsOutsideWorkingDirectory { get; set; }

    /// <summary>
    /// Returns true if the next command can be sent: no command, transfer or abort is under way, and no unexpected reply arrived. Returns
    /// false for a plain connection once another connection of the same client is encrypted.
    /// </summary>
    private bool CanSendCommand =>
        _dataStream is null && TransferAbort.RunningAbort.IsCompleted && Volatile.Read(ref _isExchanging) == 0 && _control.IsSynchronized && (Tls is not null || !ServerProfile.Tls.HasUsedTls);

    /// <summary>Whether the server is on this machine, so that nothing travels over a network.</summary>
    internal bool IsServerLocal => Options.Proxy is null && IPAddress.IsLoopback(_control.RemoteEndPoint.Address);

    /// <summary>Aborts a transfer (ABOR).</summary>
    internal TransferAbort TransferAbort { get; }

    /// <summary>The last command sent, without its password.</summary>
    internal string LastCommand => _control.LastCommand.Redacted;

    /// <summary>When this connection last sent a command or received a reply or data, as a timestamp of the options' time provider.</summary>
    internal long LastActivity { get; private set; }

    /// <summary>
    /// Returns true while a call waits for the server; the time-outs for replies and data bound that wait. Returns false
    /// while the holder of the connection does not use it.
    /// </summary>
    internal bool IsAwaitingServer =>
        Volatile.Read(ref _isExchanging) != 0 || _control.IsAwaitingReply || _dataStream is { IsAwaitingData: true };

    /// <summary>Whether the transfer opened last is compressed.</summary>
    internal bool IsDeflating => _dataConnector.IsDeflating;

    /// <summary>Whether HASH was told to answer with SHA-256.</summary>
    internal bool IsSha256Selected { get; set; }

    internal int CommandsSent => _control.CommandsSent;

    /// <summary>How many commands were sent that must not be sent twice.</summary>
    internal int NonRepeatableCommandsSent => _control.NonRepeatableCommandsSent;

    /// <summary>Whether the last command sent may be sent again.</summary>
    internal bool IsLastCommandRepeatable => RepeatableCommands.Contains(_control.LastCommand.Verb);

    /// <summary>Connects, reads the greeting and, as the options want it, goes over to TLS; nothing else is sent. A server that says "later" (120) is waited for.</summary>
    /// <exception cref="ArgumentException">An option that cannot work.</exception>
    /// <exception cref="FtpConnectionException">There is no connection, or the server refuses it: its reply is in the exception.</exception>
    /// <exception cref="FtpTlsException">Encryption failed, is refused though required, or the server is not trusted.</exception>
    public static Task<FtpConnection> ConnectAsync(FtpClientOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return ConnectAsync(options.Validate(), new ServerProfile(), cancellationToken);
    }

    /// <summary>
    /// Names the host where the server knows several (HOST, RFC 7151, as its FEAT says; never for an address), signs in (USER, and PASS and ACCT when asked for),
    /// asks for the features, turns UTF-8 on where it is offered and sets TYPE I.
    /// </summary>
    /// <exception cref="FtpLoginException">The server does not let the user in.</exception>
    public async Task LoginAsync(CancellationToken cancellationToken = default)
    {
        ReportProgress(FtpConnectStage.LoggingIn);
        await LoginSequence.RunAsync(this, cancellationToken).ConfigureAwait(false);
        Log.LoggedIn(Options.Credentials.UserName, Options.Host);
    }

    /// <summary>Sends a command and returns the reply that completes it, refusal or not. Preliminary replies are passed over.</summary>
    /// <param name="verb">The verb, ASCII letters and digits.</param>
    /// <param name="argument">What follows it after one space; null or empty for nothing.</param>
    /// <param name="cancellationToken">Ends the wait, and with it the use of this connection.</param>
    /// <exception cref="ArgumentException">A line end or NUL in the argument, or characters the encoding does not have: nothing was sent.</exception>
    /// <exception cref="InvalidOperationException">A data connection is open, or another command is under way. Nothing was sent.</exception>
    /// <exception cref="FtpConnectionException">The connection is lost, or the server closes it (421).</exception>
    /// <exception cref="FtpProtocolException">The server's answer is no reply.</exception>
    public Task<FtpReply> SendAsync(string verb, string? argument = null, CancellationToken cancellationToken = default) =>
        SendAsync(verb, argument, Options.Timeouts.Reply, cancellationToken);

    /// <summary>
    /// Returns the file or directory at a path, or null if there is none. Sends MLST if the server supports it; otherwise SIZE and MDTM, and then lists the
    /// parent directory.
    /// </summary>
    /// <remarks>
    /// The last resort is CWD into the path and back. If the server has no PWD, the way back is unknown: the connection is closed, and
    /// <see cref="IsUsable"/> is false.
    /// </remarks>
    /// <exception cref="FtpReplyException">A negative reply that leaves open whether the path exists.</exception>
    /// <exception cref="FtpListingException">A line of the parent's listing that may describe the path is in an unknown format.</exception>
    public Task<FtpEntry?> GetEntryAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return RemoteMetadata.GetEntryAsync(this, path, cancellationToken);
    }

    /// <summary>Returns whether a file or directory exists at a path, with the commands of <see cref="GetEntryAsync"/>.</summary>
    /// <exception cref="FtpReplyException">A negative reply that leaves open whether the path exists.</exception>
    /// <exception cref="FtpListingException">A line of the parent's listing that may describe the path is in an unknown format.</exception>
    public async Task<bool> ExistsAsync(string path, CancellationToken cancellationToken = default) =>
        await GetEntryAsync(path, cancellationToken).ConfigureAwait(false) is not null;

    /// <inheritdoc cref="SendAsync(string, string?, CancellationToken)"/>
    internal async Task<FtpReply> SendAsync(string verb, string? argument, TimeSpan limit, CancellationToken cancellationToken)
    {
        Command command = CommandValidator.CreateCommand(verb, argument);
        BeginExchange();
        try
        {
            await TransferAbort.RunningAbort.WaitAsync(cancellationToken).ConfigureAwait(false);
            return await ExchangeAsync(command, limit, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            EndExchange();
        }
    }

    /// <summary>Sends a command that belongs to the call under way, and returns the reply that completes it.</summary>
    internal Task<FtpReply> ExchangeAsync(string verb, string? argument, CancellationToken cancellationToken) =>
        ExchangeAsync(CommandValidator.CreateCommand(verb, argument), Options.Timeouts.Reply, cancellationToken);

    private async Task<FtpReply> ExchangeAsync(Command command, TimeSpan limit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Command? ahead = _allocateCommand;
        _allocateCommand = null;
        long sent = Stopwatch.GetTimestamp();
        await _control.WriteCommandAsync(command, cancellationToken, ahead).ConfigureAwait(false);
        try
        {
            if (ahead is not null)
            {
                // What the server makes of it changes nothing.
                await ReadReplyAsync(FtpOperationPhase.Reply, limit, cancellationToken).ConfigureAwait(false);
            }

            FtpReply reply = await ReadReplyAsync(FtpOperationPhase.Reply, limit, cancellationToken).ConfigureAwait(false);
            ServerProfile.NoteReplyTime(Stopwatch.GetElapsedTime(sent));
            NoteActivity();
            return reply.IsPreliminary ? await ReadFinalReplyAsync(cancellationToken).ConfigureAwait(false) : reply;
        }
        catch (Exception e) when (e is OperationCanceledException or FtpException)
        {
            _control.CloseImmediately();
            throw;
        }
    }

    /// <summary>
    /// Makes a data connection and sends the command that uses it: EPSV, PASV, EPRT or PORT; REST when <paramref name="restartOffset"/> is not 0; the verb; its
    /// 1yz reply. <see cref="FtpDataStream.CompleteAsync"/> reads the reply that ends the transfer; a stream disposed before is aborted.
    /// After an upload over TLS 1.3 a name list of what was uploaded (NLST) goes before all that, until one is served: some servers give no ticket with an
    /// upload, and would refuse what comes next.
    /// </summary>
    /// <param name="verb">RETR, STOR, APPE, LIST, MLSD…</param>
    /// <param name="argument">The path; null or empty for none.</param>
    /// <param name="restartOffset">Offset in bytes to start at.</param>
    /// <param name="direction">Which way data goes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FtpReplyException">The server refuses; the connection is in step.</exception>
    /// <exception cref="FtpConnectionException">No control or data connection; <see cref="IsUsable"/> tells whether this one can go on.</exception>
    public Task<FtpDataStream> OpenDataAsync(string verb, string? argument, long restartOffset, FtpDataDirection direction, CancellationToken cancellationToken = default) =>
        OpenDataAsync(verb, argument, restartOffset, direction, deflate: false, cancellationToken);

    /// <inheritdoc cref="OpenDataAsync(string, string?, long, FtpDataDirection, CancellationToken)"/>
    /// <param name="verb">RETR, STOR, APPE, LIST, MLSD…</param>
    /// <param name="argument">The path; null or empty for none.</param>
    /// <param name="restartOffset">Offset in bytes to start at.</param>
    /// <param name="direction">Which way data goes.</param>
    /// <param name="deflate">Whether to compress, if the server takes it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="announcedBytes">Bytes that will be sent; the server is told (ALLO) if it wants to know, so that it sees when some are missing.</param>
    /// <param name="lastByte">The last byte wanted, by RANG in place of REST; null to go on to the end.</param>
    internal async Task<FtpDataStream> OpenDataAsync(
        string verb, string? argument, long restartOffset, FtpDataDirection direction, bool deflate, CancellationToken cancellationToken, long? announcedBytes = null, long? lastByte = null)
    {
        Command command = CommandValidator.CreateCommand(verb, argument);
        ArgumentOutOfRangeException.ThrowIfNegative(restartOffset);
        ThrowIfBusy();
        cancellationToken.ThrowIfCancellationRequested();
        await _ticketRenewal.RenewIfNeededAsync(cancellationToken).ConfigureAwait(false);
        BeginExchange();
        try
        {
            await TransferAbort.RunningAbort.WaitAsync(cancellationToken).ConfigureAwait(false);
            // Sent in one packet with the command that opens the data connection, so it costs no round trip.
            _allocateCommand = announcedBytes is { } bytes && Features.Supports("ALLO") ? new Command("ALLO", bytes.ToString(CultureInfo.InvariantCulture)) : null;
            // Sent twice, STOU would leave two files.
            return await _dataConnector.OpenAsync(
                link => OpenDataAsync(link, command, restartOffset, lastByte, direction, cancellationToken), command.Verb != "STOU", deflate, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            EndExchange();
        }
    }

    private async Task<FtpDataStream> OpenDataAsync(
        PreparedDataConnection prepared, Command command, long restartOffset, long? lastByte, FtpDataDirection direction, CancellationToken cancellationToken)
    {
        if (restartOffset > 0 || lastByte is not null)
        {
            string start = restartOffset.ToString(CultureInfo.InvariantCulture);
            Command rest = lastByte is { } end ? new("RANG", string.Create(CultureInfo.InvariantCulture, $"{start} {end}")) : new("REST", start);
            FtpReply reply = await ExchangeAsync(rest.Verb, rest.Argument, cancellationToken).ConfigureAwait(false);
            if (!reply.IsIntermediate)
            {
                throw new FtpReplyException(reply, rest.Redacted);
            }
        }

        await _control.WriteCommandAsync(command, cancellationToken).ConfigureAwait(false);
        // From here the server may be transferring: until the final reply is read, this stream stands for it, and disposing of it aborts.
        FtpDataStream data = _dataStream = new FtpDataStream(this, command, direction, cancellationToken);
        try
        {
            await data.OpenAsync(prepared, cancellationToken).ConfigureAwait(false);
            _ticketRenewal.NoteTransfer(direction, command.Argument);
            return data;
        }
        catch
        {
            prepared.Dispose();
            await data.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Waits for the abort of a cancelled transfer, sends QUIT if no command is under way, and closes the connection; all within <see cref="FtpTimeouts.Resync"/>.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (CanSendCommand || !TransferAbort.RunningAbort.IsCompleted)
        {
            using var budget = new CancellationTokenSource(Options.Timeouts.Resync);
            await QuitAsync(budget.Token).ConfigureAwait(false);
        }

        await CloseAsync().ConfigureAwait(false);
    }

    /// <summary>Waits for the abort of a cancelled transfer and sends QUIT if no command is under way. Returns when the server has replied, or the token is cancelled.</summary>
    internal async Task QuitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await TransferAbort.RunningAbort.WaitAsync(cancellationToken).ConfigureAwait(false);
            if (CanSendCommand)
            {
                await SendAsync("QUIT", null, cancellationToken).ConfigureAwait(false);
                await _control.SendCloseNotifyAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is FtpException or OperationCanceledException or InvalidOperationException)
        {
            // The connection is closed in any case.
        }
    }

    private void ReportProgress(FtpConnectStage stage) =>
        Options.ConnectProgress?.Report(new FtpConnectProgress(stage, Options.Proxy is null ? _control.RemoteEndPoint : null));

    /// <summary>Closes the connection without QUIT.</summary>
    internal ValueTask CloseAsync()
    {
        _control.CloseImmediately();
        return _control.DisposeAsync();
    }

    internal static async Task<FtpConnection> ConnectAsync(FtpClientOptions options, ServerProfile memory, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ControlChannel control = await ControlChannel.ConnectAsync(options, cancellationToken).ConfigureAwait(false);
        var connection = new FtpConnection(control, options, memory);
        try
        {
            if (options.Tls == FtpTlsMode.Implicit)
            {
                connection.ReportProgress(FtpConnectStage.Encrypting);
                await control.StartTlsAsync(cancellationToken).ConfigureAwait(false);
            }

            connection.ReportProgress(FtpConnectStage.AwaitingGreeting);
            connection.Greeting = await LoginSequence.ReadGreetingAsync(connection, cancellationToken).ConfigureAwait(false);
            if (options.Tls is FtpTlsMode.Preferred or FtpTlsMode.Required)
            {
                connection.ReportProgress(FtpConnectStage.Encrypting);
                await LoginSequence.StartTlsAsync(connection, control, cancellationToken).ConfigureAwait(false);
            }

            connection.Log.Connected(options.Host, control.RemoteEndPoint);
            return connection;
        }
        catch
        {
            control.CloseImmediately();
            await control.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Enters block mode and agrees on its data connection; null when the server refuses. From then on commands are queued, their replies counted by the caller, until
    /// MODE S ends it. A server that does not read refused uploads to their end is no use for <see cref="FtpDataDirection.Send"/>.
    /// </summary>
    internal async Task<PreparedDataConnection?> EnterBlockModeAsync(FtpDataDirection direction, CancellationToken cancellationToken)
    {
        ThrowIfBusy();
        await _ticketRenewal.RenewIfNeededAsync(cancellationToken).ConfigureAwait(false);
        bool isReady = direction == FtpDataDirection.Receive || (await SendAsync("OPTS", "MODE B DRAIN ON", cancellationToken).ConfigureAwait(false)).IsCompletion;
        return isReady ? await _dataConnector.EnterBlockModeAsync(cancellationToken).ConfigureAwait(false) : null;
    }

    /// <summary>A data connection in block mode was used, for a path last.</summary>
    internal void NoteBlockTransfer(FtpDataDirection direction, string path) => _ticketRenewal.NoteTransfer(direction, path);

    /// <summary>Queues a command without waiting for replies to those before; returns its length in bytes.</summary>
    /// <exception cref="ArgumentException">A line end or NUL in the argument, or characters the encoding does not have: nothing was queued.</exception>
    internal int QueueCommand(string verb, string argument) => _control.QueueCommand(CommandValidator.CreateCommand(verb, argument));

    /// <summary>Sends what was queued.</summary>
    internal Task FlushAsync(CancellationToken cancellationToken) => _control.FlushAsync(cancellationToken);

    internal Task<FtpReply> ReadReplyAsync(FtpOperationPhase phase, TimeSpan limit, CancellationToken cancellationToken) =>
        _control.ReadReplyAsync(phase, limit, cancellationToken);

    /// <summary>The reply that ends a transfer; preliminary ones before it are passed over.</summary>
    internal async Task<FtpReply> ReadFinalReplyAsync(CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(Options.Timeouts.FinalReply, cancellationToken);
        while (true)
        {
            try
            {
                FtpReply reply = await ReadReplyAsync(FtpOperationPhase.FinalReply, Options.Timeouts.FinalReply, deadline.Token).ConfigureAwait(false);
                if (!reply.IsPreliminary)
                {
                    return reply;
                }
            }
            catch (OperationCanceledException e)
            {
                throw deadline.Translate(e, FtpOperationPhase.FinalReply);
            }
        }
    }

    internal void CloseImmediately() => _control.CloseImmediately();

    /// <summary>
    /// Notes that an upload's data connection was reset. In TLS 1.3 it has used up its ticket, and the server sends new tickets only at the
    /// end of a complete upload. A server that requires resumption would refuse the next data connection, so the pool opens a new control
    /// connection instead.
    /// </summary>
    internal void NoteUploadReset() => _hasLostTicket |= Tls?.Protocol == SslProtocols.Tls13;

    /// <summary>Closes the control and data connections from another thread. A call that is using them fails.</summary>
    internal void CloseFromAnotherThread()
    {
        _control.CloseImmediately();
        _dataStream?.ResetFromAnotherThread();
    }

    internal void ReleaseDataStream(FtpDataStream data) => _dataStream = ReferenceEquals(_dataStream, data) ? null : _dataStream;

    internal void NoteActivity() => LastActivity = Options.TimeProvider.GetTimestamp();

    /// <summary>Throws if another call is under way, because two calls at once would receive each other's replies.</summary>
    private void BeginExchange()
    {
        if (Interlocked.Exchange(ref _isExchanging, 1) != 0)
        {
            throw new InvalidOperationException("Another call of this connection is under way: an FtpConnection runs one command at a time.");
        }

        if (_dataStream is not null)
        {
            EndExchange();
            ThrowIfBusy();
        }
    }

    private void EndExchange() => Volatile.Write(ref _isExchanging, 0);

    private void ThrowIfBusy()
    {
        if (_dataStream is not null)
        {
            throw new InvalidOperationException("A data connection is open: complete or dispose its stream first.");
        }
    }
}
