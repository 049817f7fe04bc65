using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fts.Cli;

namespace Fts.Trust;

/// <summary>
/// Reads certificates from the files that options name. Errors contain the option and the file name, but never the content.
/// </summary>
internal static class CertificateFiles
{
    /// <summary>
    /// The environment variable with the password of an encrypted key. The password is not an argument, because every user of the machine
    /// could read it.
    /// </summary>
    public const string PasswordVariable = "FTS_KEY_PASSWORD";

    /// <summary>Reads the certificates of authorities from a PEM file.</summary>
    /// <exception cref="UserErrorException">The file cannot be read or contains no certificate.</exception>
    public static X509Certificate2Collection LoadAuthorities(string option, string file)
    {
        var authorities = new X509Certificate2Collection();
        ReadFile(option, file, () => authorities.ImportFromPemFile(file), "it contains an invalid certificate (PEM)");
        return authorities.Count > 0
            ? authorities
            : throw new UserErrorException(ExitCode.UsageError, $"{option} {file} contains no certificate (PEM)");
    }

    /// <summary>Reads the certificates of authorities from a PEM file. At least one must be a root certificate.</summary>
    /// <exception cref="UserErrorException">The file cannot be read or contains no root certificate.</exception>
    public static X509Certificate2Collection LoadRoots(string option, string file)
    {
        X509Certificate2Collection authorities = LoadAuthorities(option, file);
        return authorities.Any(authority => authority.SubjectName.RawData.AsSpan().SequenceEqual(authority.IssuerName.RawData))
            ? authorities
            : throw new UserErrorException(
                ExitCode.UsageError,
                $"{option} {file} contains no root certificate; intermediate certificates alone cannot make a certificate trusted");
    }

    /// <summary>Reads a certificate with its key and its intermediate authorities, from PEM files or a PFX file.</summary>
    /// <param name="certificateFile">The file of <c>--cert</c>.</param>
    /// <param name="keyFile">The file of <c>--key</c>, or null if the key is in <paramref name="certificateFile"/>.</param>
    /// <param name="askPassword">Asks the user for the password of the key. Null if there is no terminal.</param>
    /// <exception cref="UserErrorException">A file cannot be read or used, or the key needs a password.</exception>
    public static (X509Certificate2 Certificate, X509Certificate2Collection Chain) LoadWithKey(
        string certificateFile, string? keyFile, Func<string>? askPassword)
    {
        X509Certificate2Collection chain = [];
        X509Certificate2? certificate = null;
        ReadFile("--cert", certificateFile, () =>
        {
            // The file is opened first, so that a missing file is not reported as invalid content.
            using FileStream readable = File.OpenRead(certificateFile);
            if (X509Certificate2.GetCertContentType(certificateFile) == X509ContentType.Pfx)
            {
                chain = ReadPfx(certificateFile, askPassword);
                certificate = chain.FirstOrDefault(candidate => candidate.HasPrivateKey);
            }
            else
            {
                chain.ImportFromPemFile(certificateFile);
                if (keyFile is null)
                {
                    certificate = ReadPem(certificateFile, certificateFile, askPassword);
                    return;
                }

                ReadFile(
                    "--key",
                    keyFile,
                    () => certificate = ReadPem(certificateFile, keyFile, askPassword),
                    $"it does not contain the private key of the certificate in {certificateFile}, or the password is wrong");
            }
        });
        if (certificate is null)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"--cert {certificateFile} contains no private key");
        }

        chain.Remove(certificate);
        return (certificate, chain);
    }

    /// <summary>
    /// Returns the error for a certificate or key of the server that cannot be used. The messages of the TLS library would not name the
    /// cause.
    /// </summary>
    /// <param name="option">The option of the certificate, with the start of its value.</param>
    /// <param name="file">The file of the certificate.</param>
    /// <param name="keyOption">The option of the key, with the start of its value.</param>
    /// <param name="keyFile">The file of the key, or null if the key is in <paramref name="file"/>.</param>
    /// <param name="cause">The exception.</param>
    /// <param name="hint">What the user can do.</param>
    public static UserErrorException CreateServerError(
        string option, string file, string keyOption, string? keyFile, Exception cause, string hint)
    {
        (string Name, string Path)[] files = keyFile is null ? [(option, file)] : [(option, file), (keyOption, keyFile)];
        foreach ((string name, string path) in files)
        {
            try
            {
                File.OpenRead(path).Dispose();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return new UserErrorException(ExitCode.LocalFileError, $"cannot use {name}{path}: {LocalErrorText.Describe(e)}", hint);
            }
        }

        string reason = cause is not CryptographicException
            ? LocalErrorText.Describe(cause)
            : keyFile is null
                ? "it does not contain a certificate and its private key"
                : $"it contains no certificate, or {keyOption}{keyFile} does not contain its private key";
        return new UserErrorException(ExitCode.LocalFileError, $"cannot use {option}{file}: {reason}", hint);
    }

    private static X509Certificate2Collection ReadPfx(string file, Func<string>? askPassword)
    {
        try
        {
            return X509CertificateLoader.LoadPkcs12CollectionFromFile(file, null, X509KeyStorageFlags.EphemeralKeySet);
        }
        catch (CryptographicException)
        {
            return X509CertificateLoader.LoadPkcs12CollectionFromFile(
                file, GetPassword(file, askPassword), X509KeyStorageFlags.EphemeralKeySet);
        }
    }

    private static X509Certificate2 ReadPem(string certificateFile, string keyFile, Func<string>? askPassword) =>
        File.ReadAllText(keyFile).Contains("-----BEGIN ENCRYPTED PRIVATE KEY-----", StringComparison.Ordinal)
            ? X509Certificate2.CreateFromEncryptedPemFile(certificateFile, GetPassword(keyFile, askPassword), keyFile)
            : X509Certificate2.CreateFromPemFile(certificateFile, keyFile);

    private static string GetPassword(string file, Func<string>? askPassword) =>
        Environment.GetEnvironmentVariable(PasswordVariable) is { Length: > 0 } password ? password
        : askPassword?.Invoke() ?? throw new UserErrorException(
            ExitCode.UsageError,
            $"the key in {file} is encrypted, and fts cannot ask for its password without a terminal",
            $"set {PasswordVariable}");

    /// <summary>Runs an action that reads a file. Exceptions of the action become errors that name the option and the file.</summary>
    private static void ReadFile(
        string option,
        string file,
        Action read,
        string invalidContentReason = "it contains no certificate with its key, or the password is wrong")
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
            throw new UserErrorException(
                ExitCode.LocalFileError, $"cannot use {option} {file}: the key does not belong to the certificate");
        }
        catch (CryptographicException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"cannot use {option} {file}: {invalidContentReason}");
        }
    }
}
