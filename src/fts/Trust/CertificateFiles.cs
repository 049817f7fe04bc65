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
    public static X509Certificate2Collection LoadAuthorities(string option, string file)
    {
        var authorities = new X509Certificate2Collection();
        ReadFile(option, file, () => authorities.ImportFromPemFile(file), "there is something in it that is no certificate (PEM)");
        return authorities.Count > 0 ? authorities : throw new UserErrorException(ExitCode.UsageError, $"{option} {file} holds no certificate (PEM)");
    }

    /// <summary>The roots among them: an authority that another one vouches for is none to begin with.</summary>
    public static X509Certificate2Collection LoadRoots(string option, string file)
    {
        X509Certificate2Collection authorities = LoadAuthorities(option, file);
        return authorities.Any(authority => authority.SubjectName.RawData.AsSpan().SequenceEqual(authority.IssuerName.RawData))
            ? authorities
            : throw new UserErrorException(ExitCode.UsageError, $"{option} {file} holds no root certificate: with authorities in between only, no certificate could be believed");
    }

    /// <summary>A certificate with its key, and the ones that vouch for it: PEM, the key in the same file or another, or PFX.</summary>
    /// <param name="certificateFile">What <c>--cert</c> names.</param>
    /// <param name="keyFile">What <c>--key</c> names; null for the same file.</param>
    /// <param name="askPassword">Asks a person for the key's password; null where there is nobody to ask.</param>
    public static (X509Certificate2 Certificate, X509Certificate2Collection Chain) LoadWithKey(string certificateFile, string? keyFile, Func<string>? askPassword)
    {
        X509Certificate2Collection chain = [];
        X509Certificate2? certificate = null;
        ReadFile("--cert", certificateFile, () =>
        {
            // Fails here where the file is not there, and not as something about its content.
            using FileStream readable = File.OpenRead(certificateFile);
            if (X509Certificate2.GetCertContentType(certificateFile) == X509ContentType.Pfx)
            {
                chain = ReadPfx(certificateFile, askPassword);
                certificate = chain.FirstOrDefault(certificate => certificate.HasPrivateKey);
            }
            else
            {
                chain.ImportFromPemFile(certificateFile);
                ReadFile("--key", keyFile ?? certificateFile, () => certificate = ReadPem(certificateFile, keyFile ?? certificateFile, askPassword));
            }
        });
        if (certificate is null)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"--cert {certificateFile} holds no private key");
        }

        chain.Remove(certificate);
        return (certificate, chain);
    }

    private static X509Certificate2Collection ReadPfx(string file, Func<string>? askPassword)
    {
        try
        {
            return X509CertificateLoader.LoadPkcs12CollectionFromFile(file, null, X509KeyStorageFlags.EphemeralKeySet);
        }
        catch (CryptographicException)
        {
            return X509CertificateLoader.LoadPkcs12CollectionFromFile(file, GetPassword(file, askPassword), X509KeyStorageFlags.EphemeralKeySet);
        }
    }

    private static X509Certificate2 ReadPem(string certificateFile, string keyFile, Func<string>? askPassword) =>
        File.ReadAllText(keyFile).Contains("-----BEGIN ENCRYPTED PRIVATE KEY-----", StringComparison.Ordinal)
            ? X509Certificate2.CreateFromEncryptedPemFile(certificateFile, GetPassword(keyFile, askPassword), keyFile)
            : X509Certificate2.CreateFromPemFile(certificateFile, keyFile);

    private static string GetPassword(string file, Func<string>? askPassword) =>
        Environment.GetEnvironmentVariable(PasswordVariable) is { Length: > 0 } password ? password
        : askPassword?.Invoke() ?? throw new UserErrorException(ExitCode.UsageError, $"the key in {file} is encrypted, and there is nobody to ask for its password", $"set {PasswordVariable}");

    private static void ReadFile(string option, string file, Action read, string unreadable = "no certificate with its key can be read from it, or the password is another")
    {
        try
        {
            read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"cannot read {option} {file}: {LocalErrorText.Describe(e)}");
        }
        catch (ArgumentException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"cannot use {option} {file}: the key is not the certificate's");
        }
        catch (CryptographicException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"cannot use {option} {file}: {unreadable}");
        }
    }
}
