using Fts.Cli;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Trust;

/// <summary>Reads the client certificate of <c>--cert FILE</c>, and <c>--key FILE</c> if the key is in another file.</summary>
internal static class ClientCertificateOptions
{
    /// <summary>Returns the trust settings with the client certificate, or unchanged if <c>--cert</c> is not given.</summary>
    /// <exception cref="UserErrorException">A file cannot be used, or TLS is off.</exception>
    public static FtpTrust AddTo(FtpTrust trust, string? certificateFile, string? keyFile, FtpTlsMode mode, Terminal terminal)
    {
        if (certificateFile is null)
        {
            return keyFile is null ? trust : throw CommandLine.CreateUsageError("--key needs --cert");
        }

        if (mode == FtpTlsMode.Off)
        {
            throw CommandLine.CreateUsageError("--tls off cannot be combined with --cert");
        }

        string question = $"password of the key in {(keyFile ?? certificateFile).ToPrintable()}: ";
        var (certificate, chain) = CertificateFiles.LoadWithKey(
            certificateFile, keyFile, terminal.IsInteractive ? () => PasswordPrompt.ReadPassword(terminal, question) : null);
        return trust with { ClientCertificate = certificate, ClientChain = [.. chain] };
    }
}
