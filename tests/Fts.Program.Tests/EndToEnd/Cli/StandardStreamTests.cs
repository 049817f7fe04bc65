using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Cli;

/// <summary>Tests of standard streams that are closed, full, or without a reader.</summary>
public sealed class StandardStreamTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync();
        _server.Folder.Write("a.txt", new string('x', 3_000_000));
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("help", "")]
    [InlineData("--version", "")]
    [InlineData("trust list", "")]
    [InlineData("client 127.0.0.1 PORT", "ls\ncat a.txt\n")]
    [InlineData("get ftp://127.0.0.1:PORT/a.txt --to -", "")]
    public async Task Closed_streams_are_no_error(string command, string input)
    {
        foreach (string redirection in (string[])[">&-", "2>&-", ">&- 2>&-"])
        {
            (int code, string messages) = await RunAsync(command, redirection, input);
            Assert.True(code == 0, $"{redirection}: {messages}");
            Assert.DoesNotContain("error", messages, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("help", "")]
    [InlineData("--version", "")]
    [InlineData("client 127.0.0.1 PORT", "ls\nls\n")]
    [InlineData("get ftp://127.0.0.1:PORT/a.txt --to -", "")]
    [InlineData("get ftp://127.0.0.1:PORT/a.txt ftp://127.0.0.1:PORT/a.txt --to -", "")]
    [InlineData("client 127.0.0.1 PORT", "cat a.txt a.txt\n")]
    public async Task A_full_device_is_reported_once_with_11(string command, string input)
    {
        (int code, string messages) = await RunAsync(command, ">/dev/full", input);
        Assert.Equal(11, code);
        Assert.Contains("error: cannot write to standard output: no space left\n", messages, StringComparison.Ordinal);
        Assert.Equal(2, messages.Split("error:").Length);
    }

    [Theory]
    [InlineData("help")]
    [InlineData("get ftp://127.0.0.1:PORT/a.txt --to -")]
    [InlineData("get ftp://127.0.0.1:PORT/a.txt ftp://127.0.0.1:PORT/a.txt --to -")]
    public async Task A_closed_reader_ends_the_command_silently(string command)
    {
        (int code, string messages) = await RunAsync(command, "| head -c 1 >/dev/null; exit ${PIPESTATUS[0]}", "");
        Assert.True(code == 0, messages);
        Assert.DoesNotContain("error", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_closed_standard_input_counts_as_empty()
    {
        (int code, string messages) = await RunAsync("client 127.0.0.1 PORT", "<&-", "");
        Assert.True(code == 0, messages);
    }

    [Fact]
    public async Task A_message_that_cannot_be_written_does_not_end_the_command()
    {
        (int code, _) = await RunAsync("get ftp://127.0.0.1:PORT/a.txt", "2>/dev/full", "");
        Assert.Equal(0, code);
        Assert.Equal(3_000_000, new FileInfo(_folder["a.txt"]).Length);
    }

    [Fact]
    public async Task A_server_with_closed_streams_starts()
    {
        await using RunningProgram server = RunningProgram.StartFile(
            "bash", _folder.Path, ["-c", $"exec '{PublishedProgram.Path}' server 127.0.0.1 {_server.PortText} >&- 2>&-"]);
        // The port is in use. Without the message, the exit code shows that the program tried to listen.
        Assert.Equal(3, await server.WaitForExitAsync());
    }

    private async Task<(int Code, string Messages)> RunAsync(string command, string redirection, string input)
    {
        await using RunningProgram shell = RunningProgram.StartFile(
            "bash", _folder.Path,
            ["-c", $"'{PublishedProgram.Path}' {command.Replace("PORT", _server.PortText, StringComparison.Ordinal)} {redirection}"]);
        shell.WriteInput(input);
        shell.CloseInput();
        return (await shell.WaitForExitAsync(), shell.Messages);
    }
}
