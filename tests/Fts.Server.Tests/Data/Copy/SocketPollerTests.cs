using System.Net;
using System.Net.Sockets;
using Fts.Server.Data.Copy;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Data.Copy;

/// <summary>Each wait ends with the first event on its socket, and never before.</summary>
public sealed class SocketPollerTests : IDisposable
{
    private readonly Socket _client, _server;

    public SocketPollerTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The poller uses epoll.");
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        _client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _client.Connect(listener.LocalEndPoint!);
        _server = listener.Accept();
    }

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
    }

    [Fact]
    public async Task A_wait_ends_when_bytes_arrive_and_can_be_repeated()
    {
        for (byte sent = 0; sent < 3; sent++)
        {
            Task wait = WaitAsync(_server);
            Assert.False(wait.IsCompleted);
            _client.Send([sent]);
            await wait.WithDeadline();
            byte[] received = new byte[2];
            Assert.Equal(1, _server.TryReceive(received));
            Assert.Equal(sent, received[0]);
        }
    }

    [Fact]
    public async Task A_wait_ends_at_once_if_bytes_have_already_arrived()
    {
        _client.Send([1]);
        await WaitAsync(_server).WithDeadline();
        Assert.Equal(1, _server.TryReceive(new byte[2]));
    }

    [Fact]
    public async Task A_wait_ends_when_the_peer_closes_its_side()
    {
        Task wait = WaitAsync(_server);
        _client.Shutdown(SocketShutdown.Send);
        await wait.WithDeadline();
        Assert.Equal(0, _server.TryReceive(new byte[2]));
    }

    [Fact]
    public async Task A_wait_ends_when_the_peer_resets_the_connection()
    {
        Task wait = WaitAsync(_server);
        _client.Close(0);
        await wait.WithDeadline();
        Assert.Throws<IOException>(() => _server.TryReceive(new byte[2]));
    }

    [Fact]
    public async Task A_wait_ends_when_the_server_shuts_the_socket_down()
    {
        Task wait = WaitAsync(_server);
        _server.Shutdown(SocketShutdown.Both);
        await wait.WithDeadline();
        Assert.Equal(0, _server.TryReceive(new byte[2]));
    }

    private static Task WaitAsync(Socket socket) =>
        OperatingSystem.IsLinux() ? SocketPoller.TryGet()!.WaitAsync(socket).AsTask() : throw new PlatformNotSupportedException();
}
