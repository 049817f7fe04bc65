using System.Security.Cryptography.X509Certificates;
using Fts.Protocol;

namespace Fts.Server;

/// <summary>Whether clients are asked for a certificate of their own.</summary>
public enum FtpClientCertificatePolicy
{
    /// <summary>Never.</summary>
    Off,
    /// <summary>Asked for. A client without one, or with one that is not believed, goes on as one without.</summary>
    Request,
    /// <summary>No sign-in without one that is believed: USER is answered with 530, over TLS and all the more in plain, where none can be shown.</summary>
    Require,
}

/// <summary>
/// Which certificates of clients are believed (RFC 4217). What one that is believed allows is decided by the accounts
/// (<see cref="Fts.Accounts.IAuthenticator.AuthenticateByCertificateAsync"/>). Revocation is not looked up.
/// </summary>
/// <remarks>
/// Data connections are asked, too, for only so can they resume the control connection's session; they must show the same key, or none at all where one is
/// only asked for: whether a data connection belongs to its session is what <see cref="FtpTlsOptions.DataBinding"/> decides.
/// </remarks>
public sealed record FtpClientCertificates
{
    /// <summary>Whether clients are asked. Default: never.</summary>
    public FtpClientCertificatePolicy Policy { get; init; }

    /// <summary>Root certificates of the authorities whose certificates are believed, within their dates and where they are meant for clients. Nobody whom the system trusts is added.</summary>
    public IReadOnlyCollection<X509Certificate2> Authorities { get; init; } = [];

    /// <summary>Keys that are believed whoever issued the certificate, within its dates: <c>SHA256:</c> and Base64, as <see cref="Fts.Accounts.ClientCertificate.KeyFingerprint"/> has them.</summary>
    public IReadOnlyCollection<string> PinnedKeys { get; init; } = [];

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Authorities);
        ArgumentNullException.ThrowIfNull(PinnedKeys);
        if (!Enum.IsDefined(Policy))
        {
            throw new ArgumentException($"{nameof(Policy)} {Policy} is none.");
        }

        if (PinnedKeys.FirstOrDefault(pin => !KeyFingerprint.IsFingerprint(pin)) is { } wrong)
        {
            throw new ArgumentException($"'{wrong.ToPrintable()}' in {nameof(PinnedKeys)} is no fingerprint: SHA256: and 43 characters of Base64.");
        }

        if (Policy != FtpClientCertificatePolicy.Off && Authorities.Count + PinnedKeys.Count == 0)
        {
            throw new ArgumentException($"With neither {nameof(Authorities)} nor {nameof(PinnedKeys)} no certificate can be believed.");
        }
    }
}
