using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fts.Server.Tests;

/// <summary>An authority that issues certificates to servers and clients of tests.</summary>
internal sealed class TestAuthority
{
    public const string ForServers = "1.3.6.1.5.5.7.3.1", ForClients = "1.3.6.1.5.5.7.3.2";

    public TestAuthority(string name = "authority")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        Root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddYears(-5), DateTimeOffset.UtcNow.AddYears(5));
    }

    public X509Certificate2 Root { get; }

    /// <summary>A certificate with its key, for the names of a server if there are any, for so many days from yesterday, or for days that are over.</summary>
    public X509Certificate2 Issue(string subject, string[]? names = null, int days = 30, string usage = ForClients)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(names is null ? usage : ForServers)], critical: false));
        if (names is not null)
        {
            var alternatives = new SubjectAlternativeNameBuilder();
            Array.ForEach(names, alternatives.AddDnsName);
            request.CertificateExtensions.Add(alternatives.Build());
        }

        DateTimeOffset end = DateTimeOffset.UtcNow.AddDays(days);
        using X509Certificate2 bare = request.Create(Root, end.AddDays(-Math.Abs(days) - 1), end, RandomNumberGenerator.GetBytes(8));
        return bare.CopyWithPrivateKey(key);
    }

    /// <summary>The certificate a server of this name shows.</summary>
    public X509Certificate2 IssueTo(string server) => Issue($"CN={server}", [server]);

    /// <summary>A certificate's PEM, and its key's.</summary>
    public static (string Certificate, string Key) Pem(X509Certificate2 certificate)
    {
        using ECDsa key = certificate.GetECDsaPrivateKey()!;
        return (certificate.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }
}
