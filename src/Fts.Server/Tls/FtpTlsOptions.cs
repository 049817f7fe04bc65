namespace Fts.Server;

/// <summary>Whether something may, or must, be encrypted.</summary>
public enum FtpTlsPolicy
{
    /// <summary>Never encrypted; AUTH is not offered.</summary>
    Off,
    /// <summary>As the client wishes.</summary>
    Optional,
    /// <summary>Refused in plain.</summary>
    Required,
}

/// <summary>What becomes of a data connection whose handshake did not resume its own session's TLS session: it may belong to somebody else.</summary>
public enum FtpDataBinding
{
    /// <summary>Served, and not looked at.</summary>
    Off,
    /// <summary>Served, and logged once for the session.</summary>
    Observe,
    /// <summary>The connection is refused with 425 and receives no session ticket.</summary>
    Require,
}

/// <summary>TLS on a server: explicit with AUTH TLS (RFC 4217), and implicit on a port of its own. Versions 1.2 and 1.3 only.</summary>
public sealed record FtpTlsOptions
{
    /// <summary>The certificates to show. The caller's: they outlive the server and are not disposed by it.</summary>
    public required FtpCertificates Certificates { get; init; }

    /// <summary>For control connections. Required refuses sign-in in plain. Default: optional.</summary>
    public FtpTlsPolicy Control { get; init; } = FtpTlsPolicy.Optional;

    /// <summary>For data connections of encrypted sessions. Required refuses PROT C. Default: optional.</summary>
    public FtpTlsPolicy Data { get; init; } = FtpTlsPolicy.Optional;

    /// <summary>For data connections that do not resume their control connection's TLS session. Default: observe.</summary>
    public FtpDataBinding DataBinding { get; init; } = FtpDataBinding.Observe;

    /// <summary>Whether clients are asked for certificates of their own, and which are believed. Default: never asked.</summary>
    public FtpClientCertificates ClientCertificates { get; init; } = new();

    /// <summary>
    /// Whether an upload over TLS must end with close_notify, without which an attacker can truncate it unnoticed (RFC 4217 §11). If true, the server
    /// replies 426 to an upload without close_notify, unless ALLO announced the number of bytes that the client sends and exactly these arrived. If
    /// false, the upload is unverified, as without TLS, and <see cref="FtpServerOptions.PublishPolicy"/> decides. A connection that ends within a TLS record always receives
    /// 426. Default: true.
    /// </summary>
    public bool RequiresCloseNotify { get; init; } = true;

    /// <summary>
    /// Whether CCC may end the encryption of a control connection. Firewalls can then read the commands, and so can anyone else on the
    /// network. Both sides first send close_notify (RFC 4217). A client that sends none within <see cref="HandshakeTimeout"/> is
    /// disconnected. Default: no.
    /// </summary>
    public bool AllowClearCommandChannel { get; init; }

    /// <summary>How long a handshake may take, and after CCC the client's close_notify. Default: 15 s.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(15);

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Certificates);
        ArgumentNullException.ThrowIfNull(ClientCertificates);
        ClientCertificates.Validate();
        if (Control == FtpTlsPolicy.Off && ClientCertificates.Policy != FtpClientCertificatePolicy.Off)
        {
            throw new ArgumentException($"{nameof(ClientCertificates)} are shown over TLS, which {nameof(Control)} turns off.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(HandshakeTimeout, TimeSpan.Zero);
    }
}
