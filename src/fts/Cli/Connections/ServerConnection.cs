using System.Security.Authentication;
using Fts.Client;
using Fts.Protocol;
using Fts.Transfers;
using Fts.Trust;

namespace Fts.Cli.Connections;

/// <summary>The connection of a subcommand to a server. Owns the client, which <see cref="DisposeAsync"/> disposes.</summary>
/// <param name="Client">The client of the library.</param>
/// <param name="Target">The server.</param>
/// <param name="Credentials">The user and the password.</param>
/// <param name="Terminal">The terminal for output.</param>
/// <param name="TransferSettings">The options of all transfers.</param>
/// <param name="Meter">Shows the steps of a slow connection attempt.</param>
internal sealed record ServerConnection(
    FtpClient Client, Target Target, SignInCredentials Credentials, Terminal Terminal,
    TransferSettings TransferSettings, ConnectMeter Meter)
    : IAsyncDisposable
{
    /// <summary>
    /// Connects and logs in. Reports a connection without TLS, unless the server is on this machine and the password is not secret.
    /// </summary>
    /// <param name="showsGreeting">Whether to print the server's greeting.</param>
    /// <param name="isTransferNext">Whether a download or listing over one connection follows immediately.</param>
    /// <param name="cancellationToken">Cancels the attempt.</param>
    public async Task OpenAsync(bool showsGreeting, bool isTransferNext, CancellationToken cancellationToken)
    {
        // Some systems cannot cancel a name lookup, so the wait for the connection attempt is cancelled instead.
        Task connecting = isTransferNext ? Client.ConnectForTransferAsync(cancellationToken) : Client.ConnectAsync(cancellationToken);
        await Meter.WatchAsync(connecting.WaitAsync(cancellationToken));
        bool isEncrypted = Client.ServerIdentity is not null;
        if (showsGreeting)
        {
            string proxyText = Client.Options.Proxy is { } proxy ? $" through {proxy.ToString().ToPrintable()}" : "";
            string greeting = ExceptionTranslator.GetLastLine(Client.Greeting).ToPrintable();
            Terminal.WriteMessage(
                $"connected to {Target}{proxyText} as {Credentials.User.ToPrintable()}, {DescribeSecurity(Client)}: {greeting}");
        }

        if (!isEncrypted)
        {
            if (Client.Options.Tls == FtpTlsMode.Preferred && !IsLocalServer)
            {
                Terminal.WriteMessage(
                    $"warning: {Target} does not support TLS; others on the network can read everything that is transferred");
            }
            else if (!showsGreeting && (!IsLocalServer || Credentials.HasSecret))
            {
                Terminal.WriteMessage($"the connection to {Target} is not encrypted");
            }
        }
    }

    /// <summary>
    /// Returns the TLS version and the reason why the server is trusted, or "NOT ENCRYPTED" if the connection does not use TLS.
    /// </summary>
    public static string DescribeSecurity(FtpClient client)
    {
        if (client.ServerIdentity is not { } identity)
        {
            return "NOT ENCRYPTED";
        }

        string version = client.TlsVersion == SslProtocols.Tls12 ? "TLS 1.2" : "TLS 1.3";
        return $"{version}, {(identity.Problem is null ? "certificate trusted" : "key remembered")}";
    }

    /// <summary>Disposes the client. Reports if the recording of <c>--record</c> is incomplete.</summary>
    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        if (Client.Options.Recorder?.Failure is { } failure)
        {
            Terminal.WriteMessage($"warning: the recording is incomplete: {LocalErrorText.Describe(failure)}");
        }
    }

    private bool IsLocalServer => Client.Options.Proxy is null && ServerName.IsLoopback(Target.Host);
}
