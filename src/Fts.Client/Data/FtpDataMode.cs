namespace Fts.Client;

/// <summary>Whether the client or the server opens the data connections.</summary>
public enum FtpDataMode
{
    /// <summary>
    /// The client connects to the host of the control connection: EPSV (RFC 2428), or PASV if the server rejects EPSV. For the address of
    /// PASV, see <see cref="FtpPassiveAddressSource"/>.
    /// </summary>
    Passive,
    /// <summary>The server connects to the local address of the control connection: PORT for IPv4, EPRT for IPv6.</summary>
    Active,
    /// <summary>
    /// The client tries EPSV, then PASV, because some firewalls support only PASV, then active mode unless a proxy is used. The next
    /// transfer starts with the mode that worked. If a data connection fails after the transfer command was sent, the client aborts the
    /// transfer and sends the command again.
    /// </summary>
    Automatic,
}

/// <summary>The source of the address for passive data connections. The port always comes from the server's reply.</summary>
public enum FtpPassiveAddressSource
{
    /// <summary>The address of the control connection. The address in a PASV reply is ignored.</summary>
    ControlConnection,
    /// <summary>
    /// The address in the reply to PASV, which is sent instead of EPSV over IPv4. For servers that accept data connections at another
    /// address. A hostile server can make the client connect to any host. Loopback, multicast and unspecified addresses are rejected.
    /// </summary>
    ServerReply,
}

/// <summary>The direction of the data of a transfer.</summary>
public enum FtpDataDirection
{
    /// <summary>From the server: RETR, LIST, MLSD.</summary>
    Receive,
    /// <summary>To the server: STOR, APPE, STOU.</summary>
    Send,
}
