using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Fts.Client.Connections;
using Fts.Protocol;

namespace Fts.Client.Data;

/// <summary>How a data connection comes about, in the order in which it is tried.</summary>
internal enum DataConnectionMode
{
    /// <summary>EPSV (RFC 2428 §3).</summary>
    ExtendedPassive,
    /// <summary>PASV (RFC 959 §4.1.2).</summary>
    Passive,
    /// <summary>PORT, or EPRT over IPv6.</summary>
    Active,
}

/// <summary>A command that transfers data, and the commands that prepare it.</summary>
/// <param name="Command">The command, for example RETR or STOR.</param>
/// <param name="Allocate">ALLO; null if it is not sent. The server's reply to it is ignored.</param>
/// <param name="RestartOffset">The offset in bytes at which the transfer starts.</param>
/// <param name="LastByte">The offset of the last byte wanted; null for the end of the file.</param>
/// <param name="Direction">The direction of the data.</param>
internal readonly record struct TransferCommand(Command Command, Command? Allocate, long RestartOffset, long? LastByte, FtpDataDirection Direction)
{
    /// <summary>REST, or RANG if the transfer ends before the end of the file; null for a whole file.</summary>
    public Command? Restart =>
        LastByte is { } end ? new("RANG", string.Create(CultureInfo.InvariantCulture, $"{RestartOffset} {end}"))
        : RestartOffset > 0 ? new("REST", RestartOffset.ToString(CultureInfo.InvariantCulture))
        : null;

    /// <summary>Whether the command may be sent again after no data connection could be opened. A second STOU would create a second file.</summary>
    public bool IsRepeatable => Command.Verb != "STOU";
}

/// <summary>Agrees with the server on where the next data connection is made (EPSV, PASV, EPRT, PORT).</summary>
internal sealed class DataConnector(FtpConnection connection, ControlChannel control, FtpClientOptions options, ServerProfile memory)
{
    /// <summary>Whether data travels compressed now (MODE Z).</summary>
    public bool IsDeflating { get; private set; }

    /// <summary>The way to begin with: the first, or what proved itself.</summary>
    private DataConnectionMode FirstMode => options.DataMode == FtpDataMode.Active || memory.DataConnectionMode == DataConnectionMode.Active ? DataConnectionMode.Active
        : CanUsePasv && (options.PassiveAddressSource == FtpPassiveAddressSource.ServerReply || memory.DataConnectionMode == DataConnectionMode.Passive) ? DataConnectionMode.Passive
        : DataConnectionMode.ExtendedPassive;

    /// <summary>PASV names IPv4 addresses only. What is behind a proxy, only the proxy knows.</summary>
    private bool CanUsePasv => options.Proxy is null
        ? control.RemoteEndPoint.AddressFamily == AddressFamily.InterNetwork
        : !IPAddress.TryParse(options.Host, out IPAddress? address) || address.AddressFamily == AddressFamily.InterNetwork;

    /// <summary>
    /// Opens a data connection and starts a transfer over it. If the server cannot be reached over that connection, tries the next mode.
    /// </summary>
    /// <param name="transfer">The command.</param>
    /// <param name="deflate">Whether to compress the data if the server supports it.</param>
    /// <param name="cancellationToken">Cancels the transfer.</param>
    public async Task<FtpDataStream> OpenAsync(TransferCommand transfer, bool deflate, CancellationToken cancellationToken)
    {
        await SetTransferModeAsync(deflate && !memory.IsDeflateUnusable, cancellationToken).ConfigureAwait(false);
        Command? allocate = transfer.Allocate;
        FtpException? failure = null;
        for (DataConnectionMode next = FirstMode; ;)
        {
            (PreparedDataConnection prepared, DataConnectionMode mode) = await PrepareAsync(next, failure, allocate, cancellationToken).ConfigureAwait(false);
            allocate = null;
            using (prepared)
            {
                try
                {
                    FtpDataStream data = await StartTransferAsync(prepared, transfer, cancellationToken).ConfigureAwait(false);
                    memory.DataConnectionMode = failure is null ? memory.DataConnectionMode : mode;
                    return data;
                }
                catch (FtpException e) when (ShouldTryNextMode(e))
                {
                    failure = failure is null ? e : CombineErrors(failure, e);
                    DataConnectionMode? another = options.DataMode == FtpDataMode.Automatic ? GetNextMode(mode) : null;
                    if (another is null || !transfer.IsRepeatable || !connection.IsUsable)
                    {
                        // Another transfer starts with the next mode, or with the first one again.
                        memory.DataConnectionMode = options.DataMode == FtpDataMode.Automatic ? another ?? DataConnectionMode.ExtendedPassive : memory.DataConnectionMode;
                        throw failure;
                    }

                    next = another.Value;
                }
            }
        }
    }

    /// <summary>Sends the command, after REST or RANG if needed, and opens its data stream. If that fails, the transfer is aborted.</summary>
    private async Task<FtpDataStream> StartTransferAsync(PreparedDataConnection prepared, TransferCommand transfer, CancellationToken cancellationToken)
    {
        if (transfer.Restart is { } restart)
        {
            FtpReply reply = await connection.ExchangeAsync(restart.Verb, restart.Argument, cancellationToken).ConfigureAwait(false);
            if (!reply.IsIntermediate)
            {
                throw new FtpReplyException(reply, restart.Redacted);
            }
        }

        await control.WriteCommandAsync(transfer.Command, cancellationToken).ConfigureAwait(false);
        var data = new FtpDataStream(connection, transfer.Command, transfer.Direction, cancellationToken);
        connection.AttachDataStream(data);
        try
        {
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

    /// <summary>Enters block mode and agrees on its data connection, which the caller disposes; null when the server refuses the mode.</summary>
    public async Task<PreparedDataConnection?> EnterBlockModeAsync(CancellationToken cancellationToken)
    {
        await SetTransferModeAsync(deflate: false, cancellationToken).ConfigureAwait(false);
        if (!(await connection.ExchangeAsync("MODE", "B", cancellationToken).ConfigureAwait(false)).IsCompletion)
        {
            return null;
        }

        try
        {
            return (await PrepareAsync(FirstMode, null, null, cancellationToken).ConfigureAwait(false)).Link;
        }
        catch
        {
            connection.CloseImmediately(); // whose mode nobody here would know
            throw;
        }
    }

    /// <summary>
    /// Prepares a data connection, which the caller disposes, and returns it with its mode. After a negative reply, or one without a usable port, tries
    /// the next mode.
    /// </summary>
    private async Task<(PreparedDataConnection Link, DataConnectionMode Way)> PrepareAsync(
        DataConnectionMode way, FtpException? earlier, Command? allocate, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return (way switch
                {
                    DataConnectionMode.ExtendedPassive => await PreparePassiveAsync("EPSV", allocate, cancellationToken).ConfigureAwait(false),
                    DataConnectionMode.Passive => await PreparePassiveAsync("PASV", allocate, cancellationToken).ConfigureAwait(false),
                    _ => await PrepareActiveAsync(allocate, cancellationToken).ConfigureAwait(false),
                }, way);
            }
            catch (FtpException e) when (e is FtpReplyException or FtpProtocolException && connection.IsUsable)
            {
                if (GetNextMode(way) is { } next && (!IsAboutLogin(e) || next == DataConnectionMode.Passive))
                {
                    // Remember an unsupported verb or a reply without a port. Replies about the login and transient ones (4yz) concern only this transfer.
                    bool isLasting = !IsAboutLogin(e) && e is not FtpReplyException { Reply.IsTransientFailure: true };
                    memory.DataConnectionMode = earlier is null && isLasting ? next : memory.DataConnectionMode;
                    (way, allocate) = (next, null);
                    continue;
                }

                // No mode is left. The next transfer starts with EPSV.
                memory.DataConnectionMode = DataConnectionMode.ExtendedPassive;
                if (earlier is not null)
                {
                    throw CombineErrors(earlier, e);
                }

                throw;
            }
        }
    }

    /// <summary>
    /// Returns true for negative replies about the login, which normally affect every mode. Some firewalls send them only to EPSV, so PASV is tried.
    /// </summary>
    private static bool IsAboutLogin(FtpException failure) =>
        failure is FtpReplyException { Reply.Code: FtpReplyCode.NotLoggedIn or FtpReplyCode.AccountNeeded or FtpReplyCode.AccountNeededToStore };

    /// <summary>The mode holds until another is said. A server that refuses to compress is sent the data as it is.</summary>
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
            memory.IsDeflateUnusable = true;
        }
        else
        {
            throw new FtpReplyException(reply, "MODE S");
        }
    }

    /// <summary>
    /// Returns true if another way may lead to a data connection where this one did not. After a failed TLS handshake none does: the sockets
    /// did connect.
    /// </summary>
    private static bool ShouldTryNextMode(FtpException failure) =>
        failure.InnerException is not FtpTlsException
        && failure is FtpConnectionException { Phase: FtpOperationPhase.OpenData }
            or FtpReplyException { Reply.Code: FtpReplyCode.CannotOpenDataConnection };

    private static FtpConnectionException CombineErrors(FtpException one, FtpException another) =>
        new(FtpOperationPhase.OpenData, $"{one.Message}; by another way: {another.Message}", another);

    private DataConnectionMode? GetNextMode(DataConnectionMode way) => way switch
    {
        DataConnectionMode.ExtendedPassive when CanUsePasv => DataConnectionMode.Passive,
        DataConnectionMode.ExtendedPassive or DataConnectionMode.Passive when options is { DataMode: FtpDataMode.Automatic, Proxy: null } => DataConnectionMode.Active,
        _ => null,
    };

    /// <summary>Sends EPSV or PASV. Servers reply to either in the form of the other, and with other codes, so the text decides.</summary>
    /// <exception cref="FtpProtocolException">The reply is positive and names no usable port.</exception>
    private async Task<PreparedDataConnection> PreparePassiveAsync(string verb, Command? allocate, CancellationToken cancellationToken)
    {
        FtpReply reply = await connection.ExchangeAsync(verb, null, cancellationToken, precededBy: allocate).ConfigureAwait(false);
        if (!PassiveReply.TryRead(reply, out PassiveEndPoint place))
        {
            throw CreatePassiveException(reply, verb);
        }

        // By default only the port counts. The address is the server's private one behind a translator, or a third host's on a hostile server.
        return options.PassiveAddressSource == FtpPassiveAddressSource.ServerReply && place.Address is { } address
            ? ConnectToReportedAddress(new IPEndPoint(address, place.Port), reply)
            : ConnectToPort(place.Port);
    }

    /// <summary>To the control connection's own host.</summary>
    private PreparedDataConnection ConnectToPort(int port) => options.Proxy is null
        ? PreparedDataConnection.Connect(new IPEndPoint(control.RemoteEndPoint.Address, port), options.Timeouts.Connect)
        : PreparedDataConnection.ConnectThroughProxy(control.RemoteEndPoint, options, options.Host, port);

    private PreparedDataConnection ConnectToReportedAddress(IPEndPoint told, FtpReply reply)
    {
        bool isOwnHost = options.Proxy is null ? told.Address.Equals(control.RemoteEndPoint.Address) : told.Address.ToString() == options.Host;
        byte first = told.Address.GetAddressBytes()[0];
        // 0.x is nobody, 127.x this machine (or the proxy), and from 224.x on it is many.
        return !isOwnHost && first is 0 or 127 or >= 224
            ? throw new FtpProtocolException($"the server's passive reply names an address that nobody else can be at: {reply.ToPrintable()}")
            : options.Proxy is null ? PreparedDataConnection.Connect(told, options.Timeouts.Connect)
            : PreparedDataConnection.ConnectThroughProxy(control.RemoteEndPoint, options, told.Address.ToString(), told.Port);
    }

    private async Task<PreparedDataConnection> PrepareActiveAsync(Command? allocate, CancellationToken cancellationToken)
    {
        var link = PreparedDataConnection.Listen(control.LocalEndPoint.Address, control.RemoteEndPoint.Address);
        try
        {
            // PORT is what every server knows for IPv4; EPRT is the only word for IPv6.
            (string verb, string argument) = link.LocalEndPoint.AddressFamily == AddressFamily.InterNetwork
                ? ("PORT", HostPort.Format(link.LocalEndPoint))
                : ("EPRT", HostPort.FormatExtended(new IPEndPoint(RemoveScope(link.LocalEndPoint.Address), link.LocalEndPoint.Port)));
            FtpReply reply = await connection.ExchangeAsync(verb, argument, cancellationToken, precededBy: allocate).ConfigureAwait(false);
            return reply.IsCompletion ? link : throw new FtpReplyException(reply, $"{verb} {argument}");
        }
        catch
        {
            link.Dispose();
            throw;
        }
    }

    /// <summary>A scope names an interface of this machine and means nothing to the other side.</summary>
    private static IPAddress RemoveScope(IPAddress address) => new(address.GetAddressBytes());

    private static FtpException CreatePassiveException(FtpReply reply, string command) => reply.IsCompletion ? CreateMissingPortException(reply) : new FtpReplyException(reply, command);

    private static FtpProtocolException CreateMissingPortException(FtpReply reply) => new($"the server's passive reply names no port: {reply.ToPrintable()}");
}
