namespace Fts.Client;

/// <summary>
/// Whether the connections to a server are encrypted (RFC 4217). Control and data connections are either all encrypted or all unencrypted.
/// </summary>
public enum FtpTlsMode
{
    /// <summary>No encryption. Anyone on the network path can read all data, including the password.</summary>
    Off,
    /// <summary>
    /// Encrypted if the server accepts AUTH TLS, otherwise unencrypted. This protects against passive eavesdroppers, but not against an
    /// attacker who modifies the traffic and suppresses TLS. <see cref="FtpConnection.ServerIdentity"/> is null if the connection is not
    /// encrypted. After the first encrypted connection, an <see cref="FtpClient"/> treats this mode as <see cref="Required"/>. A password
    /// is sent unencrypted to another machine only if <see cref="FtpClientOptions.ConfirmPlainPasswordAsync"/> allows it.
    /// </summary>
    Preferred,
    /// <summary>Encrypted by AUTH TLS before the login. If the server rejects AUTH TLS, the connection fails.</summary>
    Required,
    /// <summary>TLS from the first byte, as is usual on port 990.</summary>
    Implicit,
}
