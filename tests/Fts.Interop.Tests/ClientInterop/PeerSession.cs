using System.Net;
using Fts.Client;
using Fts.Interop.Tests.Peers;
using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.ClientInterop;

/// <summary>A peer server, a client of it, and a local folder of the test. Commands and replies go to the output of the test.</summary>
internal sealed class PeerSession : IAsyncDisposable
{
    private readonly Peer _peer;

    private PeerSession(Peer peer, FtpClient client) => (_peer, Client) = (peer, client);

    public FtpClient Client { get; }

    public TempFolder Local { get; } = new();

    /// <summary>The local folder that the server serves as <see cref="Peer.WritablePath"/>.</summary>
    public string WritableFolder => _peer.WritableFolder;

    public static async Task<PeerSession> StartAsync(
        PeerKind kind, string address, Func<FtpClientOptions, FtpClientOptions>? configure = null, bool encrypted = false,
        string? clientAuthority = null)
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

    /// <summary>Creates a file in the writable folder that every user, and therefore every peer, may change and delete.</summary>
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
            // The server must be stopped even if the disposal of the client fails, or it would outlive the test run.
            await _peer.DisposeAsync();
            Local.Dispose();
        }
    }
}
