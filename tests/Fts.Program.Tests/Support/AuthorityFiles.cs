using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fts.Authority;

namespace Fts.ProgramTests.Support;

/// <summary>A certificate authority that writes its certificates to files, for the options of the program.</summary>
internal sealed class AuthorityFiles
{
    private readonly TestAuthority _authority = new();
    private readonly TestFolder _folder;

    public AuthorityFiles(TestFolder folder)
    {
        _folder = folder;
        RootFile = Write("authority.pem", _authority.Certificate.ExportCertificatePem());
    }

    /// <summary>The file of the root certificate.</summary>
    public string RootFile { get; }

    /// <summary>Writes one file with a certificate for a name or an address, and its key. Returns its path.</summary>
    public string WritePem(string name, int days = 30)
    {
        (string certificate, string key) = TestAuthority.Pem(_authority.IssueTo(name, days));
        return Write($"{name}.{days}.pem", certificate + key);
    }

    /// <summary>Certificate and key in files of their own, the key encrypted if there is a password.</summary>
    public (string Certificate, string Key) WritePair(string name, string? password = null)
    {
        using X509Certificate2 certificate = _authority.IssueTo(name);
        using ECDsa key = certificate.GetECDsaPrivateKey()!;
        var form = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000);
        return (Write($"{name}.crt", certificate.ExportCertificatePem()), Write(
            $"{name}.key", password is null ? key.ExportPkcs8PrivateKeyPem() : key.ExportEncryptedPkcs8PrivateKeyPem(password, form)));
    }

    /// <summary>A PFX file.</summary>
    public string WritePfx(string name, string? password)
    {
        using X509Certificate2 certificate = _authority.IssueTo(name);
        File.WriteAllBytes(_folder[$"{name}.pfx"], certificate.Export(X509ContentType.Pfx, password));
        return _folder[$"{name}.pfx"];
    }

    private string Write(string name, string text)
    {
        _folder.Write(name, text);
        return _folder[name];
    }
}
