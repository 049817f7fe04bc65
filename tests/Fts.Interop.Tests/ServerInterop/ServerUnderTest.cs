using System.Net;
using Fts.Accounts;
using Fts.Interop.Tests.Peers;
using Fts.Interop.Tests.Processes;
using Fts.Server;
using Fts.Storage.Local;

namespace Fts.Interop.Tests.ServerInterop;

/// <summary>
/// The server that other people's clients are tried against: ours. With FTS_INTEROP_CONTROL set to a peer's name it is that peer, which tells whether a
/// failure is the server's or the test's.
/// </summary>
internal sealed class ServerUnderTest : IAsyncDisposable
{
    /// <summary>The folder a client may write to, as it sees it.</summary>
    public const string WritablePath = Peer.WritablePath;

    private static readonly string? s_control = Environment.GetEnvironmentVariable("FTS_INTEROP_CONTROL");

    private readonly IAsyncDisposable[] _owned;

    private ServerUnderTest(params IAsyncDisposable[] owned) => _owned = owned;

    public required IPEndPoint EndPoint { get; init; }

    public required string User { get; init; }

    public required string Password { get; init; }

    /// <summary>Where <see cref="WritablePath"/> lies on this machine.</summary>
    public required string WritableFolder { get; init; }

    public string Host => EndPoint.Address.ToString();

    /// <summary>Host and port as they stand in an URL.</summary>
    public string Authority => EndPoint.ToString();

    public string Port => EndPoint.Port.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Files of the test's own, outside what the server shows.</summary>
    public TempFolder Local { get; } = new();

    /// <summary>Starts it. Encrypted, it takes nothing else, and only data connections that resume their session's TLS. <paramref name="configure"/> changes ours alone.</summary>
    public static async Task<ServerUnderTest> StartAsync(string address, bool encrypted = false, Func<FtpServerOptions, FtpServerOptions>? configure = null)
    {
        if (s_control is { Length: > 0 })
        {
            Peer peer = await Peer.StartAsync(Enum.Parse<PeerKind>(s_control), IPAddress.Parse(address), encrypted);
            return new ServerUnderTest(peer) { EndPoint = peer.EndPoint, User = peer.User, Password = peer.Password, WritableFolder = peer.WritableFolder };
        }

        var files = new TempFolder();
        string box = files.CreateFolder("root/box");
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
        return new ServerUnderTest(server, store, files) { EndPoint = server.EndPoint, User = "anonymous", Password = "guest@", WritableFolder = box };
    }

    /// <summary>The URL of a path below <see cref="WritablePath"/>, its names escaped.</summary>
    public string GetUrl(string path) => $"ftp://{Authority}{WritablePath}/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}";

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
