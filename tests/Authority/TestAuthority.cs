using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fts.Authority;

/// <summary>A certificate authority for tests. Its source is compiled into every test project that needs one.</summary>
internal sealed class TestAuthority
{
    public const string ForServers = "1.3.6.1.5.5.7.3.1", ForClients = "1.3.6.1.5.5.7.3.2";

    /// <summary>Creates a root authority, or an intermediate one whose certificate <paramref name="issuer"/> signs.</summary>
    public TestAuthority(string name = "authority", TestAuthority? issuer = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        DateTimeOffset end = DateTimeOffset.UtcNow.AddYears(issuer is null ? 5 : 4);
        Certificate = issuer is null ? request.CreateSelfSigned(end.AddYears(-10), end) : Sign(request, issuer, key, end.AddYears(-8), end);
    }

    /// <summary>The authority's own certificate, with its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>
    /// Issues a certificate with its key, valid from yesterday for <paramref name="days"/> days. A negative number yields an expired one.
    /// With <paramref name="names"/> (host names or addresses) it suits servers and clients, otherwise only <paramref name="usage"/>.
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
        return Sign(request, this, key, end.AddDays(-Math.Abs(days) - 1), end);
    }

    /// <summary>Issues a certificate for a host name or address.</summary>
    public X509Certificate2 IssueTo(string name, int days = 30) => Issue($"CN={name}", [name], days);

    /// <summary>Returns the certificate and its private key in PEM.</summary>
    public static (string Certificate, string Key) Pem(X509Certificate2 certificate)
    {
        using ECDsa key = certificate.GetECDsaPrivateKey()!;
        return (certificate.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    private static X509Certificate2 Sign(
        CertificateRequest request, TestAuthority issuer, ECDsa key, DateTimeOffset start, DateTimeOffset end)
    {
        using X509Certificate2 withoutKey = request.Create(issuer.Certificate, start, end, RandomNumberGenerator.GetBytes(8));
        return withoutKey.CopyWithPrivateKey(key);
    }
}
