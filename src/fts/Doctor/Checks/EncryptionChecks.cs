using System.Security.Authentication;
using Fts.Cli;
using Fts.Client;
using Fts.Trust;

namespace Fts.Doctor.Checks;

/// <summary>Checks which TLS versions the server accepts, and reads its certificate.</summary>
internal sealed class EncryptionChecks(DoctorSettings settings)
{
    private bool _isOffered;

    /// <summary>The identity in the server's certificate; null if no handshake succeeded.</summary>
    public FtpServerIdentity? Identity { get; private set; }

    private bool IsImplicit => settings.Options.Tls == FtpTlsMode.Implicit;

    /// <summary>Tries a handshake with each TLS version.</summary>
    public async Task<CheckResult> CheckVersionsAsync(CancellationToken cancellationToken)
    {
        string? error13 = await TryVersionAsync(SslProtocols.Tls13, cancellationToken);
        if (error13 is not null && !_isOffered)
        {
            return DescribeAbsence(error13);
        }

        string? error12 = await TryVersionAsync(SslProtocols.Tls12, cancellationToken);
        string start = IsImplicit ? "TLS from the first byte (implicit)" : "AUTH TLS (explicit)";
        return (error13, error12) switch
        {
            (null, null) => CheckResult.Ok("tls", $"{start} with TLS 1.3 and TLS 1.2"),
            (null, _) => CheckResult.Ok("tls", $"{start} with TLS 1.3; TLS 1.2 is refused"),
            (_, null) => CheckResult.Note("tls", $"{start} with TLS 1.2 only", "enable TLS 1.3 on the server"),
            _ => CheckResult.Problem(
                "tls", ExitCode.NotTrusted, $"the server offers TLS, but every handshake failed: {error12}",
                "check certificate, key and TLS versions of the server; fts needs TLS 1.2 or 1.3"),
        };
    }

    /// <summary>
    /// Returns the options for the login: TLS if the server offers it, and only the certificate that was checked is accepted.
    /// </summary>
    public FtpClientOptions SelectMode(FtpClientOptions options)
    {
        FtpTlsMode mode = options.Tls == FtpTlsMode.Preferred && _isOffered ? FtpTlsMode.Required : options.Tls;
        string? fingerprint = Identity?.Fingerprint;
        return settings.WithTimeouts(options) with
        {
            Tls = mode,
            Trust = options.Trust with
            {
                ShouldAlwaysValidate = true,
                ValidateAsync = (identity, _) => ValueTask.FromResult(identity.Fingerprint == fingerprint),
            },
        };
    }

    /// <summary>Describes a server without TLS. That is a problem if TLS is required.</summary>
    private CheckResult DescribeAbsence(string error)
    {
        const string advice = "enable TLS on the server; fts server does it by itself";
        if (settings.Options.Tls == FtpTlsMode.Off)
        {
            return CheckResult.Note("tls", $"not offered; everything is sent unencrypted, as --tls off requests ({error})", advice);
        }

        bool isRequired = !settings.IsTlsAutomatic || KnownHosts.ForUser.Find(settings.Target.ToString()) is not null;
        return isRequired
            ? CheckResult.Problem(
                "tls", ExitCode.NotTrusted, $"the server does not offer TLS, which is required or was used before: {error}",
                $"{advice}; --tls off sends everything unencrypted")
            : CheckResult.Note(
                "tls", $"the server does not offer TLS; others on the network can read everything, passwords too ({error})", advice);
    }

    /// <summary>Tries a handshake with one version. Returns null if it succeeded, or else the reason.</summary>
    private async Task<string?> TryVersionAsync(SslProtocols version, CancellationToken cancellationToken)
    {
        FtpClientOptions options = settings.CreateProbeOptions(IsImplicit ? FtpTlsMode.Implicit : FtpTlsMode.Required) with
        {
            TlsProtocols = version,
        };
        try
        {
            await using FtpConnection connection = await FtpConnection.ConnectAsync(options, cancellationToken);
            _isOffered = true;
            Identity ??= connection.ServerIdentity;
            return null;
        }
        catch (FtpTlsException e)
        {
            _isOffered |= e.Failure != FtpTlsFailure.NotOffered;
            Identity ??= e.Identity;
            return e.Reply is { } reply ? $"{(int)reply.Code} {ExceptionTranslator.GetLastLine(reply)}" : e.Message;
        }
    }
}
