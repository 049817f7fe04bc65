using System.Net;
using Fts.Interop.Tests.Peers;
using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.ClientsOfOthers;

/// <summary>
/// The server that other people's clients are tried against: ours. With FTS_INTEROP_CONTROL set to a peer's name it is that peer, which tells whether a
/// failure is the server's or the test's.
/// </summary>
internal sealed class ServerUnderTest : IAsyncDisposable
{
    /// <summary>The folder a client may write to, as it sees it.</summary>
    public const string Box = Peer.Box;

    private readonly Peer? _control;

    private ServerUnderTest(Peer? control) => _control = control;

    public required IPEndPoint EndPoint { get; init; }

    public required string User { get; init; }

    public required string Password { get; init; }

    /// <summary>Where <see cref="Box"/> lies on this machine.</summary>
    public required string BoxFolder { get; init; }

    public string Host => EndPoint.Address.ToString();

    /// <summary>Host and port as they stand in an URL.</summary>
    public string Authority => EndPoint.ToString();

    public string Port => EndPoint.Port.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Files of the test's own, outside what the server shows.</summary>
    public TempFolder Local { get; } = new();

    public static async Task<ServerUnderTest> StartAsync(string address)
    {
        PeerKind control = Enum.Parse<PeerKind>(Environment.GetEnvironmentVariable("FTS_INTEROP_CONTROL")!);
        Peer peer = await Peer.StartAsync(control, IPAddress.Parse(address));
        return new ServerUnderTest(peer) { EndPoint = peer.EndPoint, User = peer.User, Password = peer.Password, BoxFolder = peer.BoxFolder };
    }

    /// <summary>The URL of a path below <see cref="Box"/>, its names escaped.</summary>
    public string Url(string path) => $"ftp://{Authority}{Box}/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}";

    public string OnServer(string path) => Path.Combine(BoxFolder, path);

    public async ValueTask DisposeAsync()
    {
        if (_control is not null)
        {
            await _control.DisposeAsync();
        }

        Local.Dispose();
    }
}
