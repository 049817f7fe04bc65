using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fts.Cli;

namespace Fts.Trust;

/// <summary>Certificates from files that options name. What is wrong with one is said in one line that names option and file, never what is in it.</summary>
internal static class CertificateFiles
{
    /// <summary>The secret of an encrypted key; a command line can be read by every user of the machine.</summary>
    public const string PasswordVariable = "FTS_KEY_PASSWORD";

    /// <summary>The authorities in a file (PEM), one or more.</summary>
    public static X509Certificate2Collection Authorities(string option, string file)
    {
        var authorities = new X509Certificate2Collection();
        Read(option, file, () => authorities.ImportFromPemFile(file), "there is something in it that is no certificate (PEM)");
        return authorities.Count > 0 ? authorities : throw new FailureException(ExitCode.Usage, $"{option} {file} holds no certificate (PEM)");
    }

    /// <summary>The roots among them: an authority that another one vouches for is none to begin with.</summary>
    public static X509Certificate2Collection Roots(string option, string file)
    {
        X509Certificate2Collection authorities = Authorities(option, file);
        return authorities.Any(authority => authority.SubjectName.RawData.AsSpan().SequenceEqual(authority.IssuerName.RawData))
            ? authorities
            : throw new FailureException(ExitCode.Usage, $"{option} {file} holds no root certificate: with authorities in between only, no certificate could be believed");
    }

    /// <summary>A certificate with its key, and the ones that vouch for it: PEM, the key in the same file or another, or PFX.</summary>
    /// <param name="certificateFile">What <c>--cert</c> names.</param>
    /// <param name="keyFile">What <c>--key</c> names; null for the same file.</param>
    /// <param name="askPassword">Asks a person for the key's password; null where there is nobody to ask.</param>
    public static (X509Certificate2 Certificate, X509Certificate2Collection Chain) WithKey(string certificateFile, string? keyFile, Func<string>? askPassword)
    {
        X509Certificate2Collection chain = [];
        X509Certificate2? own = null;
        Read("--cert", certificateFile, () =>
        {
            // Fails here where the file is not there, and not as something about its content.
            using FileStream readable = File.OpenRead(certificateFile);
            if (X509Certificate2.GetCertContentType(certificateFile) == X509ContentType.Pfx)
            {
                chain = ReadPfx(certificateFile, askPassword);
                own = chain.FirstOrDefault(certificate => certificate.HasPrivateKey);
            }
            else
            {
                chain.ImportFromPemFile(certificateFile);
                Read("--key", keyFile ?? certificateFile, () => own = ReadPem(certificateFile, keyFile ?? certificateFile, askPassword));
            }
        });
        if (own is null)
        {
            throw new FailureException(ExitCode.LocalFiles, $"--cert {certificateFile} holds no private key");
        }

        chain.Remove(own);
        return (own, chain);
    }

    private static X509Certificate2Collection ReadPfx(string file, Func<string>? askPassword)
    {
        try
        {
            return X509CertificateLoader.LoadPkcs12CollectionFromFile(file, null, X509KeyStorageFlags.EphemeralKeySet);
        }
        catch (CryptographicException)
        {
            return X509CertificateLoader.LoadPkcs12CollectionFromFile(file, Password(file, askPassword), X509KeyStorageFlags.EphemeralKeySet);
        }
    }

    private static X509Certificate2 ReadPem(string certificateFile, string keyFile, Func<string>? askPassword) =>
        File.ReadAllText(keyFile).Contains("-----BEGIN ENCRYPTED PRIVATE KEY-----", StringComparison.Ordinal)
            ? X509Certificate2.CreateFromEncryptedPemFile(certificateFile, Password(keyFile, askPassword), keyFile)
            : X509Certificate2.CreateFromPemFile(certificateFile, keyFile);

    private static string Password(string file, Func<string>? ask) =>
        Environment.GetEnvironmentVariable(PasswordVariable) is { Length: > 0 } secret ? secret
        : ask?.Invoke() ?? throw new FailureException(ExitCode.Usage, $"the key in {file} is encrypted, and there is nobody to ask for its password", $"set {PasswordVariable}");

    private static void Read(string option, string file, Action read, string unreadable = "no certificate with its key can be read from it, or the password is another")
    {
        try
        {
            read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(ExitCode.LocalFiles, $"cannot read {option} {file}: {LocalReason.Of(e)}");
        }
        catch (ArgumentException)
        {
            throw new FailureException(ExitCode.LocalFiles, $"cannot use {option} {file}: the key is not the certificate's");
        }
        catch (CryptographicException)
        {
            throw new FailureException(ExitCode.LocalFiles, $"cannot use {option} {file}: {unreadable}");
        }
    }
}
