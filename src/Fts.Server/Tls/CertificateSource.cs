using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fts.Protocol;
using Microsoft.Extensions.Logging;

namespace Fts.Server.Tls;

/// <summary>One certificate, and the files it comes from. A changed file that cannot be read keeps the certificate that worked: renewal writes two files, not at once.</summary>
internal sealed class CertificateSource : IDisposable
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly TimeProvider _clock = TimeProvider.System;
    private readonly string? _certificateFile, _keyFile;
    private FtpCertificates.PresentedCertificate _current;
    private (FileStamp, FileStamp) _stamp;
    private long _checkedAt;

    public CertificateSource(X509Certificate2 certificate) => _current = new FtpCertificates.PresentedCertificate(certificate, []);

    public CertificateSource(string certificateFile, string? keyFile, TimeProvider clock)
    {
        (_certificateFile, _keyFile, _clock, _checkedAt) = (certificateFile, keyFile, clock, clock.GetTimestamp());
        _stamp = GetStamp();
        _current = Load();
    }

    /// <summary>The certificate as it is now.</summary>
    public FtpCertificates.PresentedCertificate Read(ILogger log) => Read(log, CheckInterval);

    /// <summary>Checks the files now, even if they were checked a moment ago.</summary>
    public void Reload(ILogger log) => Read(log, TimeSpan.Zero);

    private FtpCertificates.PresentedCertificate Read(ILogger log, TimeSpan checkInterval)
    {
        lock (_lock)
        {
            if (_certificateFile is null || _clock.GetElapsedTime(_checkedAt) < checkInterval)
            {
                return _current;
            }

            _checkedAt = _clock.GetTimestamp();
            try
            {
                (FileStamp, FileStamp) stamp = GetStamp();
                if (stamp != _stamp)
                {
                    // Noted first: what cannot be used is not looked at, nor complained of, again before it changes once more.
                    _stamp = stamp;
                    // The old one is not disposed: sessions that began with it go on using it.
                    _current = Load();
                    Log.CertificateReloaded(log, _certificateFile.ToPrintable());
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                Log.CertificateReloadFailed(log, _certificateFile.ToPrintable(), e.Message.ToPrintable());
            }

            return _current;
        }
    }

    public void Dispose()
    {
        if (_certificateFile is not null)
        {
            _current.Certificate.Dispose();
        }
    }

    private (FileStamp, FileStamp) GetStamp() => (FileStamp.FromFile(_certificateFile!), _keyFile is null ? default : FileStamp.FromFile(_keyFile));

    private FtpCertificates.PresentedCertificate Load()
    {
        if (X509Certificate2.GetCertContentType(_certificateFile!) == X509ContentType.Pfx)
        {
            X509Certificate2Collection all = X509CertificateLoader.LoadPkcs12CollectionFromFile(_certificateFile!, null, X509KeyStorageFlags.EphemeralKeySet);
            X509Certificate2 own = all.FirstOrDefault(certificate => certificate.HasPrivateKey) ?? throw new CryptographicException($"{_certificateFile} holds no private key.");
            all.Remove(own);
            return new FtpCertificates.PresentedCertificate(own, all);
        }

        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(_certificateFile!);
        try
        {
            X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(_certificateFile!, _keyFile);
            chain.Remove(certificate);
            return new FtpCertificates.PresentedCertificate(certificate, chain);
        }
        catch (ArgumentException e)
        {
            // How .NET says that a key is another certificate's: of two files, one was renewed.
            throw new CryptographicException("the key is not the certificate's", e);
        }
    }

    /// <summary>What changes when a file does. Of a link it is its target's: renewal tools put a new file beside the old one and turn a link to it.</summary>
    private readonly record struct FileStamp(DateTime Written, long Length)
    {
        public static FileStamp FromFile(string path)
        {
            var file = new FileInfo(path);
            if (file.LinkTarget is not null)
            {
                file = (FileInfo)file.ResolveLinkTarget(returnFinalTarget: true)!;
            }

            return file.Exists ? new FileStamp(file.LastWriteTimeUtc, file.Length) : default;
        }
    }
}
