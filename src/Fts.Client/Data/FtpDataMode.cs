namespace Fts.Client;

/// <summary>Whether the client or the server opens the data connections.</summary>
public enum FtpDataMode
{
    /// <summary>
    /// The client connects to the host of the control connection: EPSV (RFC 2428), or PASV if the server rejects EPSV. The use of the
    /// address in the PASV reply depends on <see cref="FtpPassiveAddressSource"/>.
    /// </summary>
    Passive,
    /// <summary>The server connects to the local address of the control connection: PORT for IPv4, EPRT for IPv6.</summary>
    Active,
    /// <summary>
    /// The client tries EPSV, then PASV, then active mode. PASV is tried because some firewalls do not support EPSV. PASV is not tried over
    /// IPv6, and active mode is not tried if a proxy is used. The next transfer starts with the mode that worked. If a data connection
    /// cannot be opened after the transfer command was sent, the client aborts the transfer and sends the command again, except STOU.
    /// </summary>
    Automatic,
    /// <summary>EPSV only (RFC 2428 §3). A server that rejects EPSV causes an error. Useful to diagnose a server or a firewall.</summary>
    EpsvOnly,
    /// <summary>PASV only (RFC 959 §4.1.2), over IPv4. Useful to diagnose a server or a firewall.</summary>
    PasvOnly,
}

/// <summary>The source of the address for passive data connections. The port always comes from the server's reply.</summary>
public enum FtpPassiveAddressSource
{
    /// <summary>The address of the control connection. The address in a PASV reply is ignored.</summary>
    ControlConnection,
    /// <summary>
    /// The address in the PASV reply, for servers that accept data connections at another address. Over IPv4, the client sends PASV instead
    /// of EPSV. A hostile server can make the client connect to another host. Loopback, multicast, reserved and unspecified addresses are
    /// rejected, unless the control connection has the same address.
    /// </summary>
    ServerReply,
}

/// <summary>The direction of the data of a transfer.</summary>
public enum FtpDataDirection
{
    /// <summary>From the server: RETR, LIST, NLST, MLSD.</summary>
    Receive,
    /// <summary>To the server: STOR, APPE, STOU.</summary>
    Send,
}
