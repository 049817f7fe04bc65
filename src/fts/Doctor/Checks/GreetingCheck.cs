using Fts.Cli;
using Fts.Client;

namespace Fts.Doctor.Checks;

/// <summary>Checks that the server sends an FTP greeting.</summary>
internal sealed class GreetingCheck(DoctorSettings settings)
{
    private const int MaxLength = 120;

    /// <summary>Connects and reads the greeting.</summary>
    public async Task<CheckResult> CheckAsync(CancellationToken cancellationToken)
    {
        bool isImplicit = settings.Options.Tls == FtpTlsMode.Implicit;
        try
        {
            FtpClientOptions options = settings.CreateProbeOptions(isImplicit ? FtpTlsMode.Implicit : FtpTlsMode.Off);
            await using FtpConnection connection = await FtpConnection.ConnectAsync(options, cancellationToken);
            string text = $"{(int)connection.Greeting.Code} {ExceptionTranslator.GetLastLine(connection.Greeting)}";
            return CheckResult.Ok("greeting", text.Length <= MaxLength ? text : $"{text[..MaxLength]}…");
        }
        catch (FtpTimeoutException e) when (e.Phase == FtpOperationPhase.Greeting && !isImplicit)
        {
            string detail = $"the server accepted the connection but sent no greeting within {settings.Timeout.TotalSeconds:0.#} s";
            return await AcceptsImplicitTlsAsync(cancellationToken)
                ? CheckResult.Problem("greeting", ExitCode.CannotConnect, $"{detail}; it expects TLS from the first byte", "--tls implicit")
                : CheckResult.Problem(
                    "greeting", ExitCode.CannotConnect, detail,
                    "restart the server, or --timeout with more seconds if it looks up the names of clients");
        }
        catch (FtpProtocolException e)
        {
            return CheckResult.Problem(
                "greeting", ExitCode.CannotConnect, $"this is not an FTP server: {e.Message}", "the port of the FTP server: HOST:PORT");
        }
    }

    /// <summary>Returns whether the server starts TLS without a greeting.</summary>
    private async Task<bool> AcceptsImplicitTlsAsync(CancellationToken cancellationToken)
    {
        try
        {
            FtpClientOptions options = settings.CreateProbeOptions(FtpTlsMode.Implicit);
            FtpTimeouts half = options.Timeouts with { Connect = settings.Timeout / 2, Reply = settings.Timeout / 2 };
            await using FtpConnection connection = await FtpConnection.ConnectAsync(
                options with { Timeouts = half }, cancellationToken);
            return true;
        }
        catch (FtpException)
        {
            return false;
        }
    }
}
