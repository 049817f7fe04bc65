using System.Globalization;
using System.Text.RegularExpressions;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Transfers;

/// <summary>The command that is printed when a transfer is stopped: pasted into a shell, it fetches or sends the rest and no
/// more.</summary>
public sealed partial class ResumeCommandTests : IDisposable
{
    private const int HangUp = 1, Interrupt = 2, Terminate = 15, Kill = 9;

    /// <summary>A file in whose middle the server waits, a name that a shell would take apart, and a directory of the same kind.</summary>
    private const string Name = "it's a file", Folder = "to it's";

    /// <summary>More than all buffers between the two hold, in each half.</summary>
    private static readonly byte[] Content = MakeContent(64 * 1024 * 1024);

    private readonly TestFolder _folder = new(), _elsewhere = new();
    private readonly TaskCompletionSource _continue = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _isHalfSent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ScriptedServer _server;
    private int _retrievals;

    public ResumeCommandTests() => _server = ScriptedServer.Start(
        new() { ["SIZE"] = $"213 {Content.Length}", ["MDTM"] = "213 20200102030405", ["REST"] = "350 go on" },
        new() { ["RETR"] = SendAsync });

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
        _elsewhere.Dispose();
    }

    [Theory]
    [InlineData(HangUp, 129)]
    [InlineData(Interrupt, 130)]
    [InlineData(Terminate, 143)]
    public async Task The_command_that_resumes_a_get_has_every_option_and_works_in_another_directory(int signal, int code)
    {
        Directory.CreateDirectory(_folder[Folder]);
        string command;
        await using (RunningProgram client = RunningProgram.Start(
            _folder.Path, ["get", Url, "--to", Folder, "--tls", "off", "--verify", "never", "--passive", "--progress", "always"]))
        {
            await _isHalfSent.Task.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
            client.SendSignal(signal);
            Assert.Equal(code, await client.WaitForExitAsync());
            Assert.Matches(@"kept [345]\d % for resuming", client.Messages);
            command = GetAdvisedCommand(client.Messages);
        }

        Assert.Equal(
            $"fts get --resume {Url} --to '{_folder.Path}/to it'\\''s' --passive --tls off --verify never --progress always", command);
        await RunInShellAsync(command);
        AssertWhole($"{Folder}/{Name}");
    }

    [Fact]
    public async Task The_command_that_resumes_a_get_under_another_name_keeps_the_name_and_the_filters()
    {
        string command;
        await using (RunningProgram client = RunningProgram.Start(
            _folder.Path,
            [
                "get", Url, "-o", "new name", "--to", "made", "--tls", "off", "--verify", "never", "--exclude", "*.bak",
                "--limit-rate", "1T",
            ]))
        {
            await _isHalfSent.Task.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
            client.SendSignal(Interrupt);
            Assert.Equal(130, await client.WaitForExitAsync());
            command = GetAdvisedCommand(client.Messages);
        }

        Assert.Equal(
            $"fts get --resume {Url} --to {_folder.Path}/made -o 'new name' --exclude '*.bak' --tls off --verify never --limit-rate 1T",
            command);
        await RunInShellAsync(command);
        AssertWhole("made/new name");
    }

    [Fact]
    public async Task The_command_that_resumes_a_put_under_another_name_keeps_the_name()
    {
        const int Received = 1000;
        await File.WriteAllBytesAsync(_folder[Name], Content, TestContext.Current.CancellationToken);
        var answers = new Dictionary<string, string> { ["SIZE"] = $"213 {Received}", ["REST"] = "350 go on" };
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var rest = new MemoryStream();
        using ScriptedServer server = ScriptedServer.Start(answers, new()
        {
            ["STOR"] = async stream =>
            {
                if (!begun.Task.IsCompleted)
                {
                    await stream.ReadExactlyAsync(new byte[Received], TestContext.Current.CancellationToken);
                    begun.SetResult();
                    await _continue.Task;
                    return;
                }

                await stream.CopyToAsync(rest, TestContext.Current.CancellationToken);
                answers["SIZE"] = $"213 {Received + rest.Length}";
            },
        });
        string url = $"ftp://127.0.0.1:{server.Port}/in/", command;
        await using (RunningProgram client = RunningProgram.Start(
            _folder.Path, ["put", Name, url, "-o", "new name", "--tls", "off", "--verify", "never"]))
        {
            await begun.Task.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
            client.SendSignal(Interrupt);
            Assert.Equal(130, await client.WaitForExitAsync());
            command = GetAdvisedCommand(client.Messages);
        }

        Assert.Equal(
            $"fts put --resume '{_folder.Path}/it'\\''s a file' {url} --output 'new name' --tls off --verify never", command);
        await RunAsync(command);
        Assert.Contains($"REST {Received}", server.Commands);
        Assert.Contains("STOR in/new name", server.Commands);
        Assert.True(Content.AsSpan(Received).SequenceEqual(rest.ToArray()), "another content");
        _continue.SetResult();
    }

    [Theory]
    [InlineData(HangUp, 129)]
    [InlineData(Interrupt, 130)]
    [InlineData(Terminate, 143)]
    public async Task The_command_that_resumes_after_a_session_ends_is_for_the_shell(int signal, int code)
    {
        string command;
        await using (
            RunningProgram client =
            RunningProgram.Start(_folder.Path, ["client", "127.0.0.1", _server.Port, "--tls", "off", "--progress", "always"]))
        {
            client.WriteInput($"get \"{Name}\"\n");
            await _isHalfSent.Task.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
            client.SendSignal(signal);
            Assert.Equal(code, await client.WaitForExitAsync());
            command = GetAdvisedCommand(client.Messages);
        }

        Assert.Equal($"fts get --resume {Url} --to {_folder.Path} --tls off --progress always", command);
        await RunInShellAsync(command);
        AssertWhole(Name);
    }

    [Fact]
    public async Task The_command_that_resumes_a_get_under_another_name_after_a_session_ends_keeps_the_name()
    {
        string command;
        await using (
            RunningProgram client =
            RunningProgram.Start(_folder.Path, ["client", "127.0.0.1", _server.Port, "--tls", "off", "--progress", "always"]))
        {
            client.WriteInput($"get \"{Name}\" \"new name\"\n");
            await _isHalfSent.Task.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
            client.SendSignal(Interrupt);
            Assert.Equal(130, await client.WaitForExitAsync());
            command = GetAdvisedCommand(client.Messages);
        }

        Assert.Equal($"fts get --resume {Url} --to {_folder.Path} -o 'new name' --tls off --progress always", command);
        await RunInShellAsync(command);
        AssertWhole("new name");
    }

    [Fact]
    public async Task The_command_that_resumes_in_a_continuing_session_is_for_the_session()
    {
        await using RunningProgram client =
            RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", _server.Port, "--tls", "off"], columns: 200);
        await client.WaitForOutputAsync("fts> ");
        client.WriteInput($"get \"{Name}\"\r");
        await _isHalfSent.Task.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
        client.WriteInput("\u0003");
        await client.WaitForOutputAsync("try: get --resume it\\'s\\ a\\ file");
        _continue.SetResult();
        client.WriteInput("get --resume it\\'s\\ a\\ file\r");
        await client.WaitForOutputAsync(", resumed after ");
        AssertWhole(Name);
    }

    [Fact]
    public async Task A_terminal_that_is_closed_stops_the_transfer_in_order_and_the_bytes_are_kept()
    {
        await using (
            RunningProgram client = RunningProgram.StartOnTerminal(_folder.Path, ["client", "127.0.0.1", _server.Port, "--tls", "off"]))
        {
            await client.WaitForOutputAsync("fts> ");
            client.WriteInput($"get \"{Name}\"\r");
            await _isHalfSent.Task.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
            // The program behind the pseudo-terminal: without it, the kernel hangs up.
            client.SendSignal(Kill);
            await _server.WaitForCommandAsync("ABOR");
            await _server.WaitForCommandAsync("(closed)");
        }

        await RunInShellAsync($"fts get {Url} --to '{_folder.Path}' --tls off");
        AssertWhole(Name);
    }

    [Fact]
    public async Task A_client_that_ignores_SIGHUP_from_its_start_continues()
    {
        await using RunningProgram client = RunningProgram.StartFile(
            "sh", _folder.Path, ["-c", $"trap '' HUP; exec {PublishedProgram.Path} get {Url} --tls off --progress always"]);
        await _isHalfSent.Task.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
        client.SendSignal(HangUp);
        _continue.SetResult();
        Assert.Equal(0, await client.WaitForExitAsync());
        AssertWhole(Name);
    }

    [Fact]
    public async Task The_command_that_resumes_a_put_sends_the_rest_of_the_same_file_to_the_same_path()
    {
        const int Received = 1000;
        await File.WriteAllBytesAsync(_folder[Name], Content, TestContext.Current.CancellationToken);
        var answers = new Dictionary<string, string> { ["SIZE"] = $"213 {Received}", ["REST"] = "350 go on" };
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var rest = new MemoryStream();
        using ScriptedServer server = ScriptedServer.Start(answers, new()
        {
            ["STOR"] = async stream =>
            {
                if (!begun.Task.IsCompleted)
                {
                    await stream.ReadExactlyAsync(new byte[Received], TestContext.Current.CancellationToken);
                    begun.SetResult();
                    await _continue.Task;
                    return;
                }

                await stream.CopyToAsync(rest, TestContext.Current.CancellationToken);
                answers["SIZE"] = $"213 {Received + rest.Length}";
            },
        });
        string url = $"ftp://127.0.0.1:{server.Port}/in/", command;
        await using (
            RunningProgram client =
            RunningProgram.Start(_folder.Path, ["put", Name, url, "--tls", "off", "--verify", "never", "--overwrite"]))
        {
            await begun.Task.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
            client.SendSignal(Terminate);
            Assert.Equal(143, await client.WaitForExitAsync());
            command = GetAdvisedCommand(client.Messages);
        }

        Assert.Equal($"fts put --resume '{_folder.Path}/it'\\''s a file' {url} --tls off --verify never", command);
        await RunAsync(command);
        Assert.Contains($"REST {Received}", server.Commands);
        Assert.True(Content.AsSpan(Received).SequenceEqual(rest.ToArray()), "another content");
        _continue.SetResult();
    }

    [Fact]
    public async Task The_command_that_resumes_a_mirror_has_both_sides_in_full()
    {
        using ScriptedServer server = ScriptedServer.Start([], new()
        {
            ["LIST"] = ScriptedServer.CreatePayload("-rw-r--r-- 1 a a 10 Jan  1  2020 one\r\n"),
            ["RETR"] = async stream =>
            {
                await stream.WriteAsync("hello"u8.ToArray(), TestContext.Current.CancellationToken);
                await _continue.Task;
            },
        });
        string url = $"ftp://127.0.0.1:{server.Port}/";
        await using RunningProgram client = RunningProgram.Start(_folder.Path, ["mirror", url, "copy here", "--tls", "off", "--overwrite"]);
        await server.WaitForCommandAsync("RETR /one");
        client.SendSignal(Interrupt);
        Assert.Equal(130, await client.WaitForExitAsync());
        Assert.Equal($"fts mirror {url} '{_folder.Path}/copy here' --tls off --overwrite", GetAdvisedCommand(client.Messages));
    }

    private string Url => $"ftp://127.0.0.1:{_server.Port}/it%27s%20a%20file";

    private static string GetAdvisedCommand(string messages) => AdvicePattern().Match(messages).Groups[1].Value;

    [GeneratedRegex(@"\n  try: (.*)\n")]
    private static partial Regex AdvicePattern();

    private static byte[] MakeContent(int length)
    {
        byte[] content = new byte[length];
        new Random(7).NextBytes(content);
        return content;
    }

    /// <summary>Half of the content, then a pause for as long as the client stays or until the test lets it go on; after a restart only the
    /// rest.</summary>
    private async Task SendAsync(Stream stream)
    {
        if (Interlocked.Increment(ref _retrievals) > 1)
        {
            await stream.WriteAsync(Content.AsMemory(RestartOffset));
            return;
        }

        await stream.WriteAsync(Content.AsMemory(0, Content.Length / 2));
        _isHalfSent.SetResult();
        using var waiting = new CancellationTokenSource();
        Task<int> gone = stream.ReadAsync(new byte[1], waiting.Token).AsTask();
        if (await Task.WhenAny(gone, _continue.Task) == gone)
        {
            await gone;
            return;
        }

        // A socket that is closed while a read is pending resets the connection.
        await waiting.CancelAsync();
        await ((Task)gone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await stream.WriteAsync(Content.AsMemory(Content.Length / 2));
    }

    /// <summary>The offset of the one REST command; the test fails if there was another, or none.</summary>
    private int RestartOffset => int.Parse(
        Assert.Single(_server.Commands, line => line.StartsWith("REST ", StringComparison.Ordinal)).AsSpan(5),
        CultureInfo.InvariantCulture);

    private void AssertWhole(string name) =>
        Assert.True(Content.AsSpan().SequenceEqual(File.ReadAllBytes(_folder[name])), "another content");

    private async Task RunInShellAsync(string command)
    {
        Assert.Equal(0, await RunAsync(command));
        Assert.InRange(RestartOffset, Content.Length / 4, Content.Length / 2);
        Assert.Equal(2, _retrievals);
    }

    private async Task<int> RunAsync(string command)
    {
        await using RunningProgram shell = RunningProgram.StartFile(
            "sh", _elsewhere.Path, ["-c", command],
            ("PATH", $"{Path.GetDirectoryName(PublishedProgram.Path)}:{Environment.GetEnvironmentVariable("PATH")}"));
        shell.CloseInput();
        int code = await shell.WaitForExitAsync();
        Assert.True(code == 0, shell.Messages);
        return code;
    }
}
