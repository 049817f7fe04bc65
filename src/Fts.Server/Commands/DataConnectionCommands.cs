using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Fts.Protocol;
using Fts.Server.Sessions;

namespace Fts.Server.Commands;

/// <summary>Prepares the next data connection: PASV, EPSV, PORT and EPRT (RFC 959 §4.1.2, RFC 2428).</summary>
internal static class DataConnectionCommands
{
    /// <summary>PASV: prepares a passive data connection and returns its IPv4 address and port (227).</summary>
    public static ValueTask<FtpReply> PassiveAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.DataConnector.IsExtendedPassiveOnly)
        {
            return new(Replies.OnlyExtendedPassive);
        }

        if (session.Local.AddressFamily != AddressFamily.InterNetwork)
        {
            return new(Replies.PassiveNeedsIPv4);
        }

        if (session.Server.PassiveAddresses.GetAddress(session.EndPoints) is not { } address)
        {
            return new(Replies.PassiveAddressUnknown);
        }

        return new(PreparePassive(session, port =>
            new FtpReply(FtpReplyCode.PassiveMode, $"Entering Passive Mode ({HostPort.Format(new IPEndPoint(address, port))}).")));
    }

    /// <summary>
    /// EPSV: prepares a passive data connection and returns its port (229). EPSV ALL makes the server refuse later PASV, PORT and EPRT.
    /// </summary>
    public static ValueTask<FtpReply> ExtendedPassiveAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        bool isIPv4 = session.Local.AddressFamily == AddressFamily.InterNetwork;
        switch (argument.ToUpperInvariant())
        {
            case "ALL":
                session.DataConnector.IsExtendedPassiveOnly = true;
                return new(new FtpReply(FtpReplyCode.Okay, "EPSV ALL command successful."));
            case "" or "1" when isIPv4:
            case "" or "2" when !isIPv4:
                return new(PreparePassive(session, port =>
                    new FtpReply(FtpReplyCode.ExtendedPassiveMode, $"Entering Extended Passive Mode (|||{port}|).")));
            case not ("" or "1" or "2") when !int.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out _):
                return new(Replies.BadParameter);
            default:
                return new(isIPv4 ? Replies.OnlyIPv4 : Replies.OnlyIPv6);
        }
    }

    /// <summary>PORT: sets the IPv4 address and port of the next active data connection.</summary>
    public static ValueTask<FtpReply> PortAsync(Session session, string argument, CancellationToken cancellationToken) =>
        new(HostPort.TryParse(argument, out IPEndPoint target) ? SetActiveTarget(session, target) : Replies.BadParameter);

    /// <summary>EPRT: sets the IPv4 or IPv6 address and port of the next active data connection.</summary>
    public static ValueTask<FtpReply> ExtendedPortAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        bool isEndPoint = HostPort.TryParseExtended(argument, out IPEndPoint target, out bool isKnownFamily);
        if (!isEndPoint && isKnownFamily)
        {
            return new(Replies.BadParameter);
        }

        // After EPSV ALL, SetActiveTarget refuses every target.
        if (isEndPoint && (session.DataConnector.IsExtendedPassiveOnly || target.AddressFamily == session.Local.AddressFamily))
        {
            return new(SetActiveTarget(session, target));
        }

        return new(session.Local.AddressFamily == AddressFamily.InterNetwork ? Replies.OnlyIPv4 : Replies.OnlyIPv6);
    }

    /// <summary>
    /// Sets the target of the next active data connection. Accepts only addresses of <see cref="FtpServerOptions.DataPeers"/> and ports
    /// from 1024, because a client must not use the server to reach services of other hosts (RFC 2577 §3).
    /// </summary>
    private static FtpReply SetActiveTarget(Session session, IPEndPoint target)
    {
        if (session.DataConnector.IsExtendedPassiveOnly)
        {
            return Replies.OnlyExtendedPassive;
        }

        IPAddress client = session.Peer.Address;
        if (!session.Server.Options.DataPeers.AcceptsTarget(target.Address, client) || target.Port < 1024)
        {
            return session.Server.Options.DataPeers == FtpDataPeers.Same ? Replies.OnlyOwnAddress : Replies.ForbiddenAddress;
        }

        // The argument of EPRT lacks the scope of a link-local IPv6 address. The client's address on the control connection has the scope.
        bool isOwn = target.Address.GetAddressBytes().AsSpan().SequenceEqual(client.GetAddressBytes());
        session.DataConnector.SetActiveTarget(isOwn ? new IPEndPoint(client, target.Port) : target);
        return Replies.CommandOkay;
    }

    /// <summary>
    /// Prepares a passive data connection. Returns the reply that <paramref name="createReply"/> creates from the port for the client, or
    /// 425 if no port is free.
    /// </summary>
    private static FtpReply PreparePassive(Session session, Func<int, FtpReply> createReply)
    {
        try
        {
            return createReply(session.Server.PassiveAddresses.GetPort(session.EndPoints, session.DataConnector.Listen().Port));
        }
        catch (SocketException e)
        {
            Log.NoPassivePort(session.Server.Options.Logger, session.Id, e.Message.ToPrintable());
            return Replies.NoPassivePort;
        }
    }
}
