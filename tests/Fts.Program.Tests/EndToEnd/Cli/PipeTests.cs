using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Cli;

/// <summary>Tests of the client in a pipe: plain text, only data on standard output, exit codes.</summary>
public sealed class PipeTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("auto")]
    [InlineData("always")]
    [InlineData("never")]
    public async Task No_escape_byte_and_no_carriage_return_reach_a_pipe(string progress)
    {
        await using RunningServer server = await RunningServer.StartAsync("1");
        _folder.Write("a.txt", "a");
        (_, string data, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["client", "127.0.0.1", server.PortText, "1", "--progress", progress],
            "put a.txt\nls\nget --overwrite a.txt\nget missing\nnonsense\nput\ncat a.txt\nhelp\ncd nowhere\nbye\n");
        foreach (string output in (string[])[data, messages, server.Program.Data, server.Program.Messages])
        {
            Assert.DoesNotContain('\e', output);
            Assert.DoesNotContain('\r', output);
        }

        Assert.DoesNotContain("fts>", data + messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Carriage_returns_comments_and_empty_lines_are_ignored()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        (int code, string data, _) =
            await RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", server.PortText], "# a comment\r\n\r\n   \r\npwd\r\n");
        Assert.Equal(0, code);
        Assert.Equal("/\n", data);
    }

    [Fact]
    public async Task One_failure_exits_with_its_own_code_and_several_with_9()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        Assert.Equal(6, (await server.RunClientAsync(_folder, "pwd", "get missing", "pwd")).Code);
        Assert.Equal(9, (await server.RunClientAsync(_folder, "get missing", "nonsense", "pwd")).Code);
        server.Folder.Write("a", "");
        Directory.CreateDirectory(_folder["a"]);
        Assert.Equal(11, (await server.RunClientAsync(_folder, "get a")).Code);
    }

    [Fact]
    public async Task Cat_prints_every_byte_unchanged()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        server.Folder.Write("a", "no line end, \u00fc");
        Assert.Equal("no line end, \u00fc", (await server.RunClientAsync(_folder, "cat a")).Data);
    }

    [Fact]
    public async Task An_error_has_three_lines_at_most()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        (_, _, string messages) = await server.RunClientAsync(_folder, "get missing");
        string[] error = [.. messages.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .SkipWhile(line => !line.StartsWith("error:", StringComparison.Ordinal))];
        Assert.InRange(error.Length, 1, 3);
        Assert.StartsWith("error: get missing: ", error[0], StringComparison.Ordinal);
        Assert.StartsWith("  server: 550 ", error[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_can_connect_after_another_has_left()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(0, (await server.RunClientAsync(_folder, "pwd", "bye")).Code);
        }

        await server.Program.WaitForOutputAsync("disconnected", times: 3);
    }

    [Fact]
    public async Task Several_clients_are_served_at_once()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        RunningProgram[] clients =
            [.. Enumerable.Range(0, 4).Select(_ => RunningProgram.Start(_folder.Path, ["client", "127.0.0.1", server.PortText]))];
        try
        {
            // All clients connect before the first command.
            await Task.WhenAll(clients.Select(client => client.WaitForOutputAsync("connected to")));
            for (int i = 0; i < clients.Length; i++)
            {
                _folder.Write($"{i}.txt", new string('x', i));
                clients[i].WriteInput($"put {i}.txt\n");
            }

            await Task.WhenAll(clients.Select((client, i) => client.WaitForOutputAsync($"uploaded {i}.txt")));
            foreach (RunningProgram client in clients)
            {
                client.CloseInput();
                Assert.Equal(0, await client.WaitForExitAsync());
            }
        }
        finally
        {
            foreach (RunningProgram client in clients)
            {
                await client.DisposeAsync();
            }
        }

        Assert.Equal(["0.txt", "1.txt", "2.txt", "3.txt"], server.Folder.Names);
    }

    [Fact]
    public async Task A_waiting_client_exits_with_143_at_sigterm_and_with_130_at_ctrl_c()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        foreach ((int signal, int code) in ((int, int)[])[(15, 143), (2, 130)])
        {
            await using RunningProgram client = RunningProgram.Start(_folder.Path, ["client", "127.0.0.1", server.PortText]);
            await client.WaitForOutputAsync("connected to");
            client.SendSignal(signal);
            Assert.Equal(code, await client.WaitForExitAsync());
        }
    }

    [Fact]
    public async Task A_closed_reader_is_not_an_error()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        for (int i = 0; i < 300; i++)
        {
            server.Folder.Write($"a long name, so that a pipe is full soon, number {i}", "");
        }

        _folder.Write("script", "ls\nls\nls\nls\n");
        await using RunningProgram shell = RunningProgram.StartFile(
            "bash", _folder.Path,
            ["-c", $"'{PublishedProgram.Path}' client 127.0.0.1 {server.PortText} <script | head -1; echo ended ${{PIPESTATUS[0]}}"]);
        Assert.Equal(0, await shell.WaitForExitAsync());
        Assert.EndsWith("ended 0\n", shell.Data, StringComparison.Ordinal);
        Assert.DoesNotContain("error", shell.Messages, StringComparison.Ordinal);
    }
}
