using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fts.Bench.Servers;

/// <summary>The self-signed ECDSA P-256 certificate of all servers, so that a handshake costs the same for each.</summary>
internal sealed class Certificate
{
    public Certificate(string directory)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        string pem = certificate.ExportCertificatePem() + "\n", keyPem = key.ExportPkcs8PrivateKeyPem() + "\n";
        File = Write(Path.Combine(directory, "cert.pem"), pem);
        KeyFile = Write(Path.Combine(directory, "key.pem"), keyPem);
        BothFile = Write(Path.Combine(directory, "both.pem"), keyPem + pem);
    }

    public string File { get; }

    public string KeyFile { get; }

    /// <summary>The path of a file with the key and the certificate.</summary>
    public string BothFile { get; }

    private static string Write(string path, string text)
    {
        System.IO.File.WriteAllText(path, text);
        System.IO.File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }
}
