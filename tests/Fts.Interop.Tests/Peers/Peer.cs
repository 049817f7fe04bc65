using System.Net;
using Fts.Interop.Tests.Processes;
using Fts.Server;

namespace Fts.Interop.Tests.Peers;

/// <summary>The servers of others that our client is tried against.</summary>
public enum PeerKind
{
    Vsftpd,
    ProFtpd,
    PureFtpd,
    Pyftpdlib,
    /// <summary>Ours, as a program.</summary>
    Fts,
}

/// <summary>A running server of somebody else's with one folder that may be written to. Owns the process and its files.</summary>
internal sealed class Peer : IAsyncDisposable
{
    /// <summary>The one folder a client may write to: vsftpd refuses to serve a top folder that its user can change.</summary>
    public const string WritablePath = "/box";

    /// <summary>"secret" by crypt(3) in its MD5 form: a costly hash would only make each sign-in slower, by a second with pure-pw's own.</summary>
    public const string SecretHash = "$1$T6YIQRfh$maA6aNmePfYu1W30Onv3h/";

    private readonly TempFolder _home;
    private readonly bool _limitsConnections;
    private readonly Func<Task<(ServerProcess Process, string User, string Password)>> _start;
    private ServerProcess? _process;

    private Peer(TempFolder home, IPEndPoint endPoint, bool limitsConnections, Func<Task<(ServerProcess Process, string User, string Password)>> start) =>
        (_home, EndPoint, _limitsConnections, _start) = (home, endPoint, limitsConnections, start);

    public IPEndPoint EndPoint { get; }

    public string User { get; private set; } = "";

    public string Password { get; private set; } = "";

    /// <summary>Where <see cref="WritablePath"/> lies on this machine.</summary>
    public string WritableFolder => _home["root/box"];

    /// <summary>Starts one. Encrypted, it takes nothing else, and is as strict about resumed sessions and close_notify as it can be.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="address">Where it listens.</param>
    /// <param name="encrypted">Whether.</param>
    /// <param name="clientAuthority">The certificate (PEM) of the authority that must vouch for clients; null where clients need no certificate.</param>
    /// <param name="maxPerAddress">Connections that vsftpd lets in from one address; 0 for any number.</param>
    public static async Task<Peer> StartAsync(PeerKind kind, IPAddress address, bool encrypted = false, string? clientAuthority = null, int maxPerAddress = 0)
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

    /// <summary>Waits until a server with a limit of connections has none, so that the limit refuses no connection because of an earlier one.</summary>
    public Task WaitForConnectionsToEndAsync() => _process is { } daemon && _limitsConnections ? daemon.WaitForChildrenAsync() : Task.CompletedTask;

    /// <summary>Kills it with whatever it is at.</summary>
    public async Task KillAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
            _process = null;
        }
    }

    /// <summary>Starts it again after <see cref="KillAsync"/>, on the same port.</summary>
    public async Task StartAsync() => (_process, User, Password) = await _start();

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _home.Dispose();
    }
}
