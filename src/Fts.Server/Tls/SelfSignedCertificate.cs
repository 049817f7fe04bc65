using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fts.Server.Tls;

/// <summary>Makes the certificate of a server that was given none. ECDSA P-256: RSA of like strength signs fourteen times slower.</summary>
internal static class SelfSignedCertificate
{
    /// <summary>Makes certificate and key.</summary>
    public static X509Certificate2 Create()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Environment.MachineName}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(Environment.MachineName);
        names.AddDnsName("localhost");
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        names.AddIpAddress(System.Net.IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false)); // serverAuth
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddYears(10));
    }

    /// <summary>Makes certificate and key, and puts them into one file in one step, readable by the owner only.</summary>
    public static void CreatePemFile(string file)
    {
        using X509Certificate2 certificate = Create();
        using ECDsa key = certificate.GetECDsaPrivateKey()!;
        if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } directory)
        {
            Directory.CreateDirectory(directory);
        }

        string pending = $"{file}.{RandomNumberGenerator.GetHexString(8)}";
        var owner = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            owner.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var writer = new StreamWriter(pending, owner))
        {
            writer.WriteLine(certificate.ExportCertificatePem());
            writer.WriteLine(key.ExportPkcs8PrivateKeyPem());
        }

        try
        {
            File.Move(pending, file);
        }
        catch (IOException) when (File.Exists(file))
        {
            File.Delete(pending); // another server made it in this moment; one of the two is enough
        }
    }
}
