using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fts.Server.Tls;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fts.Server;

/// <summary>
/// The certificates a server shows, by the name the client asks for (SNI); the first is shown to clients that ask for none, or for one there is not.
/// Files are read again when they change, without a restart. Safe for use by several callers at once.
/// </summary>
public sealed class FtpCertificates : IDisposable
{
    private readonly Lazy<IReadOnlyList<CertificateSource>> _sources;

    private FtpCertificates(IReadOnlyList<CertificateSource> sources) => _sources = new(sources);

    private FtpCertificates(Func<FtpCertificates> make) => _sources = new(() => make()._sources.Value);

    /// <summary>One certificate, with its private key. The caller's to dispose.</summary>
    public static FtpCertificates FromCertificate(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return certificate.HasPrivateKey
            ? new FtpCertificates([new CertificateSource(certificate)])
            : throw new ArgumentException("The certificate has no private key.", nameof(certificate));
    }

    /// <summary>Certificates from files: PEM with chain and key in one file, PEM and its key in another, or PFX without a password.</summary>
    /// <param name="files">Each certificate's file, and its key's where that is another.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="CryptographicException">A file holds no certificate with its key.</exception>
    public static FtpCertificates FromFiles(params IReadOnlyList<(string Certificate, string? Key)> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentOutOfRangeException.ThrowIfZero(files.Count);
        return FromFiles(TimeProvider.System, files);
    }

    /// <summary>The self-signed certificate kept in <paramref name="file"/> (PEM, readable by its owner only), made now where there is none: ECDSA P-256, ten years.</summary>
    /// <exception cref="IOException">The file cannot be written or read.</exception>
    public static FtpCertificates SelfSigned(string file)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        if (!File.Exists(file))
        {
            SelfSignedCertificate.CreatePemFile(file);
        }

        return FromFiles((file, null));
    }

    /// <summary>A self-signed certificate for as long as this object lives: ECDSA P-256. Clients that remember keys will find another one next time.</summary>
    public static FtpCertificates SelfSigned() => new([new CertificateSource(SelfSignedCertificate.Create())]);

    /// <summary>Certificates that are read or made when first needed, by a handshake or <see cref="KeyFingerprint"/>: listening need not wait for them.</summary>
    /// <param name="create">Makes them, once; what it returns is this object's. What it throws is thrown to whoever needed them.</param>
    public static FtpCertificates Deferred(Func<FtpCertificates> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        return new FtpCertificates(create);
    }

    /// <summary>SHA-256 of the first certificate's public key, as <c>SHA256:</c> and Base64: what clients that remember keys remember.</summary>
    public string KeyFingerprint => Protocol.KeyFingerprint.Compute(GetCertificate(null, NullLogger.Instance).Certificate);

    /// <summary>SHA-256 of the first certificate, as <c>AA:BB:…</c>: what a client is told to compare.</summary>
    public string Fingerprint => string.Join(':', GetCertificate(null, NullLogger.Instance).Certificate.GetCertHash(HashAlgorithmName.SHA256).Select(b => b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>Forgets the certificates that were read from files.</summary>
    public void Dispose()
    {
        foreach (CertificateSource source in _sources.IsValueCreated ? _sources.Value : [])
        {
            source.Dispose();
        }
    }

    /// <summary>As <see cref="FromFiles(IReadOnlyList{ValueTuple{string, string}})"/>, by a clock that says when to look at the files again.</summary>
    internal static FtpCertificates FromFiles(TimeProvider clock, params IReadOnlyList<(string Certificate, string? Key)> files) =>
        new([.. files.Select(file => new CertificateSource(file.Certificate, file.Key, clock))]);

    /// <summary>Reads changed files again and logs the result. Certificates that no handshake has needed yet stay unread.</summary>
    internal void Reload(ILogger log)
    {
        foreach (CertificateSource source in _sources.IsValueCreated ? _sources.Value : [])
        {
            source.Reload(log);
        }
    }

    /// <summary>What to show to a client that asks for a name, or for none. Files that changed are read first, and the log told how that went.</summary>
    internal PresentedCertificate GetCertificate(string? serverName, ILogger log)
    {
        PresentedCertificate first = _sources.Value[0].Read(log);
        if (string.IsNullOrEmpty(serverName) || _sources.Value.Count == 1)
        {
            return first;
        }

        foreach (CertificateSource source in _sources.Value)
        {
            PresentedCertificate shown = source.Read(log);
            if (shown.Certificate.MatchesHostname(serverName))
            {
                return shown;
            }
        }

        return first;
    }

    /// <summary>A certificate with its key, and the ones that vouch for it.</summary>
    internal sealed record PresentedCertificate(X509Certificate2 Certificate, X509Certificate2Collection Chain);
}
