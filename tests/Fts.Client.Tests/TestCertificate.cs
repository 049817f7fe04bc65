using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fts.Client.Tests;

/// <summary>Self-signed certificates of servers.</summary>
internal static class TestCertificate
{
    /// <summary>For 127.0.0.1, within its dates.</summary>
    public static X509Certificate2 Valid { get; } = Make(IPAddress.Loopback, DateTimeOffset.UtcNow.AddYears(1));

    /// <summary>For the same address, with another key.</summary>
    public static X509Certificate2 Other { get; } = Make(IPAddress.Loopback, DateTimeOffset.UtcNow.AddYears(1));

    private static X509Certificate2 Make(IPAddress address, DateTimeOffset end)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(address);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(end.AddYears(-2), end);
    }
}
