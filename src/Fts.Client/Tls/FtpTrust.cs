using System.Security.Cryptography.X509Certificates;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>
/// The rules that decide whether a server is trusted. If <see cref="PinnedKeys"/> is not empty, the server must have one of these keys.
/// If <see cref="PinnedKeys"/> is empty, the server's certificate must be trusted: current, issued by a trusted authority, and valid for
/// the host name. <see cref="ValidateAsync"/> can accept a certificate that is not trusted.
/// </summary>
public sealed record FtpTrust
{
    /// <summary>The default rules, which trust only the certificate authorities of the system.</summary>
    public static FtpTrust System { get; } = new();

    /// <summary>
    /// The fingerprints of the accepted keys, in the form of <see cref="FtpServerIdentity.Fingerprint"/>. If the collection is not empty,
    /// all other rules are ignored.
    /// </summary>
    public IReadOnlyCollection<string> PinnedKeys { get; init; } = [];

    /// <summary>
    /// The certificate authorities to trust instead of the system's authorities; empty to trust the system's authorities.
    /// </summary>
    public IReadOnlyCollection<X509Certificate2> Authorities { get; init; } = [];

    /// <summary>
    /// Decides whether to accept a server whose certificate is not trusted; returns true to accept it. Null, the default, accepts none.
    /// Called once for each control connection, before any command is sent over TLS. Connections that open at the same time call the
    /// delegate concurrently.
    /// </summary>
    public Func<FtpServerIdentity, CancellationToken, ValueTask<bool>>? ValidateAsync { get; init; }

    /// <summary>
    /// Whether <see cref="ValidateAsync"/> is called even if the certificate is trusted (<see cref="FtpServerIdentity.Problem"/> is null),
    /// and can reject that certificate. Default: false. The value is ignored if <see cref="ValidateAsync"/> is null or
    /// <see cref="PinnedKeys"/> is not empty.
    /// </summary>
    public bool ShouldAlwaysValidate { get; init; }

    /// <summary>
    /// The certificate, with its private key, for servers that request a client certificate; null for none. The caller disposes it.
    /// </summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>
    /// The intermediate certificates of <see cref="ClientCertificate"/>, which a server needs if it has only the root certificate. The
    /// caller disposes them.
    /// </summary>
    public IReadOnlyCollection<X509Certificate2> ClientChain { get; init; } = [];

    /// <summary>Validates the properties.</summary>
    /// <exception cref="ArgumentException">A value is invalid. The message contains the name of the property.</exception>
    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(PinnedKeys);
        ArgumentNullException.ThrowIfNull(Authorities);
        ArgumentNullException.ThrowIfNull(ClientChain);
        if (PinnedKeys.FirstOrDefault(key => !KeyFingerprint.IsFingerprint(key)) is { } invalid)
        {
            throw new ArgumentException(
                $"'{invalid}' is not a fingerprint. A fingerprint consists of SHA256: and 43 Base64 characters.", nameof(PinnedKeys));
        }

        if (ClientCertificate is { HasPrivateKey: false })
        {
            throw new ArgumentException("The client certificate has no private key.", nameof(ClientCertificate));
        }
    }
}
