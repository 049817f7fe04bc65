using System.Net;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Cli;

/// <summary>A server as a subcommand deals with it. Owns the client.</summary>
/// <param name="Client">The connections.</param>
/// <param name="Target">Where they lead.</param>
/// <param name="SignIn">Who signs in.</param>
/// <param name="Terminal">Where results and messages go.</param>
/// <param name="Transfers">What was said for all transfers.</param>
internal sealed record Connection(FtpClient Client, Target Target, SignIn SignIn, Terminal Terminal, TransferChoices Transfers) : IAsyncDisposable
{
    /// <summary>Connects and signs in.</summary>
    /// <param name="greets">Whether the server's greeting is shown.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task OpenAsync(bool greets, CancellationToken cancellationToken)
    {
        await Client.ConnectAsync(cancellationToken);
        if (greets)
        {
            string through = Client.Options.Proxy is { } proxy ? $" through {proxy.ToString().Visible()}" : "";
            Terminal.Say($"connected to {Target}{through} as {SignIn.User.Visible()}: {Failures.Brief(Client.Greeting).Visible()}");
        }

        if (Client.ServerIdentity is null && Client.Options.Tls == FtpTlsMode.WhenOffered && !IsLocal)
        {
            Terminal.Say($"warning: {Target} offers no encryption: whoever can listen on the network can read along");
        }
    }

    public ValueTask DisposeAsync() => Client.DisposeAsync();

    private bool IsLocal =>
        string.Equals(Target.Host, "localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(Target.Host, out IPAddress? address) && IPAddress.IsLoopback(address));
}
