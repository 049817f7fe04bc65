using Fts.Cli;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Trust;

/// <summary>The certificate by which the client says who it is: <c>--cert FILE</c>, and <c>--key FILE</c> where the key lies in another.</summary>
internal static class ClientCertificateOptions
{
    /// <summary>The same trust, with the certificate to show if there is one.</summary>
    /// <exception cref="UserErrorException">A file that cannot be used, or a certificate that could never be shown.</exception>
    public static FtpTrust AddTo(FtpTrust trust, string? certificateFile, string? keyFile, FtpTlsMode mode, Terminal terminal)
    {
        if (certificateFile is null)
        {
            return keyFile is null ? trust : throw CommandLine.CreateUsageError("--key needs --cert");
        }

        if (mode == FtpTlsMode.Off)
        {
            throw CommandLine.CreateUsageError("--tls off goes with no --cert");
        }

        var (certificate, chain) = CertificateFiles.LoadWithKey(
            certificateFile, keyFile, terminal.IsInteractive ? () => PasswordPrompt.ReadPassword(terminal, $"password of the key in {(keyFile ?? certificateFile).ToPrintable()}: ") : null);
        return trust with { ClientCertificate = certificate, ClientChain = [.. chain] };
    }
}
