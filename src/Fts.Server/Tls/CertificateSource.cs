using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fts.Server;

/// <summary>One certificate, and the files it comes from. A changed file that cannot be read keeps the certificate that worked: renewal writes two files, not at once.</summary>
internal sealed class CertificateSource : IDisposable
{
    private const long LookEvery = 1000; // milliseconds

    private readonly Lock _lock = new();
    private readonly string? _certificateFile, _keyFile;
    private FtpCertificates.Shown _shown;
    private (DateTime, DateTime) _stamp;
    private long _lookedAt = Environment.TickCount64;

    public CertificateSource(X509Certificate2 certificate) => _shown = new FtpCertificates.Shown(certificate, []);

    public CertificateSource(string certificateFile, string? keyFile)
    {
        (_certificateFile, _keyFile) = (certificateFile, keyFile);
        _stamp = Stamp();
        _shown = Load();
    }

    /// <summary>The certificate as it is now.</summary>
    public FtpCertificates.Shown Read()
    {
        lock (_lock)
        {
            if (_certificateFile is null || Environment.TickCount64 - _lookedAt < LookEvery)
            {
                return _shown;
            }

            _lookedAt = Environment.TickCount64;
            try
            {
                (DateTime, DateTime) stamp = Stamp();
                if (stamp != _stamp)
                {
                    // The old one is not disposed: sessions that began with it go on using it.
                    (_shown, _stamp) = (Load(), stamp);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                // Looked at again in a second.
            }

            return _shown;
        }
    }

    public void Dispose()
    {
        if (_certificateFile is not null)
        {
            _shown.Certificate.Dispose();
        }
    }

    private (DateTime, DateTime) Stamp() =>
        (File.GetLastWriteTimeUtc(_certificateFile!), _keyFile is null ? default : File.GetLastWriteTimeUtc(_keyFile));

    private FtpCertificates.Shown Load()
    {
        if (X509Certificate2.GetCertContentType(_certificateFile!) == X509ContentType.Pfx)
        {
            X509Certificate2Collection all = X509CertificateLoader.LoadPkcs12CollectionFromFile(_certificateFile!, null, X509KeyStorageFlags.EphemeralKeySet);
            X509Certificate2 own = all.FirstOrDefault(certificate => certificate.HasPrivateKey) ?? throw new CryptographicException($"{_certificateFile} holds no private key.");
            all.Remove(own);
            return new FtpCertificates.Shown(own, all);
        }

        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(_certificateFile!);
        X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(_certificateFile!, _keyFile);
        chain.Remove(certificate);
        return new FtpCertificates.Shown(certificate, chain);
    }
}
