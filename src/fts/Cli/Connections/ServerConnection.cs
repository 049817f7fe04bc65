using System.Security.Authentication;
using Fts.Client;
using Fts.Protocol;
using Fts.Transfers;
using Fts.Trust;

namespace Fts.Cli.Connections;

/// <summary>A server as a subcommand deals with it. Owns the client.</summary>
/// <param name="Client">The connections.</param>
/// <param name="Target">Where they lead.</param>
/// <param name="Credentials">Who signs in.</param>
/// <param name="Terminal">Where results and messages go.</param>
/// <param name="TransferSettings">What was said for all transfers.</param>
/// <param name="Meter">Shows a slow connection.</param>
internal sealed record ServerConnection(FtpClient Client, Target Target, SignInCredentials Credentials, Terminal Terminal, TransferSettings TransferSettings, ConnectMeter Meter) : IAsyncDisposable
{
    /// <summary>Connects and signs in.</summary>
    /// <param name="showsGreeting">Whether the server's greeting is shown.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task OpenAsync(bool showsGreeting, CancellationToken cancellationToken)
    {
        // The lookup of a name cannot be cancelled everywhere; the wait for it can.
        await Meter.WatchAsync(Client.ConnectAsync(cancellationToken).WaitAsync(cancellationToken));
        bool isEncrypted = Client.ServerIdentity is not null;
        if (showsGreeting)
        {
            string proxyText = Client.Options.Proxy is { } proxy ? $" through {proxy.ToString().ToPrintable()}" : "";
            Terminal.WriteMessage($"connected to {Target}{proxyText} as {Credentials.User.ToPrintable()}, {DescribeSecurity(Client)}: {ExceptionTranslator.GetLastLine(Client.Greeting).ToPrintable()}");
        }

        if (!isEncrypted)
        {
            if (Client.Options.Tls == FtpTlsMode.Preferred && !IsLocalServer)
            {
                Terminal.WriteMessage($"warning: {Target} offers no encryption: anyone on the network can read what is transferred");
            }
            else if (!showsGreeting && (!IsLocalServer || Credentials.HasSecret))
            {
                Terminal.WriteMessage($"the connection to {Target} is not encrypted");
            }
        }
    }

    /// <summary>Returns how the connections of a client are protected: the version of TLS and why the server is trusted, or that there is no TLS.</summary>
    public static string DescribeSecurity(FtpClient client) => client.ServerIdentity is not { } identity ? "NOT ENCRYPTED"
        : $"{(client.TlsVersion == SslProtocols.Tls12 ? "TLS 1.2" : "TLS 1.3")}, {(identity.Problem is null ? "certificate trusted" : "key remembered")}";

    public ValueTask DisposeAsync() => Client.DisposeAsync();

    private bool IsLocalServer => Client.Options.Proxy is null && ServerName.IsLoopback(Target.Host);
}
