using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Serving;

/// <summary>Tests of <c>fts server</c> as a process.</summary>
public sealed class ServerTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Port_0_shows_the_assigned_port()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        Assert.InRange(server.Port, 1, 65535);
        Assert.Contains($"fts client 127.0.0.1 {server.Port}", server.Program.Messages, StringComparison.Ordinal);
        Assert.Contains(server.Folder.Path, server.Program.Messages, StringComparison.Ordinal);
        Assert.Empty(server.Program.Data);
    }

    [Fact]
    public async Task Without_arguments_it_listens_on_127_0_0_1_65432()
    {
        // If the port is in use, the error message contains it. Both outputs show that the default was used.
        await using RunningProgram program = RunningProgram.Start(_folder.Path, ["server"]);
        await program.WaitForOutputAsync("127.0.0.1:65432");
    }

    [Fact]
    public async Task With_an_address_alone_the_port_is_65432()
    {
        await using RunningProgram program = RunningProgram.Start(_folder.Path, ["server", "127.0.0.7"]);
        await program.WaitForOutputAsync("127.0.0.7:65432");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(15)]
    public async Task An_idle_server_exits_with_0_at_the_first_signal(int signal)
    {
        await using RunningServer server = await RunningServer.StartAsync();
        server.Program.SendSignal(signal);
        Assert.Equal(0, await server.Program.WaitForExitAsync());
        Assert.EndsWith("stopping\nstopped\n", server.Program.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connected_client_does_not_delay_the_stop()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        await using RunningProgram client = RunningProgram.Start(_folder.Path, ["client", "127.0.0.1", server.PortText]);
        await client.WaitForOutputAsync("connected to");
        server.Program.SendSignal(15);
        Assert.Equal(0, await server.Program.WaitForExitAsync());
        client.WriteInput("ls\n");
        client.CloseInput();
        Assert.Equal(3, await client.WaitForExitAsync());
        Assert.Contains("error: ", client.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_server_waits_for_a_running_transfer()
    {
        await using RunningServer server = await RunningServer.StartAsync("1");
        await using SlowUpload upload = await SlowUpload.StartAsync(server, _folder);
        server.Program.SendSignal(15);
        await server.Program.WaitForOutputAsync("stopping: 1 session connected");
        await upload.FinishAsync("all of it");
        Assert.Equal(0, await server.Program.WaitForExitAsync());
        Assert.Equal("all of it", server.Folder.Read("slow"));
    }

    [Fact]
    public async Task A_second_signal_interrupts_the_transfer_and_sets_the_exit_code()
    {
        await using RunningServer server = await RunningServer.StartAsync("1");
        await using SlowUpload upload = await SlowUpload.StartAsync(server, _folder);
        server.Program.SendSignal(2);
        await server.Program.WaitForOutputAsync("stopping: 1 session connected");
        server.Program.SendSignal(2);
        Assert.Equal(130, await server.Program.WaitForExitAsync());
        Assert.Contains("stopped; running transfers were interrupted", server.Program.Messages, StringComparison.Ordinal);
        Assert.DoesNotContain("slow", server.Folder.Names);
    }

    [Fact]
    public async Task Each_connection_and_transfer_is_logged_in_one_line()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        _folder.Write("a.txt", "12345");
        await server.RunClientAsync(_folder, "put a.txt");
        await server.Program.WaitForOutputAsync("disconnected");
        Assert.Contains("[1] connected from 127.0.0.1:", server.Program.Messages, StringComparison.Ordinal);
        Assert.Contains("/a.txt: 5 bytes", server.Program.Messages, StringComparison.Ordinal);
        Assert.DoesNotContain("USER", server.Program.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_lines_start_with_date_and_time()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        _folder.Write("a.txt", "12345");
        await server.RunClientAsync(_folder, "put a.txt", "mkdir made", "mv a.txt made/b.txt", "rm made/b.txt", "rmdir made");
        await server.Program.WaitForOutputAsync("disconnected");
        string[] lines = [.. server.Program.Messages.Split('\n').Where(line => line.Contains(" [1] ", StringComparison.Ordinal))];
        Assert.All(lines, line => Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \[1\] ", line));
        foreach (string text in (string[])
            ["logged in as anonymous from 127.0.0.1", "anonymous@127.0.0.1 stored /a.txt: 5 bytes in ",
                "anonymous@127.0.0.1 created directory /made", "anonymous@127.0.0.1 renamed /a.txt to /made/b.txt",
                "anonymous@127.0.0.1 deleted /made/b.txt", "anonymous@127.0.0.1 deleted directory /made"])
        {
            Assert.Single(lines, line => line.Contains($"[1] {text}", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Sighup_reloads_certificates_and_ends_no_session()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        for (int times = 1; times <= 2; times++)
        {
            server.Program.SendSignal(1);
            await server.Program.WaitForOutputAsync("Z reloaded: certificates were read again if their files had changed\n", times);
        }

        Assert.Equal(0, (await server.RunClientAsync(_folder, "ls")).Code);
        server.Program.SendSignal(15);
        Assert.Equal(0, await server.Program.WaitForExitAsync());
    }

    [Fact]
    public async Task On_loopback_only_other_users_need_the_password()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux reports the users of connections.");
        Assert.Contains("  login     anonymous, without a password, for you and root: read and write\n", server.Program.Messages,
            StringComparison.Ordinal);
        Assert.Contains("  login     fts, with the password below, for other users of this machine: read and write\n  password  ",
            server.Program.Messages, StringComparison.Ordinal);
        Assert.Contains($"  connect   fts client 127.0.0.1 {server.Port}\n", server.Program.Messages, StringComparison.Ordinal);
        Assert.Equal(0, (await server.RunClientAsync(_folder, "ls")).Code);

        Assert.SkipUnless(Environment.IsPrivilegedProcess && File.Exists("/usr/bin/setpriv"),
            "Only root can run a program as another user, with setpriv.");
        string password = server.Program.Messages.Split('\n').Single(line => line.Contains("  password  ", StringComparison.Ordinal))
            .Split("  password  ")[1];
        foreach ((string user, string secret, string code) in (
            (string, string, string)[])[("anonymous", "x", "530"), ("fts", password, "230")])
        {
            string script =
                $"exec 3<>/dev/tcp/127.0.0.1/{server.Port}; printf 'USER {user}\\r\\nPASS {secret}\\r\\nQUIT\\r\\n' >&3; cat <&3";
            await using RunningProgram other =
                RunningProgram.StartFile("/usr/bin/setpriv", "/", ["--reuid=65534", "--clear-groups", "bash", "-c", script]);
            Assert.Equal(0, await other.WaitForExitAsync());
            Assert.Contains($"\n{code} ", other.Data, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_option_limits_the_number_of_sessions()
    {
        await using RunningServer server = await RunningServer.StartAsync("0", "--max-sessions", "1");
        await using RunningProgram first = RunningProgram.Start(_folder.Path, ["client", "127.0.0.1", server.PortText]);
        await first.WaitForOutputAsync("connected to");
        (int code, _, string messages) = await server.RunClientAsync(_folder, "ls");
        Assert.Equal(3, code);
        Assert.Contains("421", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quiet_prints_only_the_start_screen()
    {
        await using RunningServer server = await RunningServer.StartAsync("0", "--quiet");
        _folder.Write("a.txt", "12345");
        Assert.Equal(0, (await server.RunClientAsync(_folder, "put a.txt")).Code);
        server.Program.SendSignal(15);
        await server.Program.WaitForExitAsync();
        Assert.DoesNotContain("connected", server.Program.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Debug_shows_requests_and_replies_with_the_password_masked()
    {
        await using RunningServer server = await RunningServer.StartAsync("1");
        _folder.Write("address", "sesame@example\n");
        (int code, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["client", "127.0.0.1", server.PortText, "1", "--user", "anonymous", "--password-file", "address"], "bye\n");
        Assert.Equal(0, code);
        await server.Program.WaitForOutputAsync("< 230");
        foreach (string output in (string[])[messages, server.Program.Messages])
        {
            Assert.Contains("> USER anonymous", output, StringComparison.Ordinal);
            Assert.Contains("> PASS ****", output, StringComparison.Ordinal);
            Assert.Contains("< 230", output, StringComparison.Ordinal);
            Assert.DoesNotContain("sesame", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Without_anonymous_every_login_needs_the_password_of_this_run()
    {
        await using RunningServer server = await RunningServer.StartAsync("0", "--anonymous", "no");
        Assert.Contains($"fts client 127.0.0.1 {server.Port} --user fts", server.Program.Messages, StringComparison.Ordinal);
        (int refused, _, string messages) = await server.RunClientAsync(_folder, "ls");
        Assert.Equal(4, refused);
        Assert.Contains("530", messages, StringComparison.Ordinal);

        string password = server.Program.Messages.Split('\n').Single(line => line.Contains("  password  ", StringComparison.Ordinal))
            .Split("  password  ")[1];
        (int code, _, _) = await RunningProgram.RunAsync(
            _folder.Path, ["client", "127.0.0.1", server.PortText, "--user", "fts"], "ls\n", ("FTS_PASSWORD", password));
        Assert.Equal(0, code);
    }

    [Fact]
    public async Task Anonymous_read_refuses_uploads_without_the_password()
    {
        await using RunningServer server = await RunningServer.StartAsync("0", "--anonymous", "read");
        server.Folder.Write("there.txt", "there");
        _folder.Write("here.txt", "here");
        Assert.Equal(7, (await server.RunClientAsync(_folder, "put here.txt")).Code);
        Assert.Equal(0, (await server.RunClientAsync(_folder, "get there.txt")).Code);
        Assert.Equal(["there.txt"], server.Folder.Names);
        Assert.Equal("there", _folder.Read("there.txt"));
    }
}
