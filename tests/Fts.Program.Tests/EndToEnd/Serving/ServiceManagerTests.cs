using System.Net;
using System.Net.Sockets;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Serving;

/// <summary>Tests of the server under a service manager: messages, watchdog and inherited socket.</summary>
public sealed class ServiceManagerTests : IDisposable
{
    /// <summary>Opens a listening socket as descriptor 3 and becomes the server.</summary>
    private const string SocketOpener =
        """
        import os, socket, sys
        s = socket.socket()
        s.bind(("127.0.0.1", 0))
        s.listen()
        print("opened", s.getsockname()[1], flush=True)
        os.dup2(s.fileno(), 3)
        os.set_inheritable(3, True)
        os.environ.update(LISTEN_FDS=sys.argv[1], LISTEN_PID=str(os.getpid()))
        os.execv(sys.argv[2], sys.argv[2:])
        """;

    private readonly TestFolder _folder = new(), _state = new();

    public void Dispose()
    {
        _folder.Dispose();
        _state.Dispose();
    }

    [Fact]
    public async Task The_service_manager_receives_each_state_in_order()
    {
        using var manager = new NotifySocket(_state["notify"]);
        await using RunningServer server = await RunningServer.StartOnFolderAsync(
            _folder, [], [], ("NOTIFY_SOCKET", manager.Address), ("WATCHDOG_USEC", "200000"));
        Assert.Equal($"READY=1\nSTATUS=listening on 127.0.0.1:{server.Port}, 0 sessions", await manager.ReceiveAsync());
        Assert.Equal($"WATCHDOG=1\nSTATUS=listening on 127.0.0.1:{server.Port}, 0 sessions", await manager.ReceiveAsync());
        server.Program.SendSignal(1);
        string reloading = await manager.ReceiveStateAsync();
        Assert.Matches(@"\ARELOADING=1\nMONOTONIC_USEC=[0-9]+\z", reloading);
        Assert.StartsWith("READY=1\n", await manager.ReceiveStateAsync(), StringComparison.Ordinal);
        server.Program.SendSignal(15);
        Assert.StartsWith("STOPPING=1\n", await manager.ReceiveStateAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await server.Program.WaitForExitAsync());
    }

    [Fact]
    public async Task A_missing_service_manager_is_a_warning()
    {
        await using RunningServer server = await RunningServer.StartOnFolderAsync(
            _folder, [], [], ("NOTIFY_SOCKET", _state["missing"]));
        await server.Program.WaitForOutputAsync($"  warning   cannot notify the service manager at {_state["missing"]}: ");
    }

    [Fact]
    public async Task An_inherited_socket_replaces_the_port()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/python3"), "python3 opens the socket.");
        await using RunningServer server = await RunningServer.StartOnFolderAsync(
            _folder, ["/usr/bin/python3", "-c", SocketOpener, "1"], []);
        Assert.Contains($"opened {server.Port}\n", server.Program.Data, StringComparison.Ordinal);
        _folder.Write("a.txt", "content");
        using var local = new TestFolder();
        (int code, _, _) = await server.RunClientAsync(local, "get a.txt");
        Assert.Equal(0, code);
        Assert.Equal("content", local.Read("a.txt"));
    }

    [Fact]
    public async Task Several_inherited_sockets_are_an_error()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/python3"), "python3 opens the socket.");
        await using RunningProgram program = RunningProgram.StartFile(
            "/usr/bin/python3", _folder.Path, ["-c", SocketOpener, "2", PublishedProgram.Path, "server", "127.0.0.1", "0"]);
        Assert.Equal(2, await program.WaitForExitAsync());
        Assert.Equal("error: LISTEN_FDS=2: the server accepts one socket; use one ListenStream= line\n", program.Messages);
    }

    [Fact]
    public async Task Sockets_of_another_process_are_not_used()
    {
        await using RunningServer server = await RunningServer.StartOnFolderAsync(
            _folder, [], [], ("LISTEN_FDS", "1"), ("LISTEN_PID", "1"));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Port, TestContext.Current.CancellationToken);
    }
}
