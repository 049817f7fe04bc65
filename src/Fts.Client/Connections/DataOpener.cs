using System.Net;
using System.Net.Sockets;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>How a data connection comes about, in the order in which it is tried.</summary>
internal enum DataWay
{
    /// <summary>EPSV (RFC 2428 §3).</summary>
    ExtendedPassive,
    /// <summary>PASV (RFC 959 §4.1.2).</summary>
    Passive,
    /// <summary>PORT, or EPRT over IPv6.</summary>
    Active,
}

/// <summary>Agrees with the server on where the next data connection is made (EPSV, PASV, EPRT, PORT).</summary>
internal sealed class DataOpener(FtpConnection connection, ControlChannel control, FtpClientOptions options, ServerMemory memory)
{
    /// <summary>Whether data travels compressed now (MODE Z).</summary>
    public bool IsDeflating { get; private set; }

    /// <summary>The way to begin with: the first, or what proved itself.</summary>
    private DataWay First => options.DataMode == FtpDataMode.Active || memory.DataWay == DataWay.Active ? DataWay.Active
        : MayUsePasv && (options.PassiveAddress == FtpDataAddress.Server || memory.DataWay == DataWay.Passive) ? DataWay.Passive
        : DataWay.ExtendedPassive;

    /// <summary>PASV names IPv4 addresses only. What is behind a proxy, only the proxy knows.</summary>
    private bool MayUsePasv => options.Proxy is null
        ? control.Peer.AddressFamily == AddressFamily.InterNetwork
        : !IPAddress.TryParse(options.Host, out IPAddress? address) || address.AddressFamily == AddressFamily.InterNetwork;

    /// <summary>Makes a data connection and uses it, by the next way where this one leads nowhere.</summary>
    /// <param name="use">Sends the command and meets the server; called again when no data connection came about.</param>
    /// <param name="mayRepeat">Whether the command may be sent again.</param>
    /// <param name="deflate">Whether to compress, if the server takes it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<FtpDataStream> OpenAsync(Func<DataLink, Task<FtpDataStream>> use, bool mayRepeat, bool deflate, CancellationToken cancellationToken)
    {
        await EnterModeAsync(deflate && !memory.RefusesDeflate, cancellationToken).ConfigureAwait(false);
        FtpException? failure = null;
        for (DataWay next = First; ;)
        {
            (DataLink link, DataWay way) = await PrepareAsync(next, failure, cancellationToken).ConfigureAwait(false);
            using (link)
            {
                try
                {
                    FtpDataStream data = await use(link).ConfigureAwait(false);
                    memory.DataWay = failure is null ? memory.DataWay : way;
                    return data;
                }
                catch (FtpException e) when (MeansAnotherWay(e))
                {
                    failure = failure is null ? e : Both(failure, e);
                    DataWay? another = options.DataMode == FtpDataMode.Automatic ? After(way) : null;
                    if (another is null || !mayRepeat || !connection.IsUsable)
                    {
                        // Whoever comes next tries another way, or starts over.
                        memory.DataWay = options.DataMode == FtpDataMode.Automatic ? another ?? DataWay.ExtendedPassive : memory.DataWay;
                        throw failure;
                    }

                    next = another.Value;
                }
            }
        }
    }

    /// <summary>Enters block mode and agrees on its data connection, which the caller disposes; null when the server refuses the mode.</summary>
    public async Task<DataLink?> EnterBlockModeAsync(CancellationToken cancellationToken)
    {
        await EnterModeAsync(deflate: false, cancellationToken).ConfigureAwait(false);
        if (!(await connection.ExchangeAsync("MODE", "B", cancellationToken).ConfigureAwait(false)).IsCompletion)
        {
            return null;
        }

        try
        {
            return (await PrepareAsync(First, null, cancellationToken).ConfigureAwait(false)).Link;
        }
        catch
        {
            connection.Break(); // whose mode nobody here would know
            throw;
        }
    }

    /// <summary>
    /// Prepares a data connection, which the caller disposes, and returns it with its mode. After a negative reply, or one without a usable port, tries
    /// the next mode.
    /// </summary>
    private async Task<(DataLink Link, DataWay Way)> PrepareAsync(DataWay way, FtpException? earlier, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return (way switch
                {
                    DataWay.ExtendedPassive => await AskForPassiveAsync("EPSV", cancellationToken).ConfigureAwait(false),
                    DataWay.Passive => await AskForPassiveAsync("PASV", cancellationToken).ConfigureAwait(false),
                    _ => await ListenAsync(cancellationToken).ConfigureAwait(false),
                }, way);
            }
            catch (FtpException e) when (e is FtpReplyException or FtpProtocolException && connection.IsUsable)
            {
                if (After(way) is { } next && (!IsAboutLogin(e) || next == DataWay.Passive))
                {
                    // Remember an unsupported verb or a reply without a port. Replies about the login and transient ones (4yz) concern only this transfer.
                    bool isLasting = !IsAboutLogin(e) && e is not FtpReplyException { Reply.IsTransientFailure: true };
                    memory.DataWay = earlier is null && isLasting ? next : memory.DataWay;
                    way = next;
                    continue;
                }

                // No mode is left. The next transfer starts with EPSV.
                memory.DataWay = DataWay.ExtendedPassive;
                if (earlier is not null)
                {
                    throw Both(earlier, e);
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
    private async Task EnterModeAsync(bool deflate, CancellationToken cancellationToken)
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
            memory.RefusesDeflate = true;
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
    private static bool MeansAnotherWay(FtpException failure) =>
        failure.InnerException is not FtpTlsException
        && failure is FtpConnectionException { Phase: FtpConnectionPhase.OpenData }
            or FtpReplyException { Reply.Code: FtpReplyCode.CannotOpenDataConnection };

    private static FtpConnectionException Both(FtpException one, FtpException another) =>
        new(FtpConnectionPhase.OpenData, $"{one.Message}; by another way: {another.Message}", another);

    private DataWay? After(DataWay way) => way switch
    {
        DataWay.ExtendedPassive when MayUsePasv => DataWay.Passive,
        DataWay.ExtendedPassive or DataWay.Passive when options is { DataMode: FtpDataMode.Automatic, Proxy: null } => DataWay.Active,
        _ => null,
    };

    /// <summary>Sends EPSV or PASV. Servers reply to either in the form of the other, and with other codes, so the text decides.</summary>
    /// <exception cref="FtpProtocolException">The reply is positive and names no usable port.</exception>
    private async Task<DataLink> AskForPassiveAsync(string verb, CancellationToken cancellationToken)
    {
        FtpReply reply = await connection.ExchangeAsync(verb, null, cancellationToken).ConfigureAwait(false);
        if (!PassiveReply.TryRead(reply, out PassiveEndPoint place))
        {
            throw Refusal(reply, verb);
        }

        // By default only the port counts. The address is the server's private one behind a translator, or a third host's on a hostile server.
        return options.PassiveAddress == FtpDataAddress.Server && place.Address is { } address
            ? ConnectWhereTold(new IPEndPoint(address, place.Port), reply)
            : Connect(place.Port);
    }

    /// <summary>To the control connection's own host.</summary>
    private DataLink Connect(int port) => options.Proxy is null
        ? DataLink.Connect(new IPEndPoint(control.Peer.Address, port), options.Timeouts.Connect)
        : DataLink.ConnectThrough(control.Peer, options, options.Host, port);

    private DataLink ConnectWhereTold(IPEndPoint told, FtpReply reply)
    {
        bool isOwnHost = options.Proxy is null ? told.Address.Equals(control.Peer.Address) : told.Address.ToString() == options.Host;
        byte first = told.Address.GetAddressBytes()[0];
        // 0.x is nobody, 127.x this machine (or the proxy), and from 224.x on it is many.
        return !isOwnHost && first is 0 or 127 or >= 224
            ? throw new FtpProtocolException($"the server's passive reply names an address that nobody else can be at: {reply.Shown()}")
            : options.Proxy is null ? DataLink.Connect(told, options.Timeouts.Connect)
            : DataLink.ConnectThrough(control.Peer, options, told.Address.ToString(), told.Port);
    }

    private async Task<DataLink> ListenAsync(CancellationToken cancellationToken)
    {
        var link = DataLink.Listen(control.Local.Address, control.Peer.Address);
        try
        {
            // PORT is what every server knows for IPv4; EPRT is the only word for IPv6.
            (string verb, string argument) = link.LocalEndPoint.AddressFamily == AddressFamily.InterNetwork
                ? ("PORT", HostPort.Format(link.LocalEndPoint))
                : ("EPRT", HostPort.FormatExtended(new IPEndPoint(WithoutScope(link.LocalEndPoint.Address), link.LocalEndPoint.Port)));
            FtpReply reply = await connection.ExchangeAsync(verb, argument, cancellationToken).ConfigureAwait(false);
            return reply.IsCompletion ? link : throw new FtpReplyException(reply, $"{verb} {argument}");
        }
        catch
        {
            link.Dispose();
            throw;
        }
    }

    /// <summary>A scope names an interface of this machine and means nothing to the other side.</summary>
    private static IPAddress WithoutScope(IPAddress address) => new(address.GetAddressBytes());

    private static FtpException Refusal(FtpReply reply, string command) => reply.IsCompletion ? Nonsense(reply) : new FtpReplyException(reply, command);

    private static FtpProtocolException Nonsense(FtpReply reply) => new($"the server's passive reply names no port: {reply.Shown()}");
}
