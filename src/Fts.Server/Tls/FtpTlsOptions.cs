namespace Fts.Server;

/// <summary>Whether connections may or must be encrypted.</summary>
public enum FtpTlsPolicy
{
    /// <summary>
    /// Connections are not encrypted. The server does not support AUTH for control connections, or PROT P for data connections.
    /// </summary>
    Off,
    /// <summary>The client decides whether a connection is encrypted.</summary>
    Optional,
    /// <summary>Unencrypted connections are refused.</summary>
    Required,
}

/// <summary>
/// Whether the server accepts encrypted data connections that do not resume the control connection's TLS session. Such a connection may
/// belong to another client.
/// </summary>
public enum FtpDataBinding
{
    /// <summary>The connection is accepted.</summary>
    Off,
    /// <summary>
    /// The connection is accepted. In each FTP session, the first data connection that resumes no TLS session at all is logged. A data
    /// connection that resumes the TLS session of another control connection is not detected.
    /// </summary>
    Observe,
    /// <summary>
    /// The connection is refused with 425 and receives no session ticket. On systems other than Linux, every encrypted data connection is
    /// refused, because .NET does not separate the tickets of different sessions on these systems.
    /// </summary>
    Require,
}

/// <summary>
/// The TLS options of a server, for explicit TLS with AUTH TLS (RFC 4217) and for implicit TLS on a separate port. The server supports
/// TLS 1.2 and 1.3.
/// </summary>
public sealed record FtpTlsOptions
{
    /// <summary>The server's certificates. The caller disposes them after it has disposed the server.</summary>
    public required FtpCertificates Certificates { get; init; }

    /// <summary>
    /// Whether control connections may or must be encrypted. <see cref="FtpTlsPolicy.Required"/> refuses logins on unencrypted control
    /// connections. Default: <see cref="FtpTlsPolicy.Optional"/>.
    /// </summary>
    public FtpTlsPolicy Control { get; init; } = FtpTlsPolicy.Optional;

    /// <summary>
    /// Whether data connections may or must be encrypted. <see cref="FtpTlsPolicy.Required"/> refuses PROT C and every command
    /// that would open an unencrypted data connection. Default: <see cref="FtpTlsPolicy.Optional"/>.
    /// </summary>
    public FtpTlsPolicy Data { get; init; } = FtpTlsPolicy.Optional;

    /// <summary>
    /// Whether the server accepts encrypted data connections that do not resume the control connection's TLS session. Default:
    /// <see cref="FtpDataBinding.Observe"/>.
    /// </summary>
    public FtpDataBinding DataBinding { get; init; } = FtpDataBinding.Observe;

    /// <summary>Whether the server requests client certificates, and which certificates it trusts. Default: none are requested.</summary>
    public FtpClientCertificates ClientCertificates { get; init; } = new();

    /// <summary>
    /// Whether an upload over TLS must end with close_notify. Without close_notify, an attacker can truncate the upload unnoticed (RFC 4217
    /// §11). If true, the server replies 426 to an upload without close_notify, unless ALLO announced exactly the number of received bytes,
    /// or MODE Z or MODE B marks the end of the data. If false, such an upload is unverified, and
    /// <see cref="FtpServerOptions.PublishPolicy"/> decides whether it is published. If the connection ends within a TLS record, the reply
    /// is always 426. Default: true.
    /// </summary>
    public bool RequiresCloseNotify { get; init; } = true;

    /// <summary>
    /// Whether CCC may end the encryption of a control connection. Firewalls can then read the commands, but other hosts on the network can
    /// read them too. Both sides first send close_notify. A client that sends no close_notify within <see cref="HandshakeTimeout"/> is
    /// disconnected. Default: false.
    /// </summary>
    public bool AllowClearCommandChannel { get; init; }

    /// <summary>The time limit of a TLS handshake, and of the wait for the client's close_notify after CCC. Default: 15 s.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(15);

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Certificates);
        ArgumentNullException.ThrowIfNull(ClientCertificates);
        ClientCertificates.Validate();
        if (Control == FtpTlsPolicy.Off && ClientCertificates.Policy != FtpClientCertificatePolicy.Off)
        {
            throw new ArgumentException(
                $"{nameof(ClientCertificates)} need TLS on control connections, but {nameof(Control)} is {Control}.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(HandshakeTimeout, TimeSpan.Zero);
    }
}
