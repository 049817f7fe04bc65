using System.Text;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Shell;

/// <summary>The client against servers whose names are not UTF-8, whose paths have no slashes, or whose listings work in another
/// way.</summary>
public sealed class ForeignServerTests : IDisposable
{
    private const string Row = "-rw-r--r-- 1 o g 7 Jan  2  2020 ";

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private Task<(int Code, string Data, string Messages)> RunAsync(ScriptedServer server, string input, params string[] options) =>
        RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", server.Port, .. options], input);

    private string[] ListLocalFiles() =>
        [.. Directory.EnumerateFiles(_folder.Path).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    private static ScriptedServer Listing(params string[] names) => ScriptedServer.Start(
        new() { ["CWD"] = "250 ok" },
        new() { ["LIST"] = stream => stream.WriteAsync(Encoding.Latin1.GetBytes(string.Concat(names.Select(name => $"{Row}{name}\r\n"))))
            .AsTask(), ["RETR"] = ScriptedServer.CreatePayload("content") });

    [Fact]
    public async Task A_name_that_is_not_UTF8_is_shown_by_its_bytes_and_gets_one_of_Latin1_here()
    {
        using ScriptedServer server = Listing("caf\u00e9.txt", "plain.txt");
        (int code, string data, string messages) = await RunAsync(server, "nlist\nget *\nget caf\\xe9.txt --overwrite\n");
        Assert.Equal((0, "caf\\xe9.txt\nplain.txt\n"), (code, data));
        Assert.Equal(["caf\u00e9.txt", "plain.txt"], ListLocalFiles());
        Assert.Contains("downloaded caf\u00e9.txt", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_names_that_would_be_one_here_are_reported_and_only_the_first_is_fetched()
    {
        // Latin-1 and UTF-8 of one word.
        using ScriptedServer server = Listing("caf\u00e9.txt", "caf\u00c3\u00a9.txt");
        (int code, _, string messages) = await RunAsync(server, "get * --overwrite\n");
        Assert.Equal(9, code);
        Assert.Equal(["caf\u00e9.txt"], ListLocalFiles());
        Assert.Contains("has the same local name", messages, StringComparison.Ordinal);
        Assert.Single(server.ReceivedCommands, command => command.StartsWith("RETR", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_encoding_is_used_for_names_both_ways()
    {
        using ScriptedServer server = Listing("\u00ce\u00c4\u00bc\u00fe.txt");
        (int code, string data, _) = await RunAsync(server, "nlist\nget *\n", "--encoding", "gbk");
        Assert.Equal((0, "\u6587\u4ef6.txt\n"), (code, data));
        Assert.Equal(["\u6587\u4ef6.txt"], ListLocalFiles());
    }

    [Fact]
    public async Task A_name_that_the_encoding_does_not_have_is_not_sent()
    {
        using ScriptedServer server = Listing("a");
        (int code, _, string messages) = await RunAsync(server, "rm \u6587\u4ef6.txt\n", "--encoding", "latin1");
        Assert.Equal(1, code);
        Assert.Contains(
            "cannot be sent, because the encoding iso-8859-1 cannot represent some of its characters", messages, StringComparison.Ordinal);
        Assert.DoesNotContain(server.ReceivedCommands, command => command.StartsWith("DELE", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("klingon", "unknown encoding; use, for example, utf-8, latin1")]
    [InlineData("utf-16", "not supported, because it does not encode ASCII unchanged")]
    public async Task An_encoding_that_cannot_be_used_is_a_usage_error(string name, string said)
    {
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["client", "--encoding", name]);
        Assert.Equal(2, code);
        Assert.Contains(said, messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_without_slashes_is_entered_and_its_names_are_sent_alone()
    {
        using ScriptedServer server = ScriptedServer.Start(
            new() { ["CWD"] = "250 ok", ["PWD"] = "257 \"QGPL\" is current library.",
                ["SYST"] = "215 OS/400 is the remote operating system." },
            new() { ["LIST"] = ScriptedServer.CreatePayload($"{Row}X.MBR\r\n"), ["RETR"] = ScriptedServer.CreatePayload("content") });
        (int code, string data, _) = await RunAsync(server, "cd QGPL\nnlist\nget X.MBR\n");
        Assert.Equal((0, "X.MBR\n"), (code, data));
        Assert.Equal(["PWD", "CWD QGPL", "PWD", "SYST"], server.ReceivedCommands.SkipWhile(command => command != "PWD").Take(4));
        Assert.Contains("LIST", server.ReceivedCommands);
        Assert.Contains("RETR X.MBR", server.ReceivedCommands);
    }

    [Fact]
    public async Task A_listing_of_a_path_asks_for_the_path_and_not_for_its_parent()
    {
        using ScriptedServer server = Listing("x");
        (int code, string data, _) = await RunAsync(server, "nlist sub\n");
        Assert.Equal((0, "x\n"), (code, data));
        Assert.Equal(["LIST -a sub"], server.ReceivedCommands.Where(command => command.StartsWith("LIST", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_local_name_that_is_not_UTF8_fails_and_is_counted()
    {
        Directory.CreateDirectory(_folder["up"]);
        File.WriteAllText(_folder["up/good"], "x");
        // The runtime can neither create nor remove such a name.
        await RunShellScriptAsync("printf x > \"$0/up/$(printf 'caf\\351')\"");
        try
        {
            using ScriptedServer server =
                ScriptedServer.Start(new() { ["CWD"] = "250 ok" }, new() { ["LIST"] = ScriptedServer.CreatePayload($"{Row}other\r\n") });
            (int code, _, string messages) = await RunAsync(server, "mirror -R up top --dry-run\n");
            Assert.Equal(9, code);
            Assert.Contains("its name is not UTF-8", messages, StringComparison.Ordinal);
        }
        finally
        {
            await RunShellScriptAsync("rm -r \"$0/up\"");
        }
    }

    private async Task RunShellScriptAsync(string command)
    {
        using var shell = System.Diagnostics.Process.Start("/bin/sh", ["-c", command, _folder.Path]);
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
    }
}
