namespace Fts.Client;

/// <summary>Who opens the data connections.</summary>
public enum FtpDataMode
{
    /// <summary>The client, to the control connection's own peer: EPSV (RFC 2428), else PASV whose address is ignored.</summary>
    Passive,
    /// <summary>The server, to this side of the control connection: EPRT for IPv6, PORT for IPv4.</summary>
    Active,
}

/// <summary>Which way a data connection carries.</summary>
public enum FtpDataDirection
{
    /// <summary>From the server: RETR, LIST, MLSD.</summary>
    Receive,
    /// <summary>To the server: STOR, APPE, STOU.</summary>
    Send,
}
