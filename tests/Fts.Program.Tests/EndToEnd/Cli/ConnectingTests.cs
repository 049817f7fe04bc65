using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Cli;

/// <summary>Tests of connecting to a slow server, or to one that expects the other kind of TLS.</summary>
public sealed class ConnectingTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public ConnectingTests() => _listener.Start();

    private string Port => ((IPEndPoint)_listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);

    public void Dispose()
    {
        _listener.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_slow_greeting_prints_one_line_to_a_pipe()
    {
        await using RunningProgram client = RunningProgram.Start(_folder.Path, ["client", "127.0.0.1", Port]);
        using Socket peer = await _listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        await client.WaitForOutputAsync("connecting to 127.0.0.1:");
        await peer.SendAsync(Encoding.ASCII.GetBytes("421 Too busy.\r\n"), TestContext.Current.CancellationToken);
        Assert.Equal(3, await client.WaitForExitAsync());
        Assert.StartsWith($"connecting to 127.0.0.1:{Port}… waiting for the greeting\nerror: ", client.Messages, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', client.Messages);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Ctrl_c_while_connecting_exits_with_130(int times)
    {
        await using RunningProgram client = RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", Port]);
        using Socket peer = await _listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        await client.WaitForOutputAsync("waiting for the greeting");
        client.WriteInput(new string('\x03', times));
        Assert.Equal(130, await client.WaitForExitAsync());
    }

    [Theory]
    [InlineData("client")]
    [InlineData("get")]
    public async Task Implicit_TLS_on_a_port_that_begins_without_it_advises_explicit_TLS(string command)
    {
        using ScriptedServer server = ScriptedServer.Start([], []);
        string[] words = command == "get" ? ["get", $"ftp://127.0.0.1:{server.Port}/a"] : ["client", "127.0.0.1", server.Port];
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, [.. words, "--tls", "implicit"], "ls\n");
        Assert.Equal(5, code);
        Assert.Contains("try: --tls explicit", messages, StringComparison.Ordinal);
        Assert.DoesNotContain("--tls off", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Implicit_TLS_is_advised_for_a_port_without_a_greeting()
    {
        await using RunningProgram client = RunningProgram.Start(_folder.Path, ["client", "127.0.0.1", Port]);
        using (Socket peer = await _listener.AcceptSocketAsync(TestContext.Current.CancellationToken))
        {
            peer.Shutdown(SocketShutdown.Both);
        }

        Assert.Equal(3, await client.WaitForExitAsync());
        Assert.Contains("try: --tls implicit", client.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_tls_option_accepts_explicit_for_required()
    {
        using ScriptedServer plain = ScriptedServer.Start([], []);
        (int code, _, string messages) =
            await RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", plain.Port, "--tls", "explicit"], "ls\n");
        Assert.True(code == 5, messages);
        Assert.Equal(["AUTH TLS"], plain.ReceivedCommands);
    }

    [Fact]
    public async Task A_connection_without_TLS_is_reported_in_the_connection_line_the_prompt_and_the_status()
    {
        using ScriptedServer plain = ScriptedServer.Start([], []);
        await using RunningProgram client = RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", plain.Port]);
        await client.WaitForOutputAsync(" as anonymous, NOT ENCRYPTED: ready");
        await client.WaitForOutputAsync("not encrypted fts> ");
        client.WriteInput("status\r");
        await client.WaitForOutputAsync("\r\nNOT ENCRYPTED\r\n");
    }

    [Fact]
    public async Task A_get_with_a_password_over_a_plain_connection_is_reported()
    {
        using ScriptedServer plain = ScriptedServer.Start([], new() { ["RETR"] = ScriptedServer.CreatePayload("x") });
        (int code, _, string messages) =
            await RunningProgram.RunAsync(_folder.Path, ["get", $"ftp://ann@127.0.0.1:{plain.Port}/a"], "", ("FTS_PASSWORD", "secret"));
        Assert.True(code == 0, messages);
        Assert.Contains($"the connection to 127.0.0.1:{plain.Port} is not encrypted", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reply_421_is_shown_once()
    {
        using ScriptedServer server = ScriptedServer.Start(new() { ["DELE"] = "421 Idle for too long." }, []);
        (_, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", server.Port], "rm a\n");
        Assert.Equal(2, messages.Split("Idle for too long.").Length);
        Assert.Equal(2, messages.Split("421").Length);
    }
}
