using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fts.Server.Tls;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fts.Server;

/// <summary>
/// The certificates of a server. The server selects a certificate by the host name that the client requests (SNI, RFC 6066 §3). If the
/// client requests no host name or an unknown one, the server presents the first certificate.
/// </summary>
/// <remarks>Changed files are read again at the next handshake, without a restart. Thread-safe.</remarks>
public sealed class FtpCertificates : IDisposable
{
    private readonly Lazy<IReadOnlyList<CertificateSource>> _sources;

    private FtpCertificates(IReadOnlyList<CertificateSource> sources) => _sources = new(sources);

    private FtpCertificates(Func<FtpCertificates> create) => _sources = new(() => create()._sources.Value);

    /// <summary>Returns a collection with one certificate.</summary>
    /// <param name="certificate">The certificate with its private key. The caller disposes it.</param>
    /// <exception cref="ArgumentException">The certificate has no private key.</exception>
    public static FtpCertificates FromCertificate(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return certificate.HasPrivateKey
            ? new FtpCertificates([new CertificateSource(certificate)])
            : throw new ArgumentException("The certificate has no private key.", nameof(certificate));
    }

    /// <summary>
    /// Reads certificates from files. The supported formats are PEM with chain and key in one file, PEM with the key in a second file, and
    /// PFX without a password.
    /// </summary>
    /// <param name="files">
    /// For each certificate, its file and the file of its key. The key file is null if the certificate file also contains the key.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The list is empty.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The access to a file is denied.</exception>
    /// <exception cref="CryptographicException">A file contains no certificate, or the key is missing or does not match.</exception>
    public static FtpCertificates FromFiles(params IReadOnlyList<(string Certificate, string? Key)> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentOutOfRangeException.ThrowIfZero(files.Count);
        return FromFiles(TimeProvider.System, files);
    }

    /// <summary>
    /// Reads a self-signed certificate from a PEM file. If the file does not exist, creates a certificate and writes it to a new file that
    /// only its owner can read. On Windows, the new file has the permissions of its directory instead. The created certificate has an ECDSA
    /// P-256 key and is valid for ten years.
    /// </summary>
    /// <param name="file">The path of the file. Missing directories are created.</param>
    /// <exception cref="IOException">The file cannot be written or read.</exception>
    /// <exception cref="UnauthorizedAccessException">The access to the file or its directory is denied.</exception>
    /// <exception cref="CryptographicException">
    /// The existing file contains no certificate, or the key is missing or does not match.
    /// </exception>
    public static FtpCertificates SelfSigned(string file)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        if (!File.Exists(file))
        {
            SelfSignedCertificate.CreatePemFile(file);
        }

        return FromFiles((file, null));
    }

    /// <summary>
    /// Creates a new self-signed certificate in memory (ECDSA P-256). Clients that remember the server's key report a changed key after a
    /// restart.
    /// </summary>
    public static FtpCertificates SelfSigned() => new([new CertificateSource(SelfSignedCertificate.Create())]);

    /// <summary>
    /// Returns certificates that are created when a handshake, <see cref="KeyFingerprint"/> or <see cref="Fingerprint"/> first needs them.
    /// The server can start to listen before the certificates are created.
    /// </summary>
    /// <param name="create">
    /// The function that creates the certificates. It is called once. If it throws, every caller that needs the certificates receives the
    /// exception. Disposal of the object that <see cref="Deferred"/> returns also disposes the object that the function has returned.
    /// </param>
    public static FtpCertificates Deferred(Func<FtpCertificates> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        return new FtpCertificates(create);
    }

    /// <summary>
    /// The SHA-256 hash of the first certificate's public key, as <c>SHA256:</c> and Base64. Clients that remember the server's key compare
    /// this fingerprint.
    /// </summary>
    public string KeyFingerprint => Protocol.KeyFingerprint.Compute(GetCertificate(null, NullLogger.Instance).Certificate);

    /// <summary>
    /// The SHA-256 hash of the first certificate, as <c>AA:BB:…</c>. Users compare it with the fingerprint that their client displays.
    /// </summary>
    public string Fingerprint
    {
        get
        {
            byte[] hash = GetCertificate(null, NullLogger.Instance).Certificate.GetCertHash(HashAlgorithmName.SHA256);
            return string.Join(':', hash.Select(b => b.ToString("X2", CultureInfo.InvariantCulture)));
        }
    }

    /// <summary>Disposes the certificates that were read from files.</summary>
    public void Dispose()
    {
        foreach (CertificateSource source in _sources.IsValueCreated ? _sources.Value : [])
        {
            source.Dispose();
        }
    }

    /// <summary>
    /// Reads certificates from files, and uses a clock that determines when the files are checked for changes. See
    /// <see cref="FromFiles(IReadOnlyList{ValueTuple{string, string}})"/>.
    /// </summary>
    internal static FtpCertificates FromFiles(TimeProvider clock, params IReadOnlyList<(string Certificate, string? Key)> files) =>
        new([.. files.Select(file => new CertificateSource(file.Certificate, file.Key, clock))]);

    /// <summary>Reads changed files again and logs the result. Does not read certificates that were not needed yet.</summary>
    internal void Reload(ILogger log)
    {
        foreach (CertificateSource source in _sources.IsValueCreated ? _sources.Value : [])
        {
            source.Reload(log);
        }
    }

    /// <summary>
    /// Returns the certificate for a host name. Returns the first certificate if no certificate is valid for the name. Reads changed files
    /// again and logs the result.
    /// </summary>
    /// <param name="serverName">The requested host name (SNI or HOST), or null.</param>
    /// <param name="log">The logger.</param>
    internal PresentedCertificate GetCertificate(string? serverName, ILogger log)
    {
        PresentedCertificate first = _sources.Value[0].GetCertificate(log);
        if (string.IsNullOrEmpty(serverName) || _sources.Value.Count == 1)
        {
            return first;
        }

        foreach (CertificateSource source in _sources.Value)
        {
            PresentedCertificate candidate = source.GetCertificate(log);
            if (candidate.Certificate.MatchesHostname(serverName))
            {
                return candidate;
            }
        }

        return first;
    }

    /// <summary>A certificate with its key, and the intermediate certificates of its chain.</summary>
    internal sealed class PresentedCertificate(X509Certificate2 certificate, X509Certificate2Collection chain) : IDisposable
    {
        private readonly Lazy<SslStreamCertificateContext> _context =
            new(
                () => SslStreamCertificateContext.Create(new SessionCertificate(certificate), chain, offline: true),
                LazyThreadSafetyMode.PublicationOnly); // this mode does not cache an exception

        /// <summary>The certificate with its private key. Its owner disposes it.</summary>
        public X509Certificate2 Certificate { get; } = certificate;

        /// <summary>
        /// The certificate and its chain, as handshakes present them. All sessions share this object, because building the chain costs more
        /// than a handshake (bench: login-tls).
        /// </summary>
        public SslStreamCertificateContext Context => _context.Value;

        /// <summary>Disposes the copy of the certificate in <see cref="Context"/>, but not <see cref="Certificate"/>.</summary>
        public void Dispose()
        {
            if (_context.IsValueCreated)
            {
                _context.Value.TargetCertificate.Dispose();
            }
        }
    }
}
