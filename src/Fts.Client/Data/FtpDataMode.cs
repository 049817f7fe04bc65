namespace Fts.Client;

/// <summary>Who opens the data connections.</summary>
public enum FtpDataMode
{
    /// <summary>The client, to the control connection's own peer: EPSV (RFC 2428), else PASV whose address is ignored.</summary>
    Passive,
    /// <summary>The server, to this side of the control connection: EPRT for IPv6, PORT for IPv4.</summary>
    Active,
    /// <summary>
    /// Passive, and where the port that EPSV named cannot be reached, PASV, since some firewalls understand only that; when no passive way leads there,
    /// active, unless a proxy stands between. What worked is what the next transfer begins with. A way that failed may have been tried after the command
    /// was sent: it was aborted then, and is sent again.
    /// </summary>
    Automatic,
}

/// <summary>Whose word counts for the address of passive data connections. The port is always the server's to say.</summary>
public enum FtpPassiveAddressSource
{
    /// <summary>The control connection's: whatever address a PASV reply names is ignored.</summary>
    ControlConnection,
    /// <summary>
    /// The one in the reply to PASV, which is asked instead of EPSV over IPv4: for servers whose data is at another address. A hostile server can make this
    /// side connect to any host with it; addresses of this machine, of everybody and of nobody are refused.
    /// </summary>
    ServerReply,
}

/// <summary>Which way a data connection carries.</summary>
public enum FtpDataDirection
{
    /// <summary>From the server: RETR, LIST, MLSD.</summary>
    Receive,
    /// <summary>To the server: STOR, APPE, STOU.</summary>
    Send,
}
