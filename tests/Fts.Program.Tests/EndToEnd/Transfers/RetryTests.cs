using System.Globalization;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Transfers;

/// <summary>One-shot commands repeat what failed with a transient error, and continue where it failed.</summary>
public sealed class RetryTests : IDisposable
{
    private static readonly byte[] Content = CreateContent(2_000_000);

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("426 cut")]
    [InlineData("451 try later")]
    public async Task A_get_is_repeated_after_a_transient_reply_and_resumes(string failure)
    {
        int attempts = 0;
        var replies = new Dictionary<string, string>
        {
            ["SIZE"] = $"213 {Content.Length}",
            ["MDTM"] = "213 20200102030405",
            ["REST"] = "350 go on",
        };
        ScriptedServer server = null!;
        using ScriptedServer owned = server = ScriptedServer.Start(replies, new()
        {
            ["RETR"] = async stream =>
            {
                string? rest = Array.FindLast(server.Commands, command => command.StartsWith("REST ", StringComparison.Ordinal));
                int offset = rest is null ? 0 : int.Parse(rest.AsSpan(5), CultureInfo.InvariantCulture);
                int end = ++attempts < 3 ? offset + 500_000 : Content.Length;
                replies["RETR"] = attempts < 3 ? failure : "226 done";
                await stream.WriteAsync(Content.AsMemory(offset, end - offset));
            },
        });
        (int code, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["get", $"ftp://127.0.0.1:{server.Port}/file", "--tls", "off", "--retry-delay", "0", "--verify", "never"]);
        Assert.True(code == 0, messages);
        Assert.Contains(", attempt 2 of 5 in 0 s (25 % kept)\n", messages, StringComparison.Ordinal);
        Assert.Contains(", attempt 3 of 5 in 0 s (50 % kept)\n", messages, StringComparison.Ordinal);
        Assert.Equal(3, attempts);
        Assert.True(Content.AsSpan().SequenceEqual(File.ReadAllBytes(_folder["file"])), "another content");
    }

    [Fact]
    public async Task A_put_is_repeated_after_a_transient_reply_and_resumes()
    {
        await File.WriteAllBytesAsync(_folder["file"], Content, TestContext.Current.CancellationToken);
        using var received = new MemoryStream();
        var replies = new Dictionary<string, string> { ["REST"] = "350 go on" };
        int attempts = 0;
        using ScriptedServer server = ScriptedServer.Start(replies, new()
        {
            ["STOR"] = async stream =>
            {
                await stream.CopyToAsync(received);
                if (++attempts == 1)
                {
                    received.SetLength(700_000);
                    replies["STOR"] = "451 try later";
                }
                else
                {
                    replies["STOR"] = "226 done";
                }

                replies["SIZE"] = $"213 {received.Length}";
            },
        });
        (int code, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path,
            ["put", "file", $"ftp://127.0.0.1:{server.Port}/", "--tls", "off", "--retry-delay", "0", "--verify", "never"]);
        Assert.True(code == 0, messages);
        Assert.Contains("attempt 2 of 5 in 0 s", messages, StringComparison.Ordinal);
        Assert.Contains("REST 700000", server.Commands);
        Assert.True(Content.AsSpan().SequenceEqual(received.ToArray()), "another content");
    }

    [Theory]
    [InlineData("550 no such file", 1, "get")]
    [InlineData("450 busy", 3, "get")]
    [InlineData("550 no such file", 1, "cat")]
    [InlineData("450 busy", 3, "cat")]
    public async Task Attempts_are_limited_and_a_permanent_reply_is_not_repeated(string reply, int expected, string verb)
    {
        using ScriptedServer server = ScriptedServer.Start(new() { ["RETR"] = reply }, []);
        (int code, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path,
            [verb, $"ftp://127.0.0.1:{server.Port}/file", "--tls", "off", "--retries", "3", "--retry-delay", "0"]);
        Assert.NotEqual(0, code);
        Assert.Equal(expected, server.Commands.Count(command => command == "RETR file"));
        Assert.Equal(expected > 1, messages.Contains("attempt 3 of 3 in 0 s", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("rm", "DELE", "450 busy", 3)]
    [InlineData("rm", "DELE", "550 no", 1)]
    [InlineData("mkdir", "MKD", "450 busy", 3)]
    public async Task A_change_that_the_server_refuses_for_now_is_repeated(string verb, string command, string reply, int expected)
    {
        using ScriptedServer server = ScriptedServer.Start(new() { [command] = reply }, []);
        (int code, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path,
            [verb, $"ftp://127.0.0.1:{server.Port}/name", "--tls", "off", "--retries", "3", "--retry-delay", "0"]);
        Assert.True(code != 0, messages);
        Assert.Equal(expected, server.Commands.Count(sent => sent == $"{command} name"));
    }

    [Fact]
    public async Task Files_of_a_batch_are_repeated_together()
    {
        int attempts = 0;
        var replies = new Dictionary<string, string>();
        using ScriptedServer server = ScriptedServer.Start(replies, new()
        {
            ["LIST"] = ScriptedServer.CreatePayload(
                "-rw-r--r-- 1 a a 3 Jan  1  2020 one\r\n-rw-r--r-- 1 a a 3 Jan  1  2020 two\r\n"),
            ["RETR"] = stream =>
            {
                replies["RETR"] = Interlocked.Increment(ref attempts) <= 2 ? "451 try later" : "226 done";
                return attempts <= 2 ? Task.CompletedTask : stream.WriteAsync("abc"u8.ToArray()).AsTask();
            },
        });
        (int code, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path,
            ["get", $"ftp://127.0.0.1:{server.Port}/*", "--tls", "off", "--retry-delay", "0", "--connections", "1"]);
        Assert.True(code == 0, messages);
        Assert.Contains(": 2 files, attempt 2 of 5 in 0 s\n", messages, StringComparison.Ordinal);
        Assert.Equal(("abc", "abc"), (_folder.Read("one"), _folder.Read("two")));
    }

    private static byte[] CreateContent(int length)
    {
        byte[] content = new byte[length];
        new Random(4).NextBytes(content);
        return content;
    }
}
