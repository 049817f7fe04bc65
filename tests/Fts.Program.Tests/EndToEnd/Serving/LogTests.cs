using System.Text.Json;
using System.Text.RegularExpressions;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Serving;

/// <summary>The log of <c>fts server</c> in a file and in other formats.</summary>
public sealed class LogTests : IDisposable
{
    private readonly TestFolder _folder = new(), _logs = new();

    private string LogFile => _logs["server.log"];

    public void Dispose()
    {
        _folder.Dispose();
        _logs.Dispose();
    }

    [Fact]
    public async Task A_log_file_has_the_events_and_standard_error_only_the_start_screen()
    {
        await using RunningServer server = await RunningServer.StartAsync("0", "--log-file", LogFile);
        _folder.Write("a.txt", "12345");
        Assert.Equal(0, (await server.RunClientAsync(_folder, "put a.txt")).Code);
        await StopAsync(server);
        string log = _logs.Read("server.log");
        Assert.Matches(@"(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \[1\] anonymous@127\.0\.0\.1 stored /a\.txt: 5 bytes in ", log);
        Assert.DoesNotContain("anonymous@", server.Program.Messages, StringComparison.Ordinal);
        Assert.DoesNotContain("password", log, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(LogFile) & ~(UnixFileMode)Convert.ToInt32("640", 8));
    }

    [Fact]
    public async Task Sighup_opens_the_log_file_again_for_log_rotation()
    {
        await using RunningServer server = await RunningServer.StartAsync("0", "--log-file", LogFile);
        _folder.Write("a.txt", "12345");
        Assert.Equal(0, (await server.RunClientAsync(_folder, "put a.txt")).Code);
        File.Move(LogFile, _logs["server.log.1"]);
        server.Program.SendSignal(1);
        await WaitForFileAsync(LogFile);
        Assert.Equal(0, (await server.RunClientAsync(_folder, "rm a.txt")).Code);
        await StopAsync(server);
        Assert.Contains("stored /a.txt", _logs.Read("server.log.1"), StringComparison.Ordinal);
        Assert.DoesNotContain("deleted /a.txt", _logs.Read("server.log.1"), StringComparison.Ordinal);
        Assert.Contains("deleted /a.txt", _logs.Read("server.log"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_file_in_the_served_folder_is_hidden_even_after_rotation()
    {
        using var served = new TestFolder();
        string log = served["server.log"];
        await using RunningServer server = await RunningServer.StartOnFolderAsync(served, [], ["--log-file", log]);
        Assert.NotEqual(0, (await server.RunClientAsync(_folder, "get server.log")).Code);
        File.Move(log, _logs["server.log.1"]);
        server.Program.SendSignal(1);
        await WaitForFileAsync(log);
        Assert.NotEqual(0, (await server.RunClientAsync(_folder, "get server.log")).Code);
        _folder.Write("forged", "x");
        Assert.NotEqual(0, (await server.RunClientAsync(_folder, "put --overwrite forged server.log")).Code);
        Assert.DoesNotContain(_folder.Names, name => name.Contains("server.log", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Json_has_one_object_for_each_event_with_stable_names()
    {
        await using RunningServer server = await RunningServer.StartAsync("0", "--log-file", LogFile, "--log-format", "json");
        _folder.Write("a.txt", "12345");
        await server.RunClientAsync(_folder, "put a.txt", "mkdir made", "mv a.txt made/b.txt", "get made/b.txt", "rm missing");
        await StopAsync(server);
        JsonElement[] events = [.. _logs.Read("server.log").TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
        JsonElement stored = Find(events, "stored");
        Assert.Equal(
            "1 anonymous 127.0.0.1 TLSv1.3 /a.txt 5 complete STOR I",
            Describe(stored, "session", "account", "address", "tls", "path", "bytes", "verdict", "verb", "type"));
        Assert.True(stored.GetProperty("milliseconds").GetInt64() >= 0);
        Assert.Equal("/made/b.txt 5 complete RETR", Describe(Find(events, "retrieved"), "path", "bytes", "verdict", "verb"));
        Assert.Equal(
            ["MKD /made", "RNTO /a.txt /made/b.txt"],
            events.Where(entry => GetName(entry) == "fileChanged").Where(entry => Describe(entry, "verb") is "MKD" or "RNTO")
                .Select(entry => Describe(entry, entry.TryGetProperty("target", out _) ? ["verb", "path", "target"] : ["verb", "path"])));
        Assert.Equal("anonymous 127.0.0.1 TLSv1.3", Describe(Find(events, "loggedIn"), "account", "address", "tls"));
        Assert.Equal(["started", "stopping", "stopped"],
            events.Select(GetName).Where(name => name is "started" or "stopping" or "stopped"));
        Assert.All(events, entry => Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", Describe(entry, "time")));
    }

    [Fact]
    public async Task Json_on_standard_error_contains_the_start_screen()
    {
        await using RunningServer server = await RunningServer.StartAsync("0", "--log-format", "json");
        await StopAsync(server);
        string[] lines = server.Program.Messages.TrimEnd().Split('\n');
        Assert.All(lines, line => JsonDocument.Parse(line));
        Assert.Contains(lines, line => GetName(JsonDocument.Parse(line).RootElement) == "screen");
    }

    [Fact]
    public async Task Xferlog_has_the_transfers_and_standard_error_the_events()
    {
        await using RunningServer server = await RunningServer.StartAsync("0", "--log-file", LogFile, "--log-format", "xferlog");
        _folder.Write("a b.txt", "12345");
        await server.RunClientAsync(_folder, "put 'a b.txt'");
        File.Delete(_folder["a b.txt"]);
        await server.RunClientAsync(_folder, "get 'a b.txt'", "mkdir made", "rm 'a b.txt'");
        await StopAsync(server);
        string[] lines = _logs.Read("server.log").TrimEnd().Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Matches(XferlogPattern("5 /a_b.txt b _ i a"), lines[0]);
        Assert.Matches(XferlogPattern("5 /a_b.txt b _ o a"), lines[1]);
        Assert.Matches(XferlogPattern("0 /a_b.txt b _ d a"), lines[2]);
        Assert.Contains("created directory /made", server.Program.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Xferlog_without_a_file_and_an_unwritable_file_are_errors()
    {
        (int usage, _, string usageMessage) =
            await RunningProgram.RunAsync(_folder.Path, ["server", "127.0.0.1", "0", "--log-format", "xferlog"]);
        Assert.Equal(2, usage);
        Assert.Contains("--log-format xferlog needs --log-file", usageMessage, StringComparison.Ordinal);
        (int file, _, string fileMessage) =
            await RunningProgram.RunAsync(_folder.Path, ["server", "127.0.0.1", "0", "--log-file", "missing/server.log"]);
        Assert.Equal(11, file);
        Assert.Contains("missing/server.log", fileMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_disk_does_not_stop_the_server()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "Only Linux has /dev/full.");
        await using RunningServer server = await RunningServer.StartAsync("0", "--log-file", "/dev/full");
        _folder.Write("a.txt", "12345");
        Assert.Equal(0, (await server.RunClientAsync(_folder, "put a.txt")).Code);
        File.Delete(_folder["a.txt"]);
        Assert.Equal(0, (await server.RunClientAsync(_folder, "get a.txt")).Code);
        await StopAsync(server);
    }

    private static async Task StopAsync(RunningServer server)
    {
        server.Program.SendSignal(15);
        Assert.Equal(0, await server.Program.WaitForExitAsync());
    }

    /// <summary>Waits until a file exists. The server reports the signal only in that file.</summary>
    private static async Task WaitForFileAsync(string path)
    {
        using var deadline = new CancellationTokenSource(Deadline.Default);
        while (!File.Exists(path))
        {
            await Task.Delay(5, deadline.Token);
        }
    }

    private static string XferlogPattern(string middle) =>
        $@"^\w{{3}} \w{{3}} \d\d \d\d:\d\d:\d\d \d{{4}} \d+ 127\.0\.0\.1 {Regex.Escape(middle)} anonymous ftp 0 \* c$";

    private static JsonElement Find(JsonElement[] events, string name) => events.Single(entry => GetName(entry) == name);

    private static string GetName(JsonElement entry) => entry.GetProperty("event").GetString()!;

    private static string Describe(JsonElement entry, params string[] names) =>
        string.Join(' ', names.Select(name => entry.GetProperty(name).ToString()));
}
