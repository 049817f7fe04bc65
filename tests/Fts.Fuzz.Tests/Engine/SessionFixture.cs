using System.Net;
using System.Net.Sockets;
using Fts.Accounts;
using Fts.Server;
using Fts.Server.ProxyProtocol;
using Fts.Server.Sessions;
using Fts.Storage.Memory;

namespace Fts.FuzzTests.Engine;

/// <summary>A logged-in session with an empty store. Its loop does not run, so tests call handlers directly.</summary>
internal sealed class SessionFixture : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _peer = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public SessionFixture()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(1);
        _peer.Connect(_listener.LocalEndPoint!);
        var store = new MemoryFileStore();
        var server = new FtpServer(new FtpServerOptions
        {
            Store = store, Authenticator = new AnonymousAuthenticator(Permissions.ReadWrite),
        });
        Socket accepted = _listener.Accept();
        Value = new Session(server, 1, accepted, isImplicit: false, ConnectionEndPoints.FromSocket(accepted))
        {
            Files = new UserFiles(new Account("ann", Permissions.ReadWrite), store),
        };
    }

    public Session Value { get; }

    public void Dispose()
    {
        Value.Dispose();
        _peer.Dispose();
        _listener.Dispose();
    }
}
