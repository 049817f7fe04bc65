using System.Net;
using Fts.Accounts;
using Fts.Interop.Tests.Peers;
using Fts.Interop.Tests.Processes;
using Fts.Server;
using Fts.Storage.Local;

namespace Fts.Interop.Tests.ServerInterop;

/// <summary>
/// The server that other clients are tested with. It is our server, or the peer in the environment variable FTS_INTEROP_CONTROL. A test
/// that also fails with a peer is itself at fault.
/// </summary>
internal sealed class ServerUnderTest : IAsyncDisposable
{
    /// <summary>The virtual path of the folder that a client may write to.</summary>
    public const string WritablePath = Peer.WritablePath;

    private static readonly string? s_controlPeer = Environment.GetEnvironmentVariable("FTS_INTEROP_CONTROL");

    private readonly IAsyncDisposable[] _owned;

    private ServerUnderTest(params IAsyncDisposable[] owned) => _owned = owned;

    public required IPEndPoint EndPoint { get; init; }

    public required string User { get; init; }

    public required string Password { get; init; }

    /// <summary>The local folder that the server serves as <see cref="WritablePath"/>.</summary>
    public required string WritableFolder { get; init; }

    public string Host => EndPoint.Address.ToString();

    /// <summary>The host and the port, as in a URL.</summary>
    public string Authority => EndPoint.ToString();

    public string Port => EndPoint.Port.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The local folder of the test, which the server does not serve.</summary>
    public TempFolder Local { get; } = new();

    /// <summary>Starts the server.</summary>
    /// <param name="address">The address on which the server listens.</param>
    /// <param name="encrypted">Whether the server requires TLS and data connections that resume the TLS session.</param>
    /// <param name="configure">Changes the options of our server. It does not apply to a peer.</param>
    public static async Task<ServerUnderTest> StartAsync(
        string address, bool encrypted = false, Func<FtpServerOptions, FtpServerOptions>? configure = null)
    {
        if (s_controlPeer is { Length: > 0 })
        {
            Peer peer = await Peer.StartAsync(Enum.Parse<PeerKind>(s_controlPeer), IPAddress.Parse(address), encrypted);
            return new ServerUnderTest(peer)
            {
                EndPoint = peer.EndPoint,
                User = peer.User,
                Password = peer.Password,
                WritableFolder = peer.WritableFolder,
            };
        }

        var files = new TempFolder();
        string writableFolder = files.CreateFolder("root/box");
        FtpCertificates? certificates = encrypted ? FtpCertificates.SelfSigned(files["server.pem"]) : null;
        var store = new LocalFileStore(files["root"]);
        ITestOutputHelper? output = TestContext.Current.TestOutputHelper;
        var options = new FtpServerOptions
        {
            Store = store,
            Authenticator = new AnonymousAuthenticator(Permissions.ReadWrite),
            EndPoint = new IPEndPoint(IPAddress.Parse(address), 0),
            Tls = certificates is null ? null : new FtpTlsOptions
            {
                Certificates = certificates,
                Control = FtpTlsPolicy.Required,
                Data = FtpTlsPolicy.Required,
                DataBinding = FtpDataBinding.Require,
            },
            Trace = trace => output?.WriteLine($"{trace.Session} {(trace.IsReply ? "<" : ">")} {trace.Line}"),
        };
        var server = new FtpServer(configure is null ? options : configure(options));
        await server.StartAsync(TestContext.Current.CancellationToken);
        return new ServerUnderTest(server, store, files)
        {
            EndPoint = server.EndPoint,
            User = "anonymous",
            Password = "guest@",
            WritableFolder = writableFolder,
        };
    }

    /// <summary>Returns the URL of a path below <see cref="WritablePath"/>, with escaped names.</summary>
    public string GetUrl(string path)
    {
        string escaped = string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
        return $"ftp://{Authority}{WritablePath}/{escaped}";
    }

    /// <summary>Stops our server. Skips the test if the server is a peer.</summary>
    public Task StopAsync()
    {
        Assert.SkipUnless(_owned[0] is FtpServer, "Only our own server can be stopped.");
        return ((FtpServer)_owned[0]).StopAsync(TestContext.Current.CancellationToken);
    }

    public string GetServerPath(string path) => Path.Combine(WritableFolder, path);

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable owned in _owned)
        {
            await owned.DisposeAsync();
        }

        Local.Dispose();
    }
}
