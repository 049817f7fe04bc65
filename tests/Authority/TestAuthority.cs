using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fts.Authority;

/// <summary>An authority that issues certificates to servers and clients of tests. Compiled into every test project that needs
/// one.</summary>
internal sealed class TestAuthority
{
    public const string ForServers = "1.3.6.1.5.5.7.3.1", ForClients = "1.3.6.1.5.5.7.3.2";

    /// <summary>A root, or an authority that another one vouches for.</summary>
    public TestAuthority(string name = "authority", TestAuthority? above = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        DateTimeOffset end = DateTimeOffset.UtcNow.AddYears(above is null ? 5 : 4);
        Certificate = above is null ? request.CreateSelfSigned(end.AddYears(-10), end) : Signed(request, above, key, end.AddYears(-8), end);
    }

    /// <summary>The authority's own certificate, with its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>
    /// A certificate with its key, for so many days from yesterday, or for days that are over when they are less than 0. With names (or
    /// addresses) for whoever bears them, as server and as client; without, for one use.
    /// </summary>
    public X509Certificate2 Issue(string subject, string[]? names = null, int days = 30, string usage = ForClients)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        OidCollection usages = names is null ? [new Oid(usage)] : [new Oid(ForServers), new Oid(ForClients)];
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(usages, critical: false));
        if (names is not null)
        {
            var alternatives = new SubjectAlternativeNameBuilder();
            foreach (string name in names)
            {
                if (IPAddress.TryParse(name, out IPAddress? address))
                {
                    alternatives.AddIpAddress(address);
                }
                else
                {
                    alternatives.AddDnsName(name);
                }
            }

            request.CertificateExtensions.Add(alternatives.Build());
        }

        DateTimeOffset end = DateTimeOffset.UtcNow.AddDays(days);
        return Signed(request, this, key, end.AddDays(-Math.Abs(days) - 1), end);
    }

    /// <summary>The certificate of whoever has this name or address.</summary>
    public X509Certificate2 IssueTo(string name, int days = 30) => Issue($"CN={name}", [name], days);

    /// <summary>A certificate's PEM, and its key's.</summary>
    public static (string Certificate, string Key) Pem(X509Certificate2 certificate)
    {
        using ECDsa key = certificate.GetECDsaPrivateKey()!;
        return (certificate.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    private static X509Certificate2 Signed(
        CertificateRequest request, TestAuthority by, ECDsa key, DateTimeOffset start, DateTimeOffset end)
    {
        using X509Certificate2 bare = request.Create(by.Certificate, start, end, RandomNumberGenerator.GetBytes(8));
        return bare.CopyWithPrivateKey(key);
    }
}
