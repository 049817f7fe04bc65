using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using Fts.Client.Connections;
using Fts.Client.Data;
using Fts.Client.Listings;
using Fts.Client.Recording;
using Fts.Client.Tls;
using Fts.Protocol;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fts.Client;

/// <summary>
/// A control connection for one caller. It sends the commands of the caller and returns the replies of the server. It runs one command or
/// transfer at a time: a concurrent call throws <see cref="InvalidOperationException"/> and sends nothing. <see cref="FtpClient"/> is the
/// thread-safe alternative.
/// </summary>
/// <remarks>
/// If a command times out or is cancelled after it was sent, the connection is unusable, because the late reply could be mistaken for the
/// reply to another command.
/// </remarks>
public sealed class FtpConnection : IAsyncDisposable
{
    private readonly ControlChannel _control;
    private readonly DataConnector _dataConnector;
    private readonly SessionTicketRenewal _ticketRenewal;
    private readonly EarlyReplies _earlyReplies;
    private bool _isPipeliningServer;
    private bool _hasLostTicket;
    private FtpDataStream? _dataStream;
    private int _isExchanging; // 1 while a call uses the connection

    private FtpConnection(ControlChannel control, FtpClientOptions options, ServerProfile serverProfile)
    {
        (_control, Options, ServerProfile) = (control, options, serverProfile);
        _dataConnector = new DataConnector(this, control, options, serverProfile);
        _ticketRenewal = new SessionTicketRenewal(this);
        _earlyReplies = new EarlyReplies(control);
        TransferAbort = new TransferAbort(this, control);
        Log = options.LoggerFactory?.CreateLogger(typeof(FtpConnection)) ?? NullLogger.Instance;
        RecordActivity();
    }

    /// <summary>The greeting of the server.</summary>
    public FtpReply Greeting { get; private set; } = null!;

    /// <summary>The identity in the server's certificate; null if the connection is not encrypted.</summary>
    public FtpServerIdentity? ServerIdentity => _control.Tls?.Identity;

    /// <summary>The TLS version of the connection; <see cref="SslProtocols.None"/> if it is not encrypted.</summary>
    public SslProtocols TlsVersion => _control.Tls?.Protocol ?? SslProtocols.None;

    /// <summary>The cipher suite of the connection; null if it is not encrypted.</summary>
    public TlsCipherSuite? CipherSuite => _control.Tls?.CipherSuite;

    /// <summary>The features that the server reports (FEAT, RFC 2389). Unknown before <see cref="LoginAsync"/>.</summary>
    public FtpServerFeatures Features { get; internal set; } = FtpServerFeatures.Unknown;

    /// <summary>
    /// Whether the server has verified the password of the login: it requested one (331) and accepted it (230). False if the server
    /// accepted the name without a password, and before <see cref="LoginAsync"/>.
    /// </summary>
    public bool IsPasswordVerified { get; internal set; }

    /// <summary>
    /// Returns false after the connection was lost or closed, or if replies may no longer match commands. In that case, dispose the
    /// connection.
    /// </summary>
    public bool IsUsable => _control.IsUsable;

    internal FtpClientOptions Options { get; }

    /// <summary>The cached behaviour of the server, shared by all connections of a client.</summary>
    internal ServerProfile ServerProfile { get; }

    internal ILogger Log { get; }

    /// <summary>The TLS state of this connection and its data connections; null if they are not encrypted.</summary>
    internal ConnectionTls? Tls => _control.Tls;

    /// <summary>Records the connection; null if it is not recorded.</summary>
    internal ControlRecording? Recording => _control.Recording;

    /// <summary>Encodes commands, and decodes replies and listings.</summary>
    internal WireText Text => _control.Text;

    /// <summary>
    /// Whether the pool may use the connection again. The connection must be able to send a command, be in the working directory, and be
    /// able to resume its TLS session for the next data connection.
    /// </summary>
    internal bool IsReusable => CanSendCommand && !_hasLostTicket && !IsOutsideWorkingDirectory;

    /// <summary>The working directory; null for the initial directory of the account.</summary>
    internal WorkingDirectory? WorkingDirectory { get; set; }

    /// <summary>Whether the connection has temporarily entered a directory other than <see cref="WorkingDirectory"/>.</summary>
    internal bool IsOutsideWorkingDirectory { get; set; }

    /// <summary>
    /// Returns true if the next command can be sent: no command, transfer or abort is running, and no unexpected reply has arrived. Returns
    /// false for an unencrypted connection after another connection of the same client used TLS.
    /// </summary>
    private bool CanSendCommand =>
        _dataStream is null && TransferAbort.RunningAbort.IsCompleted && Volatile.Read(ref _isExchanging) == 0
        && _control.IsSynchronized && (Tls is not null || !ServerProfile.Tls.HasUsedTls);

    /// <summary>Whether the server is on this machine, so that no data crosses a network.</summary>
    internal bool IsServerLocal => Options.Proxy is null && IPAddress.IsLoopback(_control.RemoteEndPoint.Address);

    /// <summary>Aborts the transfer of this connection (ABOR).</summary>
    internal TransferAbort TransferAbort { get; }

    /// <summary>The text of the last command sent, with any password masked.</summary>
    internal string LastCommand => _control.LastCommand.Redacted;

    /// <summary>
    /// The time of the last activity that <see cref="RecordActivity"/> recorded, such as a reply or transferred data, as a timestamp of
    /// <see cref="FtpClientOptions.TimeProvider"/>.
    /// </summary>
    internal long LastActivity { get; private set; }

    /// <summary>
    /// Whether a call is waiting for a reply or for data. Until the call ends, the pool regards the connection as active, because the
    /// timeouts of the call limit the wait.
    /// </summary>
    internal bool IsAwaitingServer =>
        Volatile.Read(ref _isExchanging) != 0 || _control.IsAwaitingReply || _dataStream is { IsAwaitingData: true };

    /// <summary>Whether MODE Z is active, so that the data of transfers is compressed.</summary>
    internal bool IsDeflating => _dataConnector.IsDeflating;

    /// <summary>Whether SHA-256 is selected for HASH (OPTS HASH).</summary>
    internal bool IsSha256Selected { get; set; }

    /// <summary>The number of commands sent.</summary>
    internal int CommandsSent => _control.CommandsSent;

    /// <summary>The number of commands sent that must not be repeated on another connection.</summary>
    internal int NonRepeatableCommandsSent => _control.NonRepeatableCommandsSent;

    /// <summary>
    /// Whether commands may be sent before the replies to earlier commands arrive. True if the server is one of the
    /// <see cref="PipeliningServers"/> or lists block mode. False after the server did not reply to all commands of a packet.
    /// </summary>
    internal bool CanPipeline => !ServerProfile.IsPipeliningUnusable && (_isPipeliningServer || Features.HasBlockMode);

    /// <inheritdoc cref="DataConnector.PassiveCommand"/>
    internal FtpCommand? PassiveCommand => _dataConnector.PassiveCommand;

    /// <summary>Whether the last command sent may be repeated on another connection.</summary>
    internal bool IsLastCommandRepeatable => ClientCommand.IsRepeatable(_control.LastCommand.Verb);

    /// <summary>
    /// Connects, reads the greeting, and starts TLS according to the options. After reply 120 (service ready later), waits for the
    /// greeting.
    /// </summary>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    /// <exception cref="FtpConnectionException">
    /// The connection failed, or the server rejected it. In the second case, the exception contains the reply.
    /// </exception>
    /// <exception cref="FtpTlsException">TLS failed, the server does not support required TLS, or the server is not trusted.</exception>
    public static Task<FtpConnection> ConnectAsync(FtpClientOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return ConnectAsync(options.Validate(), new ServerProfile(options), cancellationToken);
    }

    /// <summary>
    /// Logs in: sends USER, and PASS and ACCT if the server requests them. Before the login, sends HOST (RFC 7151) if the server supports
    /// it and the host is a name. After the login, reads the features, enables UTF-8 if supported, and sets TYPE I.
    /// </summary>
    /// <exception cref="FtpLoginException">The server rejected the login.</exception>
    /// <exception cref="FtpTlsException">
    /// The password was not sent because the connection is not encrypted, or the server does not encrypt data connections.
    /// </exception>
    /// <exception cref="FtpConnectionException">The connection is lost, or the server closed it (421).</exception>
    public Task LoginAsync(CancellationToken cancellationToken = default) => RunLoginAsync(isTransferNext: false, cancellationToken);

    /// <inheritdoc cref="LoginAsync(CancellationToken)"/>
    /// <param name="isTransferNext">
    /// Whether to prepare a data connection in the packet of the last commands, if <see cref="CanPipeline"/> is true. The next transfer
    /// then needs one round trip less.
    /// </param>
    /// <param name="cancellationToken">Cancels the login.</param>
    internal async Task RunLoginAsync(bool isTransferNext, CancellationToken cancellationToken)
    {
        ReportProgress(FtpConnectStage.LoggingIn);
        await LoginSequence.RunAsync(this, isTransferNext, cancellationToken).ConfigureAwait(false);
        Log.LoggedIn(Options.Credentials.UserName, Options.Host);
    }

    /// <summary>Sends a command and returns its final reply, positive or negative. Preliminary replies are skipped.</summary>
    /// <param name="verb">The verb: ASCII letters and digits.</param>
    /// <param name="argument">The argument; null or empty for none.</param>
    /// <param name="cancellationToken">Cancels the call. If the command was already sent, the connection is then unusable.</param>
    /// <exception cref="ArgumentException">
    /// The argument contains a line break, NUL, or characters that the encoding cannot represent. Nothing was sent.
    /// </exception>
    /// <exception cref="InvalidOperationException">A data connection is open, or another command is running. Nothing was sent.</exception>
    /// <exception cref="FtpTimeoutException">The reply did not arrive within <see cref="FtpTimeouts.Reply"/>.</exception>
    /// <exception cref="FtpConnectionException">The connection is lost, or the server closed it (421).</exception>
    /// <exception cref="FtpProtocolException">The received text is not a reply.</exception>
    public Task<FtpReply> SendAsync(string verb, string? argument = null, CancellationToken cancellationToken = default) =>
        SendAsync(verb, argument, Options.Timeouts.Reply, cancellationToken);

    /// <summary>
    /// Returns the file or directory at a path, or null if the path does not exist. Sends MLST if the server supports it. Otherwise sends
    /// SIZE and MDTM. If SIZE does not find a file, lists the parent directory.
    /// </summary>
    /// <remarks>
    /// As a last resort, the client enters the path with CWD and then returns to the working directory. If the server does not support PWD,
    /// the client cannot return. It then closes the connection, and <see cref="IsUsable"/> is false.
    /// </remarks>
    /// <exception cref="FtpReplyException">A negative reply does not indicate whether the path exists.</exception>
    /// <exception cref="FtpListingException">A line of the parent's listing that may describe the path is in an unknown format.</exception>
    public Task<FtpEntry?> GetEntryAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return RemoteMetadata.GetEntryAsync(this, path, cancellationToken);
    }

    /// <summary>Returns whether a file or directory exists at a path. Sends the same commands as <see cref="GetEntryAsync"/>.</summary>
    /// <exception cref="FtpReplyException">A negative reply does not indicate whether the path exists.</exception>
    /// <exception cref="FtpListingException">A line of the parent's listing that may describe the path is in an unknown format.</exception>
    public async Task<bool> ExistsAsync(string path, CancellationToken cancellationToken = default) =>
        await GetEntryAsync(path, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>
    /// Sends a command and returns its final reply. If <see cref="SendAheadAsync"/> has stored the reply to the command, returns the stored
    /// reply instead.
    /// </summary>
    /// <param name="verb">The verb: ASCII letters and digits.</param>
    /// <param name="argument">The argument; null or empty for none.</param>
    /// <param name="limit">The time limit for the first reply. The final reply after a preliminary reply has its own limit.</param>
    /// <param name="cancellationToken">Cancels the call. If the command was already sent, the connection is then unusable.</param>
    /// <exception cref="FtpTimeoutException">The first reply did not arrive within <paramref name="limit"/>.</exception>
    internal async Task<FtpReply> SendAsync(string verb, string? argument, TimeSpan limit, CancellationToken cancellationToken)
    {
        FtpCommand command = ClientCommand.Create(verb, argument);
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

    /// <summary>
    /// Sends commands in one packet, in one round trip, and stores the replies. A later call for one of these commands returns the stored
    /// reply instead of sending the command. Sending another command discards the stored replies. Does nothing if <see cref="CanPipeline"/>
    /// is false.
    /// </summary>
    /// <remarks>
    /// The commands must be harmless even if their replies are never used. If the server does not reply to all commands,
    /// <see cref="CanPipeline"/> becomes false for all connections of the client.
    /// </remarks>
    internal async Task SendAheadAsync(IReadOnlyList<FtpCommand> commands, CancellationToken cancellationToken)
    {
        if (!CanPipeline)
        {
            return;
        }

        BeginExchange();
        try
        {
            await TransferAbort.RunningAbort.WaitAsync(cancellationToken).ConfigureAwait(false);
            FtpReply[] replies = await ExchangeAsync(commands, Options.Timeouts.Reply, cancellationToken).ConfigureAwait(false);
            for (int i = 0; i < replies.Length; i++)
            {
                _earlyReplies.Add(commands[i], replies[i]);
            }
        }
        finally
        {
            EndExchange();
        }
    }

    /// <summary>
    /// Starts to open the data connection of the next transfer, if <see cref="SendAheadAsync"/> has stored a positive reply to
    /// <paramref name="passiveCommand"/>.
    /// </summary>
    internal void ConnectDataEarly(FtpCommand passiveCommand)
    {
        if (_earlyReplies.Take(passiveCommand) is { } reply)
        {
            _dataConnector.ConnectEarly(reply);
        }
    }

    /// <summary>Discards the replies that <see cref="SendAheadAsync"/> stored.</summary>
    internal void DiscardEarlyReplies() => _earlyReplies.Clear();

    /// <summary>
    /// Returns the final reply to a command. If <see cref="SendAheadAsync"/> has stored the reply and <paramref name="precededBy"/> is
    /// null, nothing is sent. The caller must have marked the connection as busy.
    /// </summary>
    /// <param name="verb">The verb.</param>
    /// <param name="argument">The argument; null for none.</param>
    /// <param name="cancellationToken">Cancels the exchange, which closes the connection.</param>
    /// <param name="precededBy">A command to send first in the same packet; null for none. The reply to this command is ignored.</param>
    internal Task<FtpReply> ExchangeAsync(
        string verb, string? argument, CancellationToken cancellationToken, FtpCommand? precededBy = null) =>
        ExchangeAsync(ClientCommand.Create(verb, argument), Options.Timeouts.Reply, cancellationToken, precededBy);

    /// <summary>
    /// Returns the final reply to a command. If <see cref="SendAheadAsync"/> has stored the reply and <paramref name="precededBy"/> is
    /// null, nothing is sent.
    /// </summary>
    private async Task<FtpReply> ExchangeAsync(
        FtpCommand command, TimeSpan limit, CancellationToken cancellationToken, FtpCommand? precededBy = null)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (precededBy is null && _earlyReplies.Take(command) is { } early)
        {
            return early;
        }

        FtpCommand[] commands = precededBy is { } first ? [first, command] : [command];
        return (await ExchangeAsync(commands, limit, cancellationToken).ConfigureAwait(false))[^1];
    }

    /// <summary>
    /// Sends commands in one packet and returns their final replies, in the same order. Closes the connection if a reply does not arrive.
    /// </summary>
    private async Task<FtpReply[]> ExchangeAsync(
        IReadOnlyList<FtpCommand> commands, TimeSpan limit, CancellationToken cancellationToken)
    {
        long sent = Stopwatch.GetTimestamp();
        await _control.WriteCommandsAsync(commands, cancellationToken).ConfigureAwait(false);
        var replies = new FtpReply[commands.Count];
        int received = 0;
        try
        {
            for (; received < replies.Length; received++)
            {
                FtpReply reply = await ReadReplyAsync(FtpOperationPhase.Reply, limit, cancellationToken).ConfigureAwait(false);
                ServerProfile.RecordReplyTime(Stopwatch.GetElapsedTime(sent));
                RecordActivity();
                replies[received] = reply.IsPreliminary ? await ReadFinalReplyAsync(cancellationToken).ConfigureAwait(false) : reply;
            }

            return replies;
        }
        catch (Exception e) when (e is OperationCanceledException or FtpException)
        {
            ServerProfile.IsPipeliningUnusable |= received > 0 && e is FtpConnectionException { Reply: null };
            _control.CloseImmediately();
            throw;
        }
    }

    /// <summary>
    /// Opens a data connection (EPSV, PASV, EPRT or PORT), sends REST if <paramref name="restartOffset"/> is not 0, and sends the command.
    /// Returns the stream after the preliminary reply. <see cref="FtpDataStream.CompleteAsync"/> reads the final reply. Disposal of the
    /// stream before that reply aborts the transfer.
    /// </summary>
    /// <remarks>
    /// Some servers issue no TLS 1.3 session ticket during an upload, and therefore reject the next data connection. For this reason, the
    /// client sends NLST for the uploaded file before the next data connection after an upload over TLS 1.3. With such a server, NLST fails
    /// instead of the caller's command. After one successful NLST, the client no longer sends NLST for this purpose.
    /// </remarks>
    /// <param name="verb">The verb, for example RETR, STOR, APPE, LIST or MLSD.</param>
    /// <param name="argument">The path; null or empty for none.</param>
    /// <param name="restartOffset">The offset in bytes at which the transfer starts.</param>
    /// <param name="direction">The direction of the data.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArgumentException">
    /// The argument contains a line break, NUL, or characters that the encoding cannot represent. Nothing was sent.
    /// </exception>
    /// <exception cref="InvalidOperationException">A data connection is open, or another command is running. Nothing was sent.</exception>
    /// <exception cref="FtpReplyException">The server rejected a command. The connection is still usable.</exception>
    /// <exception cref="FtpConnectionException">
    /// The control connection is lost, or no data connection could be opened. <see cref="IsUsable"/> is false in the first case.
    /// </exception>
    public Task<FtpDataStream> OpenDataAsync(
        string verb, string? argument, long restartOffset, FtpDataDirection direction, CancellationToken cancellationToken = default) =>
        OpenDataAsync(verb, argument, restartOffset, direction, deflate: false, cancellationToken);

    /// <inheritdoc cref="OpenDataAsync(string, string?, long, FtpDataDirection, CancellationToken)"/>
    /// <param name="verb">The verb, for example RETR, STOR, APPE, LIST or MLSD.</param>
    /// <param name="argument">The path; null or empty for none.</param>
    /// <param name="restartOffset">The offset in bytes at which the transfer starts.</param>
    /// <param name="direction">The direction of the data.</param>
    /// <param name="deflate">Whether to compress the data (MODE Z) if the server supports it.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <param name="announcedBytes">
    /// The number of bytes that an upload will send; null if unknown. If FEAT lists ALLO, the client sends this number with ALLO, so that
    /// the server can detect missing bytes.
    /// </param>
    /// <param name="lastByte">
    /// The offset of the last byte to transfer, sent with RANG instead of REST; null to transfer to the end of the file.
    /// </param>
    /// <param name="canFollowRestart">
    /// Whether the command may be sent before the reply to REST. If REST is rejected, the transfer is aborted. Must be false for uploads,
    /// because STOR would overwrite the file.
    /// </param>
    internal async Task<FtpDataStream> OpenDataAsync(
        string verb, string? argument, long restartOffset, FtpDataDirection direction, bool deflate, CancellationToken cancellationToken,
        long? announcedBytes = null, long? lastByte = null, bool canFollowRestart = false)
    {
        // ALLO is sent in one packet with the command that prepares the data connection, so ALLO takes no extra round trip.
        FtpCommand? allocate = announcedBytes is { } bytes && Features.Supports("ALLO")
            ? new FtpCommand("ALLO", bytes.ToString(CultureInfo.InvariantCulture))
            : null;
        var transfer = new TransferCommand(
            ClientCommand.Create(verb, argument), allocate, restartOffset, lastByte, direction, canFollowRestart);
        ArgumentOutOfRangeException.ThrowIfNegative(restartOffset);
        ThrowIfDataConnectionOpen();
        cancellationToken.ThrowIfCancellationRequested();
        await _ticketRenewal.RenewIfNeededAsync(cancellationToken).ConfigureAwait(false);
        BeginExchange();
        try
        {
            await TransferAbort.RunningAbort.WaitAsync(cancellationToken).ConfigureAwait(false);
            FtpDataStream data = await _dataConnector.OpenAsync(transfer, deflate, cancellationToken).ConfigureAwait(false);
            _ticketRenewal.RecordTransfer(direction, transfer.Command.Argument);
            return data;
        }
        finally
        {
            EndExchange();
        }
    }

    /// <summary>
    /// Sends QUIT if no command is running, and closes the connection. Waits for the abort of a cancelled transfer and for the reply to
    /// QUIT, but no longer than <see cref="FtpTimeouts.Resync"/>.
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

    /// <summary>
    /// Waits for the abort of a cancelled transfer, then sends QUIT if no command is running and reads the reply. Never throws. The token
    /// limits the total time.
    /// </summary>
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
            // The caller closes the connection even without a reply to QUIT.
        }
    }

    /// <summary>Reports that a stage of opening the connection begins.</summary>
    private void ReportProgress(FtpConnectStage stage) =>
        Options.ConnectProgress?.Report(new FtpConnectProgress(stage, Options.Proxy is null ? _control.RemoteEndPoint : null));

    /// <summary>Closes the control connection without QUIT, and disposes it.</summary>
    internal ValueTask CloseAsync()
    {
        _dataConnector.Dispose();
        _control.CloseImmediately();
        return _control.DisposeAsync();
    }

    /// <inheritdoc cref="ConnectAsync(FtpClientOptions, CancellationToken)"/>
    internal static async Task<FtpConnection> ConnectAsync(
        FtpClientOptions options, ServerProfile serverProfile, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ControlChannel control = await ControlChannel.ConnectAsync(options, cancellationToken).ConfigureAwait(false);
        var connection = new FtpConnection(control, options, serverProfile);
        try
        {
            if (options.Tls == FtpTlsMode.Implicit)
            {
                connection.ReportProgress(FtpConnectStage.Encrypting);
                await control.StartTlsAsync(cancellationToken).ConfigureAwait(false);
            }

            connection.ReportProgress(FtpConnectStage.AwaitingGreeting);
            connection.Greeting = await LoginSequence.ReadGreetingAsync(connection, cancellationToken).ConfigureAwait(false);
            connection._isPipeliningServer = PipeliningServers.Contains(connection.Greeting);
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
    /// Enters block mode (MODE B) and prepares its data connection, which the caller disposes. Returns null if the server rejects MODE B or
    /// DRAIN. Until the caller sends MODE S, it must queue commands and count their replies.
    /// </summary>
    /// <remarks>For uploads, the server must support DRAIN: it then reads the data of a rejected upload to the end.</remarks>
    internal async Task<PreparedDataConnection?> EnterBlockModeAsync(FtpDataDirection direction, CancellationToken cancellationToken)
    {
        ThrowIfDataConnectionOpen();
        await _ticketRenewal.RenewIfNeededAsync(cancellationToken).ConfigureAwait(false);
        return await _dataConnector.EnterBlockModeAsync(direction == FtpDataDirection.Send, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Sends commands together, without waiting for the replies between them, and returns their final replies in order. The server must be
    /// known to execute pipelined commands one after the other.
    /// </summary>
    /// <param name="commands">
    /// At least one command. The encoding must be able to represent all commands. The command lines must fit into the socket buffers,
    /// because no reply is read while they are sent.
    /// </param>
    /// <param name="cancellationToken">Cancels the call, which closes the connection.</param>
    /// <exception cref="FtpConnectionException">The connection is lost. It is unknown which commands were executed.</exception>
    internal async Task<List<FtpReply>> SendTogetherAsync(IReadOnlyList<FtpCommand> commands, CancellationToken cancellationToken)
    {
        BeginExchange();
        try
        {
            await TransferAbort.RunningAbort.WaitAsync(cancellationToken).ConfigureAwait(false);
            foreach (FtpCommand command in commands.SkipLast(1))
            {
                _control.QueueCommand(command);
            }

            await _control.WriteCommandAsync(commands[^1], cancellationToken).ConfigureAwait(false);
            var replies = new List<FtpReply>(commands.Count);
            while (replies.Count < commands.Count)
            {
                FtpReply reply = await ReadReplyAsync(
                    FtpOperationPhase.Reply, Options.Timeouts.Reply, cancellationToken).ConfigureAwait(false);
                RecordActivity();
                replies.Add(reply.IsPreliminary ? await ReadFinalReplyAsync(cancellationToken).ConfigureAwait(false) : reply);
            }

            return replies;
        }
        catch (Exception e) when (e is OperationCanceledException or FtpException)
        {
            _control.CloseImmediately();
            throw;
        }
        finally
        {
            EndExchange();
        }
    }

    /// <summary>
    /// Records the direction of a data connection in block mode, and the path of the last STOR (empty in downloads), for
    /// <see cref="SessionTicketRenewal"/>.
    /// </summary>
    internal void RecordBlockTransfer(FtpDataDirection direction, string path) => _ticketRenewal.RecordTransfer(direction, path);

    /// <summary>Queues a command without waiting for the replies to earlier commands. Returns the length of its line in bytes.</summary>
    /// <exception cref="ArgumentException">
    /// The argument contains a line break, NUL, or characters that the encoding cannot represent. Nothing was queued.
    /// </exception>
    internal int QueueCommand(string verb, string argument) => _control.QueueCommand(ClientCommand.Create(verb, argument));

    /// <summary>Sends the queued commands.</summary>
    internal Task FlushAsync(CancellationToken cancellationToken) => _control.FlushAsync(cancellationToken);

    /// <inheritdoc cref="ControlChannel.ReadReplyAsync"/>
    internal Task<FtpReply> ReadReplyAsync(FtpOperationPhase phase, TimeSpan limit, CancellationToken cancellationToken) =>
        _control.ReadReplyAsync(phase, limit, cancellationToken);

    /// <summary>
    /// Reads the final reply to a command whose preliminary reply has arrived, within <see cref="FtpTimeouts.FinalReply"/>. Further
    /// preliminary replies are skipped.
    /// </summary>
    internal async Task<FtpReply> ReadFinalReplyAsync(CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(Options.Timeouts.FinalReply, cancellationToken);
        while (true)
        {
            try
            {
                FtpReply reply = await ReadReplyAsync(
                    FtpOperationPhase.FinalReply, Options.Timeouts.FinalReply, deadline.Token).ConfigureAwait(false);
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

    /// <summary>Closes the control connection without QUIT. The owner must still dispose this object.</summary>
    internal void CloseImmediately() => _control.CloseImmediately();

    /// <summary>
    /// Records that the data connection of an upload was reset. In TLS 1.3, that connection has used up a session ticket, and the client
    /// may have received no new ticket. A server that requires session resumption would then reject the next data connection, so the pool
    /// replaces this control connection.
    /// </summary>
    internal void RecordUploadReset() => _hasLostTicket |= Tls?.Protocol == SslProtocols.Tls13;

    /// <summary>
    /// Closes the control and data connections while another thread may use them. The running call of that thread then fails.
    /// </summary>
    internal void CloseFromAnotherThread()
    {
        _control.CloseImmediately();
        _dataStream?.ResetFromAnotherThread();
    }

    /// <summary>
    /// Registers the stream of a transfer whose command was sent. The connection accepts no other command until
    /// <see cref="DetachDataStream"/> is called.
    /// </summary>
    internal void AttachDataStream(FtpDataStream data) => _dataStream = data;

    /// <summary>Ends the registration of a stream, so that the connection accepts commands again.</summary>
    internal void DetachDataStream(FtpDataStream data)
    {
        if (ReferenceEquals(_dataStream, data))
        {
            _dataStream = null;
        }
    }

    /// <summary>Sets <see cref="LastActivity"/> to the current time.</summary>
    internal void RecordActivity() => LastActivity = Options.TimeProvider.GetTimestamp();

    /// <summary>
    /// Marks the connection as busy. Throws if it is busy already, because two concurrent calls would receive each other's replies.
    /// </summary>
    private void BeginExchange()
    {
        if (Interlocked.Exchange(ref _isExchanging, 1) != 0)
        {
            throw new InvalidOperationException("Another call on this connection is running. An FtpConnection runs one command at a time.");
        }

        if (_dataStream is not null)
        {
            EndExchange();
            ThrowIfDataConnectionOpen();
        }
    }

    private void EndExchange() => Volatile.Write(ref _isExchanging, 0);

    private void ThrowIfDataConnectionOpen()
    {
        if (_dataStream is not null)
        {
            throw new InvalidOperationException("A data connection is open. Complete or dispose its stream first.");
        }
    }
}
