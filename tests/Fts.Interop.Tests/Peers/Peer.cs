using System.Net;
using Fts.Interop.Tests.Processes;
using Fts.Server;

namespace Fts.Interop.Tests.Peers;

/// <summary>The servers that our client is tested with.</summary>
public enum PeerKind
{
    Vsftpd,
    ProFtpd,
    PureFtpd,
    Pyftpdlib,
    /// <summary>Our own server, in a separate process.</summary>
    Fts,
}

/// <summary>A running server with one writable folder. Owns the process and its files.</summary>
internal sealed class Peer : IAsyncDisposable
{
    /// <summary>The only folder a client may write to. It is not the root, because vsftpd refuses to serve a writable root.</summary>
    public const string WritablePath = "/box";

    /// <summary>The MD5 hash of the password "secret" by crypt(3). The hash of pure-pw makes each login a second slower.</summary>
    public const string SecretHash = "$1$T6YIQRfh$maA6aNmePfYu1W30Onv3h/";

    private readonly TempFolder _home;
    private readonly bool _limitsConnections;
    private readonly Func<Task<(ServerProcess Process, string User, string Password)>> _start;
    private ServerProcess? _process;

    private Peer(
        TempFolder home, IPEndPoint endPoint, bool limitsConnections,
        Func<Task<(ServerProcess Process, string User, string Password)>> start) =>
        (_home, EndPoint, _limitsConnections, _start) = (home, endPoint, limitsConnections, start);

    public IPEndPoint EndPoint { get; }

    public string User { get; private set; } = "";

    public string Password { get; private set; } = "";

    /// <summary>The local folder that the server serves as <see cref="WritablePath"/>.</summary>
    public string WritableFolder => _home["root/box"];

    /// <summary>Starts a server.</summary>
    /// <param name="kind">The server program.</param>
    /// <param name="address">The address on which the server listens.</param>
    /// <param name="encrypted">
    /// Whether the server requires TLS. It then also requires resumed sessions on data connections and close_notify, if it supports that.
    /// </param>
    /// <param name="clientAuthority">
    /// The certificate (PEM) of the authority that must have issued the client certificates, or null if clients need no certificate.
    /// </param>
    /// <param name="maxPerAddress">The connections that vsftpd accepts from one address. 0 sets no limit.</param>
    public static async Task<Peer> StartAsync(
        PeerKind kind, IPAddress address, bool encrypted = false, string? clientAuthority = null, int maxPerAddress = 0)
    {
        var home = new TempFolder();
        try
        {
            home.CreateFolder("root");
            home.CreateWritableFolder("root/box");
            var endPoint = new IPEndPoint(address, ServerProcess.FindFreePort(address));
            string? certificate = encrypted ? home["peer.pem"] : null;
            if (certificate is not null)
            {
                FtpCertificates.SelfSigned(certificate).Dispose();
            }

            string? authority = clientAuthority is null ? null : home.Write("authority.pem", clientAuthority);
            var peer = new Peer(home, endPoint, maxPerAddress > 0, () => kind switch
            {
                PeerKind.Vsftpd => Vsftpd.StartAsync(home, endPoint, certificate, authority, maxPerAddress),
                PeerKind.ProFtpd => ProFtpd.StartAsync(home, endPoint, certificate, authority),
                PeerKind.PureFtpd => PureFtpd.StartAsync(home, endPoint),
                PeerKind.Fts => FtsServer.StartAsync(home, endPoint),
                _ => Pyftpdlib.StartAsync(home, endPoint, certificate),
            });
            await peer.StartAsync();
            return peer;
        }
        catch
        {
            home.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Waits until a server with a connection limit has no connections, so that earlier connections do not count towards the limit.
    /// </summary>
    public Task WaitForConnectionsToEndAsync() =>
        _process is { } process && _limitsConnections ? process.WaitForChildrenAsync() : Task.CompletedTask;

    /// <summary>Kills the server and all its sessions.</summary>
    public async Task KillAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
            _process = null;
        }
    }

    /// <summary>Starts the server, or restarts it on the same port after <see cref="KillAsync"/>.</summary>
    public async Task StartAsync() => (_process, User, Password) = await _start();

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _home.Dispose();
    }
}
