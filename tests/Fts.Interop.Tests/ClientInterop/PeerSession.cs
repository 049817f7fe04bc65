using System.Net;
using Fts.Client;
using Fts.Interop.Tests.Peers;
using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.ClientInterop;

/// <summary>A peer server, our client signed in to it, and a folder of the test's own. The conversation goes to the test's output, which shows when it fails.</summary>
internal sealed class PeerSession : IAsyncDisposable
{
    private readonly Peer _peer;

    private PeerSession(Peer peer, FtpClient client) => (_peer, Client) = (peer, client);

    public FtpClient Client { get; }

    public TempFolder Local { get; } = new();

    /// <summary>Where <see cref="Peer.WritablePath"/> lies on this machine.</summary>
    public string WritableFolder => _peer.WritableFolder;

    public static async Task<PeerSession> StartAsync(PeerKind kind, string address, Func<FtpClientOptions, FtpClientOptions>? configure = null, bool encrypted = false, string? clientAuthority = null)
    {
        Peer peer = await Peer.StartAsync(kind, IPAddress.Parse(address), encrypted, clientAuthority);
        ITestOutputHelper? output = TestContext.Current.TestOutputHelper;
        var options = new FtpClientOptions
        {
            Host = peer.EndPoint.Address.ToString(),
            Port = peer.EndPoint.Port,
            Credentials = new FtpCredentials(peer.User, peer.Password),
            Tls = encrypted ? FtpTlsMode.Required : FtpTlsMode.Off,
            Trust = new FtpTrust { ValidateAsync = static (_, _) => ValueTask.FromResult(true) },
            Trace = trace => output?.WriteLine((trace.IsSent ? "> " : "< ") + trace.Line),
        };
        return new PeerSession(peer, new FtpClient(configure is null ? options : configure(options)));
    }

    /// <summary>A file as the peer's user would have made it: every peer may change and remove it.</summary>
    public string WriteServerFile(string name, string text)
    {
        string path = Path.Combine(WritableFolder, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, (UnixFileMode)0b110_110_110);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await Client.DisposeAsync();
        }
        finally
        {
            // Whatever becomes of the client: a server left running would outlive the test run.
            await _peer.DisposeAsync();
            Local.Dispose();
        }
    }
}
