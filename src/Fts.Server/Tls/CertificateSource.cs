using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fts.Protocol;
using Microsoft.Extensions.Logging;

namespace Fts.Server.Tls;

/// <summary>
/// One certificate and the files that contain it. If a changed file cannot be used, the previous certificate stays in use. For example, a
/// renewal may have replaced only one of two files so far.
/// </summary>
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
        _current = LoadFromFiles();
    }

    /// <summary>
    /// Returns the current certificate. If the files have changed, reads them again and logs the result. Checks for changes at most once a
    /// second.
    /// </summary>
    public FtpCertificates.PresentedCertificate GetCertificate(ILogger log) => GetCertificate(log, CheckInterval);

    /// <summary>Reads the files again if they have changed, even if the last check was less than a second ago.</summary>
    public void Reload(ILogger log) => GetCertificate(log, TimeSpan.Zero);

    private FtpCertificates.PresentedCertificate GetCertificate(ILogger log, TimeSpan checkInterval)
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
                    // Set before the files are read: unusable files are read and logged again only after their next change.
                    _stamp = stamp;
                    // The previous certificate is not disposed, because existing sessions still use it.
                    _current = LoadFromFiles();
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

    /// <summary>Disposes the current certificate if it was read from a file.</summary>
    public void Dispose()
    {
        _current.Dispose();
        if (_certificateFile is not null)
        {
            _current.Certificate.Dispose();
        }
    }

    private (FileStamp, FileStamp) GetStamp() =>
        (FileStamp.FromFile(_certificateFile!), _keyFile is null ? default : FileStamp.FromFile(_keyFile));

    /// <summary>Reads the certificate, its chain and its key from the files.</summary>
    private FtpCertificates.PresentedCertificate LoadFromFiles()
    {
        if (X509Certificate2.GetCertContentType(_certificateFile!) == X509ContentType.Pfx)
        {
            X509Certificate2Collection all =
                X509CertificateLoader.LoadPkcs12CollectionFromFile(_certificateFile!, null, X509KeyStorageFlags.EphemeralKeySet);
            X509Certificate2 own = all.FirstOrDefault(certificate => certificate.HasPrivateKey)
                ?? throw new CryptographicException($"{_certificateFile} contains no private key.");
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
            // .NET reports a key that belongs to another certificate as ArgumentException.
            throw new CryptographicException("the private key does not match the certificate", e);
        }
    }

    /// <summary>
    /// The last write time and the length of a file, for the detection of changes. For a symbolic link, these are the values of the link's
    /// target, because renewal tools create a new file and change the link.
    /// </summary>
    private readonly record struct FileStamp(DateTime Written, long Length)
    {
        /// <summary>Returns the stamp of a file, or the default value if the file does not exist.</summary>
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
