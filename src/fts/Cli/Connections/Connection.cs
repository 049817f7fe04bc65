using System.Security.Authentication;
using Fts.Client;
using Fts.Protocol;
using Fts.Transfers;
using Fts.Trust;

namespace Fts.Cli.Connections;

/// <summary>A server as a subcommand deals with it. Owns the client.</summary>
/// <param name="Client">The connections.</param>
/// <param name="Target">Where they lead.</param>
/// <param name="SignIn">Who signs in.</param>
/// <param name="Terminal">Where results and messages go.</param>
/// <param name="Transfers">What was said for all transfers.</param>
/// <param name="Meter">Shows a slow connection.</param>
internal sealed record Connection(FtpClient Client, Target Target, SignIn SignIn, Terminal Terminal, TransferChoices Transfers, ConnectMeter Meter) : IAsyncDisposable
{
    /// <summary>Connects and signs in.</summary>
    /// <param name="greets">Whether the server's greeting is shown.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task OpenAsync(bool greets, CancellationToken cancellationToken)
    {
        // The lookup of a name cannot be cancelled everywhere; the wait for it can.
        await Meter.WatchAsync(Client.ConnectAsync(cancellationToken).WaitAsync(cancellationToken));
        bool isEncrypted = Client.ServerIdentity is not null;
        if (greets)
        {
            string through = Client.Options.Proxy is { } proxy ? $" through {proxy.ToString().ToPrintable()}" : "";
            Terminal.Say($"connected to {Target}{through} as {SignIn.User.ToPrintable()}, {Protection(Client)}: {Failures.Brief(Client.Greeting).ToPrintable()}");
        }

        if (!isEncrypted)
        {
            if (Client.Options.Tls == FtpTlsMode.Preferred && !IsLocal)
            {
                Terminal.Say($"warning: {Target} offers no encryption: anyone on the network can read what is transferred");
            }
            else if (!greets && (!IsLocal || SignIn.HasSecret))
            {
                Terminal.Say($"the connection to {Target} is not encrypted");
            }
        }
    }

    /// <summary>Returns how the connections of a client are protected: the version of TLS and why the server is trusted, or that there is no TLS.</summary>
    public static string Protection(FtpClient client) => client.ServerIdentity is not { } identity ? "NOT ENCRYPTED"
        : $"{(client.TlsVersion == SslProtocols.Tls12 ? "TLS 1.2" : "TLS 1.3")}, {(identity.Problem is null ? "certificate trusted" : "key remembered")}";

    public ValueTask DisposeAsync() => Client.DisposeAsync();

    private bool IsLocal => Client.Options.Proxy is null && ServerName.IsLoopback(Target.Host);
}
