using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Fts.Client.Connections;
using Fts.Protocol;

namespace Fts.Client.Data;

/// <summary>The ways to open a data connection, in the order in which the client tries them.</summary>
internal enum DataConnectionMode
{
    /// <summary>EPSV (RFC 2428 §3).</summary>
    ExtendedPassive,
    /// <summary>PASV (RFC 959 §4.1.2).</summary>
    Passive,
    /// <summary>PORT (RFC 959 §4.1.2), or EPRT (RFC 2428 §2) over IPv6.</summary>
    Active,
}

/// <summary>A command that transfers data, and the commands that the client sends before it (ALLO, and REST or RANG).</summary>
/// <param name="Command">The command, for example RETR or STOR.</param>
/// <param name="Allocate">ALLO; null if the client does not send ALLO. The reply to ALLO is ignored.</param>
/// <param name="RestartOffset">The offset in bytes at which the transfer starts.</param>
/// <param name="LastByte">The offset of the last byte to transfer; null to transfer to the end of the file.</param>
/// <param name="Direction">The direction of the data.</param>
/// <param name="CanFollowRestart">Whether the command may be sent before the reply to REST. Must be false for uploads.</param>
internal readonly record struct TransferCommand(
    FtpCommand Command, FtpCommand? Allocate, long RestartOffset, long? LastByte, FtpDataDirection Direction, bool CanFollowRestart)
{
    /// <summary>REST, or RANG if the transfer ends before the end of the file; null for a whole file.</summary>
    public FtpCommand? Restart =>
        LastByte is { } end ? new("RANG", string.Create(CultureInfo.InvariantCulture, $"{RestartOffset} {end}"))
        : RestartOffset > 0 ? new("REST", RestartOffset.ToString(CultureInfo.InvariantCulture))
        : null;

    /// <summary>
    /// Whether the client may send the command again if no data connection could be opened. False for STOU, because a second STOU would
    /// create a second file.
    /// </summary>
    public bool IsRepeatable => Command.Verb != "STOU";
}

/// <summary>
/// Prepares the data connections of a control connection (EPSV, PASV, EPRT, PORT) and starts transfers over them. If one mode fails, tries
/// the next mode, and caches the mode that works.
/// </summary>
/// <remarks>The owner of the control connection disposes this object.</remarks>
internal sealed class DataConnector(FtpConnection connection, ControlChannel control, FtpClientOptions options, ServerProfile serverProfile)
    : IDisposable
{
    private EarlyDataConnection? _early;

    /// <summary>Whether the data of the next transfer is compressed (MODE Z).</summary>
    public bool IsDeflating { get; private set; }

    /// <summary>
    /// The command that prepares the next data connection in passive mode. Null in active mode, and if the next data connection is already
    /// prepared.
    /// </summary>
    public FtpCommand? PassiveCommand => _early is { IsUsable: true } ? null : FirstMode switch
    {
        DataConnectionMode.ExtendedPassive => new FtpCommand("EPSV", ""),
        DataConnectionMode.Passive => new FtpCommand("PASV", ""),
        _ => null,
    };

    /// <summary>The mode that a transfer tries first, chosen from the options and from the modes that have already failed.</summary>
    private DataConnectionMode FirstMode
    {
        get
        {
            if (options.DataMode is FtpDataMode.EpsvOnly or FtpDataMode.PasvOnly)
            {
                return options.DataMode == FtpDataMode.PasvOnly ? DataConnectionMode.Passive : DataConnectionMode.ExtendedPassive;
            }

            if (options.DataMode == FtpDataMode.Active || serverProfile.DataConnectionMode == DataConnectionMode.Active)
            {
                return DataConnectionMode.Active;
            }

            bool prefersPasv = options.PassiveAddressSource == FtpPassiveAddressSource.ServerReply
                || serverProfile.DataConnectionMode == DataConnectionMode.Passive;
            return prefersPasv && CanUsePasv ? DataConnectionMode.Passive : DataConnectionMode.ExtendedPassive;
        }
    }

    /// <summary>
    /// Whether PASV, which supports IPv4 only, can be used. Through a proxy, the address family of a host name is unknown, so PASV is
    /// tried.
    /// </summary>
    private bool CanUsePasv => options.Proxy is null
        ? control.RemoteEndPoint.AddressFamily == AddressFamily.InterNetwork
        : !IPAddress.TryParse(options.Host, out IPAddress? address) || address.AddressFamily == AddressFamily.InterNetwork;

    /// <summary>
    /// Starts to connect to the port of a passive reply that arrived before the transfer is known. Does nothing if the reply is negative or
    /// unusable: the next transfer then sends the command again.
    /// </summary>
    /// <param name="reply">The reply to <see cref="PassiveCommand"/>.</param>
    public void ConnectEarly(FtpReply reply)
    {
        _early?.Dispose();
        if (!reply.IsCompletion || !PassiveReply.TryRead(reply, out PassiveEndPoint passive))
        {
            return;
        }

        try
        {
            _early = new EarlyDataConnection(Connect(passive, reply), FirstMode, options.TimeProvider);
        }
        catch (FtpProtocolException)
        {
            // The transfer sends the command again, and reports a reply with a rejected address.
        }
    }

    /// <summary>Closes the connection that <see cref="ConnectEarly"/> opened, if no transfer uses it.</summary>
    public void Dispose() => _early?.Dispose();

    /// <summary>
    /// Opens a data connection and starts a transfer over it. If the data connection cannot be opened, tries the next mode.
    /// </summary>
    /// <param name="transfer">The transfer command and the commands before it.</param>
    /// <param name="deflate">Whether to compress the data if the server supports it.</param>
    /// <param name="cancellationToken">Cancels the transfer.</param>
    public async Task<FtpDataStream> OpenAsync(TransferCommand transfer, bool deflate, CancellationToken cancellationToken)
    {
        await SetTransferModeAsync(deflate && !serverProfile.IsDeflateUnusable, cancellationToken).ConfigureAwait(false);
        FtpCommand? allocate = transfer.Allocate;
        FtpException? failure = null;
        for (DataConnectionMode next = FirstMode; ;)
        {
            (PreparedDataConnection prepared, DataConnectionMode mode) =
                await PrepareAsync(next, failure, allocate, cancellationToken).ConfigureAwait(false);
            allocate = null;
            using (prepared)
            {
                try
                {
                    FtpDataStream data = await StartTransferAsync(prepared, transfer, cancellationToken).ConfigureAwait(false);
                    if (failure is not null)
                    {
                        serverProfile.DataConnectionMode = mode;
                    }

                    return data;
                }
                catch (FtpException e) when (ShouldTryNextMode(e))
                {
                    failure = failure is null ? e : CombineErrors(failure, e);
                    DataConnectionMode? alternative = options.DataMode == FtpDataMode.Automatic ? GetNextMode(mode) : null;
                    if (alternative is null || !transfer.IsRepeatable || !connection.IsUsable)
                    {
                        // The next transfer starts with the next mode, or with EPSV if no mode is left.
                        if (options.DataMode == FtpDataMode.Automatic)
                        {
                            serverProfile.DataConnectionMode = alternative ?? DataConnectionMode.ExtendedPassive;
                        }

                        throw failure;
                    }

                    next = alternative.Value;
                }
            }
        }
    }

    /// <summary>
    /// Sends REST or RANG if needed, sends the transfer command, and opens the data stream. If the stream cannot be opened, aborts the
    /// transfer.
    /// </summary>
    /// <remarks>
    /// If the transfer allows it, RETR shares a packet with REST. If REST is then rejected, RETR is aborted.
    /// </remarks>
    private async Task<FtpDataStream> StartTransferAsync(
        PreparedDataConnection prepared, TransferCommand transfer, CancellationToken cancellationToken)
    {
        FtpCommand? pipelinedRestart = transfer.CanFollowRestart && connection.CanPipeline ? transfer.Restart : null;
        if (pipelinedRestart is null && transfer.Restart is { } restart)
        {
            ThrowIfRejected(
                restart, await connection.ExchangeAsync(restart.Verb, restart.Argument, cancellationToken).ConfigureAwait(false));
        }

        await control.WriteCommandAsync(transfer.Command, cancellationToken, precededBy: pipelinedRestart).ConfigureAwait(false);
        var data = new FtpDataStream(connection, transfer.Command, transfer.Direction, cancellationToken);
        connection.AttachDataStream(data);
        try
        {
            if (pipelinedRestart is { } sent)
            {
                ThrowIfRejected(sent, await ReadRestartReplyAsync(cancellationToken).ConfigureAwait(false));
            }

            await data.OpenAsync(prepared, cancellationToken).ConfigureAwait(false);
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
    /// Reads the reply to REST after RETR was sent. Closes the connection if the reply does not arrive, because an abort of RETR
    /// would count this reply as the reply to RETR.
    /// </summary>
    private async Task<FtpReply> ReadRestartReplyAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await control.ReadReplyAsync(FtpOperationPhase.Reply, options.Timeouts.Reply, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or FtpException)
        {
            control.CloseImmediately();
            throw;
        }
    }

    /// <exception cref="FtpReplyException">The server rejected REST or RANG.</exception>
    private static void ThrowIfRejected(FtpCommand restart, FtpReply reply)
    {
        if (!reply.IsIntermediate)
        {
            throw new FtpReplyException(reply, restart.Redacted);
        }
    }

    /// <summary>
    /// Enters block mode (MODE B) and prepares its data connection, which the caller disposes. Returns null if the server rejects MODE B or
    /// DRAIN.
    /// </summary>
    /// <param name="drain">Whether the server must read the data of a rejected upload to its end (OPTS MODE B DRAIN ON).</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task<PreparedDataConnection?> EnterBlockModeAsync(bool drain, CancellationToken cancellationToken)
    {
        _early?.Dispose();
        await SetTransferModeAsync(deflate: false, cancellationToken).ConfigureAwait(false);
        // All commands share a round trip, because a server with block mode can execute pipelined commands.
        DataConnectionMode mode = FirstMode;
        var commands = new List<FtpCommand> { new("MODE", "B") };
        if (drain)
        {
            commands.Insert(0, new FtpCommand("OPTS", "MODE B DRAIN ON"));
        }

        if (mode != DataConnectionMode.Active)
        {
            commands.Add(new FtpCommand(mode == DataConnectionMode.Passive ? "PASV" : "EPSV", ""));
        }

        List<FtpReply> replies = await connection.SendTogetherAsync(commands, cancellationToken).ConfigureAwait(false);
        FtpReply modeReply = replies[drain ? 1 : 0];
        try
        {
            if (!modeReply.IsCompletion || !replies[0].IsCompletion)
            {
                await LeaveBlockModeAsync(modeReply, cancellationToken).ConfigureAwait(false);
                return null;
            }

            return mode != DataConnectionMode.Active && PassiveReply.TryRead(replies[^1], out PassiveEndPoint passive)
                ? Connect(passive, replies[^1])
                : (await PrepareAsync(mode, null, null, cancellationToken).ConfigureAwait(false)).Prepared;
        }
        catch
        {
            // The server may still be in block mode, but the next transfer over this connection would use stream mode.
            connection.CloseImmediately();
            throw;
        }
    }

    /// <summary>Sends MODE S if <paramref name="modeReply"/> is a positive reply to MODE B.</summary>
    /// <exception cref="FtpReplyException">The server rejected MODE S.</exception>
    private async Task LeaveBlockModeAsync(FtpReply modeReply, CancellationToken cancellationToken)
    {
        if (modeReply.IsCompletion)
        {
            FtpReply reply = await connection.SendAsync("MODE", "S", cancellationToken).ConfigureAwait(false);
            if (!reply.IsCompletion)
            {
                throw new FtpReplyException(reply, "MODE S");
            }
        }
    }

    /// <summary>
    /// Prepares a data connection, and returns the connection and the mode. The caller disposes the connection. After a negative reply, or
    /// a reply without a usable port, tries the next mode.
    /// </summary>
    /// <param name="mode">The mode to try first.</param>
    /// <param name="earlierFailure">The failure of an earlier data connection for the same transfer; null if there was none.</param>
    /// <param name="allocate">ALLO, which is sent in the same packet as the first command; null for none.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    private async Task<(PreparedDataConnection Prepared, DataConnectionMode Mode)> PrepareAsync(
        DataConnectionMode mode, FtpException? earlierFailure, FtpCommand? allocate, CancellationToken cancellationToken)
    {
        // ALLO shares a packet with EPSV or PASV. Alone, it would take the round trip that the early connection saves.
        if (allocate is null && _early?.TryTake(mode) is { } early)
        {
            return (early, mode);
        }

        _early?.Dispose();
        while (true)
        {
            try
            {
                Task<PreparedDataConnection> preparation = mode switch
                {
                    DataConnectionMode.ExtendedPassive => PreparePassiveAsync("EPSV", allocate, cancellationToken),
                    DataConnectionMode.Passive => PreparePassiveAsync("PASV", allocate, cancellationToken),
                    _ => PrepareActiveAsync(allocate, cancellationToken),
                };
                return (await preparation.ConfigureAwait(false), mode);
            }
            catch (FtpException e) when (connection.IsUsable && e is FtpReplyException or FtpProtocolException)
            {
                if (GetNextMode(mode) is { } next && (!IsLoginRelated(e) || next == DataConnectionMode.Passive))
                {
                    // The next mode is cached if the server does not support the verb, or if its reply contains no port. A transient reply
                    // (4yz), or a reply about the login, concerns this transfer only.
                    bool isPermanent = !IsLoginRelated(e) && e is not FtpReplyException { Reply.IsTransientFailure: true };
                    if (earlierFailure is null && isPermanent)
                    {
                        serverProfile.DataConnectionMode = next;
                    }

                    (mode, allocate) = (next, null);
                    continue;
                }

                // No mode is left. The next transfer starts with EPSV.
                serverProfile.DataConnectionMode = DataConnectionMode.ExtendedPassive;
                if (earlierFailure is not null)
                {
                    throw CombineErrors(earlierFailure, e);
                }

                throw;
            }
        }
    }

    /// <summary>
    /// Returns true for negative replies about the login, which normally apply to every mode. Some firewalls send such replies only to
    /// EPSV, so PASV is tried.
    /// </summary>
    private static bool IsLoginRelated(FtpException failure) =>
        failure is FtpReplyException
        {
            Reply.Code: FtpReplyCode.NotLoggedIn or FtpReplyCode.AccountNeeded or FtpReplyCode.AccountNeededToStore,
        };

    /// <summary>
    /// Sends MODE Z or MODE S if the mode changes. If the server rejects MODE Z, the data is sent uncompressed.
    /// </summary>
    /// <exception cref="FtpReplyException">The server rejected MODE S.</exception>
    private async Task SetTransferModeAsync(bool deflate, CancellationToken cancellationToken)
    {
        if (deflate == IsDeflating)
        {
            return;
        }

        FtpReply reply = await connection.ExchangeAsync("MODE", deflate ? "Z" : "S", cancellationToken).ConfigureAwait(false);
        if (reply.IsCompletion)
        {
            IsDeflating = deflate;
        }
        else if (deflate)
        {
            serverProfile.IsDeflateUnusable = true;
        }
        else
        {
            throw new FtpReplyException(reply, "MODE S");
        }
    }

    /// <summary>
    /// Returns whether another mode may avoid this failure of the data connection. Returns false for a failed TLS handshake, because the
    /// TCP connection was open.
    /// </summary>
    private static bool ShouldTryNextMode(FtpException failure) =>
        failure.InnerException is not FtpTlsException
        && failure is FtpConnectionException { Phase: FtpOperationPhase.OpenData }
            or FtpReplyException { Reply.Code: FtpReplyCode.CannotOpenDataConnection };

    /// <summary>Returns one exception that describes the failures of two attempts to open a data connection.</summary>
    private static FtpConnectionException CombineErrors(FtpException first, FtpException second) =>
        new(FtpOperationPhase.OpenData, $"{first.Message}; the next attempt failed: {second.Message}", second);

    /// <summary>Returns the mode to try after a mode that failed, or null if no other mode can work.</summary>
    private DataConnectionMode? GetNextMode(DataConnectionMode mode)
    {
        if (options.DataMode is FtpDataMode.EpsvOnly or FtpDataMode.PasvOnly)
        {
            return null;
        }

        if (mode == DataConnectionMode.ExtendedPassive && CanUsePasv)
        {
            return DataConnectionMode.Passive;
        }

        bool canUseActive = options is { DataMode: FtpDataMode.Automatic, Proxy: null };
        return mode != DataConnectionMode.Active && canUseActive ? DataConnectionMode.Active : null;
    }

    /// <summary>
    /// Sends EPSV or PASV, unless its reply is stored (<see cref="FtpConnection.SendAheadAsync"/>), and starts to connect. Only the text of
    /// the reply is parsed, because some servers use the format of the other verb or an unusual code.
    /// </summary>
    /// <exception cref="FtpProtocolException">The reply is positive but contains no usable port.</exception>
    private async Task<PreparedDataConnection> PreparePassiveAsync(string verb, FtpCommand? allocate, CancellationToken cancellationToken)
    {
        FtpReply reply = await connection.ExchangeAsync(verb, null, cancellationToken, precededBy: allocate).ConfigureAwait(false);
        if (!PassiveReply.TryRead(reply, out PassiveEndPoint passive))
        {
            throw CreatePassiveException(reply, verb);
        }

        return Connect(passive, reply);
    }

    /// <summary>Starts to connect to the port of a passive reply.</summary>
    /// <remarks>
    /// By default, only the port is used, because the address may be a private address behind NAT, or a hostile server may send the address
    /// of another host.
    /// </remarks>
    private PreparedDataConnection Connect(PassiveEndPoint passive, FtpReply reply) =>
        options.PassiveAddressSource == FtpPassiveAddressSource.ServerReply && passive.Address is { } address
            ? ConnectToReportedAddress(new IPEndPoint(address, passive.Port), reply)
            : ConnectToPort(passive.Port);

    /// <summary>Connects to a port of the host of the control connection.</summary>
    private PreparedDataConnection ConnectToPort(int port) => options.Proxy is null
        ? PreparedDataConnection.Connect(new IPEndPoint(control.RemoteEndPoint.Address, port), options.Timeouts.Connect)
        : PreparedDataConnection.ConnectThroughProxy(control.RemoteEndPoint, options, options.Host, port);

    /// <summary>Connects to the address in a PASV reply.</summary>
    /// <exception cref="FtpProtocolException">
    /// The address is unspecified, loopback, multicast or reserved, and is not the address of the control connection.
    /// </exception>
    private PreparedDataConnection ConnectToReportedAddress(IPEndPoint reported, FtpReply reply)
    {
        bool isControlHost = options.Proxy is null
            ? reported.Address.Equals(control.RemoteEndPoint.Address)
            : reported.Address.ToString() == options.Host;
        byte first = reported.Address.GetAddressBytes()[0];
        // 0.x is unspecified, 127.x is this machine or the proxy, and addresses from 224.x on are multicast or reserved.
        if (!isControlHost && first is 0 or 127 or >= 224)
        {
            throw new FtpProtocolException(
                $"the server's passive reply contains an unspecified, loopback, multicast or reserved address: {reply.ToPrintable()}");
        }

        return options.Proxy is null
            ? PreparedDataConnection.Connect(reported, options.Timeouts.Connect)
            : PreparedDataConnection.ConnectThroughProxy(control.RemoteEndPoint, options, reported.Address.ToString(), reported.Port);
    }

    /// <summary>Listens on a free port and sends PORT or EPRT.</summary>
    private async Task<PreparedDataConnection> PrepareActiveAsync(FtpCommand? allocate, CancellationToken cancellationToken)
    {
        var prepared = PreparedDataConnection.Listen(control.LocalEndPoint.Address, control.RemoteEndPoint.Address);
        try
        {
            // Every server supports PORT, which is for IPv4 only. IPv6 needs EPRT.
            (string verb, string argument) = prepared.LocalEndPoint.AddressFamily == AddressFamily.InterNetwork
                ? ("PORT", HostPort.Format(prepared.LocalEndPoint))
                : ("EPRT", HostPort.FormatExtended(
                    new IPEndPoint(RemoveScope(prepared.LocalEndPoint.Address), prepared.LocalEndPoint.Port)));
            FtpReply reply = await connection.ExchangeAsync(verb, argument, cancellationToken, precededBy: allocate).ConfigureAwait(false);
            return reply.IsCompletion ? prepared : throw new FtpReplyException(reply, $"{verb} {argument}");
        }
        catch
        {
            prepared.Dispose();
            throw;
        }
    }

    /// <summary>Removes the scope of an IPv6 address, which identifies an interface of this machine only.</summary>
    private static IPAddress RemoveScope(IPAddress address) => new(address.GetAddressBytes());

    /// <summary>Returns the exception for a reply to EPSV or PASV that contains no usable port, or is negative.</summary>
    private static FtpException CreatePassiveException(FtpReply reply, string command) => reply.IsCompletion
        ? new FtpProtocolException($"the server's passive reply contains no port: {reply.ToPrintable()}")
        : new FtpReplyException(reply, command);
}
