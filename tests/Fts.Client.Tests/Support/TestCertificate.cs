using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fts.Client.Tests.Support;

/// <summary>Self-signed server certificates.</summary>
internal static class TestCertificate
{
    /// <summary>Valid for 127.0.0.1.</summary>
    public static X509Certificate2 Valid { get; } = Create(IPAddress.Loopback, DateTimeOffset.UtcNow.AddYears(1));

    /// <summary>For 127.0.0.1, expired since yesterday.</summary>
    public static X509Certificate2 Expired { get; } = Create(IPAddress.Loopback, DateTimeOffset.UtcNow.AddDays(-1));

    /// <summary>Valid for another address.</summary>
    public static X509Certificate2 ForAnotherAddress { get; } = Create(IPAddress.Parse("192.0.2.1"), DateTimeOffset.UtcNow.AddYears(1));

    /// <summary>Valid for 127.0.0.1, with another key.</summary>
    public static X509Certificate2 WithAnotherKey { get; } = Create(IPAddress.Loopback, DateTimeOffset.UtcNow.AddYears(1));

    /// <summary>Returns the certificate for a name in a script.</summary>
    public static X509Certificate2 FromScriptName(string name) => name switch
    {
        "" => Valid,
        "expired" => Expired,
        "another" => ForAnotherAddress,
        "other" => WithAnotherKey,
        _ => throw new ArgumentException($"There is no certificate named {name}.", nameof(name)),
    };

    private static X509Certificate2 Create(IPAddress address, DateTimeOffset end)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=test {address} until {end:yyyy-MM-dd}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(address);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(end.AddYears(-2), end);
    }
}
