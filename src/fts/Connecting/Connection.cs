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
        bool isEncrypted = Client.ServerIdentity is not null;
        if (greets)
        {
            string through = Client.Options.Proxy is { } proxy ? $" through {proxy.ToString().Visible()}" : "";
            string encryption = isEncrypted ? "encrypted" : "not encrypted";
            Terminal.Say($"connected to {Target}{through} as {SignIn.User.Visible()}, {encryption}: {Failures.Brief(Client.Greeting).Visible()}");
        }

        if (!isEncrypted && !IsLocal)
        {
            if (Client.Options.Tls == FtpTlsMode.WhenOffered)
            {
                Terminal.Say($"warning: {Target} offers no encryption: anyone on the network can read what is transferred");
            }
            else if (!greets)
            {
                Terminal.Say($"the connection to {Target} is not encrypted");
            }
        }
    }

    public ValueTask DisposeAsync() => Client.DisposeAsync();

    private bool IsLocal => Client.Options.Proxy is null && ServerName.IsLoopback(Target.Host);
}
