using System.Security.Cryptography.X509Certificates;
using Fts.Protocol;

namespace Fts.Server;

/// <summary>Whether the server requests client certificates, and whether a login requires one.</summary>
public enum FtpClientCertificatePolicy
{
    /// <summary>The server requests no certificate.</summary>
    Off,
    /// <summary>The server requests a certificate. A client without a trusted certificate can still log in with its password.</summary>
    Request,
    /// <summary>
    /// The server refuses USER with 530 unless the client has presented a trusted certificate. On unencrypted control connections, the
    /// server always refuses USER.
    /// </summary>
    Require,
}

/// <summary>
/// The client certificates that a server trusts. <see cref="Fts.Accounts.IAuthenticator.AuthenticateByCertificateAsync"/>
/// decides to which account a trusted certificate belongs. Revocation is not checked.
/// </summary>
/// <remarks>
/// The server also requests the certificate on data connections. Without this request, a data connection could not resume the control
/// connection's TLS session. A data connection must present a certificate with the same key as the control connection's certificate. With
/// <see cref="FtpClientCertificatePolicy.Request"/>, a data connection may also present no certificate.
/// <see cref="FtpTlsOptions.DataBinding"/> decides whether a data connection must resume the session.
/// </remarks>
public sealed record FtpClientCertificates
{
    /// <summary>
    /// Whether the server requests client certificates, and whether a login requires one. Default:
    /// <see cref="FtpClientCertificatePolicy.Off"/>.
    /// </summary>
    public FtpClientCertificatePolicy Policy { get; init; }

    /// <summary>
    /// The root certificates of the trusted authorities. A client certificate that was issued by one of these authorities is trusted within
    /// its validity period if it permits client authentication. The system's trusted authorities are not used. Default: empty.
    /// </summary>
    public IReadOnlyCollection<X509Certificate2> Authorities { get; init; } = [];

    /// <summary>
    /// The fingerprints of trusted client keys, as <c>SHA256:</c> and Base64 (see
    /// <see cref="Fts.Accounts.ClientCertificate.KeyFingerprint"/>). A certificate with such a key is trusted within its validity period,
    /// even if no trusted authority issued the certificate. Default: empty.
    /// </summary>
    public IReadOnlyCollection<string> PinnedKeys { get; init; } = [];

    /// <summary>
    /// Whether the content of <see cref="PinnedKeys"/> can change while the server runs. The collection must then be thread-safe, and can
    /// be empty at the start. With <see cref="FtpClientCertificatePolicy.Request"/>, the server requests no certificates while no key and
    /// no authority is trusted. Default: false.
    /// </summary>
    public bool CanPinnedKeysChange { get; init; }

    /// <summary>Whether a handshake that begins now requests a certificate.</summary>
    internal bool IsRequested => Policy switch
    {
        FtpClientCertificatePolicy.Off => false,
        FtpClientCertificatePolicy.Require => true,
        _ => Authorities.Count + PinnedKeys.Count > 0,
    };

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Authorities);
        ArgumentNullException.ThrowIfNull(PinnedKeys);
        if (!Enum.IsDefined(Policy))
        {
            throw new ArgumentException($"{nameof(Policy)} {Policy} is not a value of {nameof(FtpClientCertificatePolicy)}.");
        }

        if (PinnedKeys.FirstOrDefault(pin => !KeyFingerprint.IsFingerprint(pin)) is { } wrong)
        {
            throw new ArgumentException(
                $"'{wrong.ToPrintable()}' in {nameof(PinnedKeys)} is not a fingerprint: expected SHA256: and 43 characters of Base64.");
        }

        if (Policy != FtpClientCertificatePolicy.Off && !CanPinnedKeysChange && Authorities.Count + PinnedKeys.Count == 0)
        {
            throw new ArgumentException(
                $"Without {nameof(Authorities)} and {nameof(PinnedKeys)}, no client certificate can be trusted. Set at least one of them.");
        }
    }
}
