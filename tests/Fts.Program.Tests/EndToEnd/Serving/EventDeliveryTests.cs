using System.Security.Cryptography.X509Certificates;
using System.Text;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Serving;

/// <summary>The published server in its sandbox delivers events to a program and a web hook.</summary>
public sealed class EventDeliveryTests : IDisposable
{
    private const string Secret = "correct horse battery staple";

    private readonly TestFolder _served = new(), _data = new();

    public EventDeliveryTests()
    {
        // Each event is appended to a file. While the file "broken" exists, the program fails.
        WriteProgram(
            """
            [ -e broken ] && { echo no scanner; exit 3; }
            cat >> received
            echo "$1|$FTS_EVENT_TYPE|${FTS_WEBHOOK_SECRET-none}|${NOTIFY_SOCKET-none}" >> arguments
            """);
    }

    private string State => _data["state"];

    private string[] Received => File.Exists(_data["received"]) ? File.ReadAllLines(_data["received"]) : [];

    public void Dispose()
    {
        _served.Dispose();
        _data.Dispose();
    }

    [Fact]
    public async Task A_program_outside_the_sandbox_receives_each_event_once_and_no_secrets()
    {
        await using RunningServer server = await StartAsync(["--on-event", _data["program"], "--on-event=--fast $(x)"]);
        Assert.Contains($"  events    to {_data["program"]}", server.Program.Messages, StringComparison.Ordinal);
        await UploadAsync(server, "report.txt");
        await WaitForAsync(() => Received.Length == 2 && File.ReadAllLines(_data["arguments"]).Length == 2);
        Assert.Contains("\"id\":1,", Received[0], StringComparison.Ordinal);
        Assert.Contains("\"type\":\"login\"", Received[0], StringComparison.Ordinal);
        Assert.Contains("\"path\":\"/report.txt\",\"bytes\":7,", Received[1], StringComparison.Ordinal);
        Assert.Equal(["--fast $(x)|login|none|none", "--fast $(x)|uploaded|none|none"], File.ReadAllLines(_data["arguments"]));
        Assert.Equal("/\n", await File.ReadAllTextAsync(_data["directory"], TestContext.Current.CancellationToken));
        await StopAsync(server);
        Assert.Empty(FindRunners(server.Program.Id));
    }

    [Fact]
    public async Task A_web_hook_receives_signed_events_and_a_failure_is_repeated()
    {
        await using var receiver = new HttpReceiver(null, "500 Internal Server Error", "200 OK");
        await using RunningServer server = await StartAsync(
            ["--webhook", $"http://127.0.0.1:{receiver.Port}/hook", "--event-type", "uploaded"], ("FTS_WEBHOOK_SECRET", Secret));
        await UploadAsync(server, "report.txt");
        ReceivedRequest failed = await receiver.ReceiveAsync(), repeated = await receiver.ReceiveAsync();
        Assert.Equal(failed.Body, repeated.Body);
        Assert.Equal("2", repeated.Headers["X-Fts-Event-Id"]);
        Assert.Contains("\"type\":\"uploaded\"", Encoding.UTF8.GetString(repeated.Body), StringComparison.Ordinal);
        byte[] signed = [.. Encoding.ASCII.GetBytes(repeated.Headers["X-Fts-Timestamp"] + "."), .. repeated.Body];
        string expected = Convert.ToHexStringLower(
            System.Security.Cryptography.HMACSHA256.HashData(Encoding.ASCII.GetBytes(Secret), signed));
        Assert.Equal("sha256=" + expected, repeated.Headers["X-Fts-Signature"]);
        await server.Program.WaitForOutputAsync("delivered event 2 (account anonymous) to webhook after 1 failed attempts");
        Assert.DoesNotContain(Secret, server.Program.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Https_works_with_a_trusted_authority_and_the_secret_of_a_file()
    {
        var authority = new AuthorityFiles(_data);
        using X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(authority.WritePem("127.0.0.1"));
        await using var receiver = new HttpReceiver(certificate, "204 No Content");
        _data.Write("secret", Secret + "\n");
        await using RunningServer server = await StartAsync(
            ["--webhook", $"https://127.0.0.1:{receiver.Port}/hook?key=1", "--webhook-secret-file", _data["secret"]],
            ("SSL_CERT_FILE", authority.RootFile));
        Assert.Contains($"  events    to https://127.0.0.1:{receiver.Port}/hook\n", server.Program.Messages, StringComparison.Ordinal);
        await UploadAsync(server, "report.txt");
        Assert.Equal("login", (await receiver.ReceiveAsync()).Headers["X-Fts-Event-Type"]);
        Assert.Equal("POST /hook?key=1 HTTP/1.1", (await receiver.ReceiveAsync()).FirstLine);
    }

    [Fact]
    public async Task Dead_letters_are_listed_and_replayed_while_the_server_runs()
    {
        _data.Write("broken", "");
        await using RunningServer server = await StartAsync(
            ["--on-event", _data["program"], "--event-type", "uploaded", "--event-attempts", "1"]);
        await UploadAsync(server, "report.txt");
        await server.Program.WaitForOutputAsync(
            "event 2 (account anonymous) is a dead letter: program failed 1 times, the last time: exit code 3: no scanner");
        (int code, string dead, _) = await RunAsync("events", "dead");
        Assert.Equal(0, code);
        Assert.Matches(@"^2   program  uploaded  anonymous  \S+Z  1         exit code 3: no scanner$", dead.Split('\n')[1]);
        (_, string json, _) = await RunAsync("events", "dead", "--json");
        Assert.Contains("\"event\": {\"schemaVersion\":1,\"id\":2,", json, StringComparison.Ordinal);
        Assert.Equal(
            "TARGET   PENDING  DEAD  OLDEST PENDING  ERROR OF OLDEST PENDING\nprogram  0        1     -               -\n",
            (await RunAsync("events", "targets")).Data);
        File.Delete(_data["broken"]);
        Assert.Equal("1 delivery will be made\n", (await RunAsync("events", "replay", "--dead")).Data);
        await WaitForAsync(() => Received.Length == 1);
        Assert.Contains("\"id\":2,", Received[0], StringComparison.Ordinal);
        await WaitForAsync(() => RunAsync("events", "targets").GetAwaiter().GetResult().Data
            .Contains("program  0        0", StringComparison.Ordinal));
        Assert.Equal((0, "", "no dead letters\n"), await RunAsync("events", "dead"));
    }

    [Theory]
    [InlineData(2, "replay: --since, --id or --dead is missing", "replay")]
    [InlineData(2, "--id x: must be the number of an event", "replay", "--id", "x")]
    [InlineData(
        2, "--since soon: must be a time like 2027-01-31 or 2027-01-31T12:00:00Z, or a time before now like 90s, 15m, 2h or 7d",
        "replay", "--since", "soon")]
    [InlineData(6, "no event has the number 99999, or no target delivers it", "replay", "--id", "99999")]
    [InlineData(6, "no server has delivered events to the target webhook", "replay", "--dead", "--target", "webhook")]
    public async Task A_replay_without_a_valid_selection_is_an_error(int exitCode, string message, params string[] arguments)
    {
        await using (RunningServer server = await StartAsync(["--on-event", _data["program"]]))
        {
            await StopAsync(server);
        }

        (int code, _, string messages) = await RunAsync(["events", .. arguments]);
        Assert.Equal(exitCode, code);
        Assert.Contains(message, messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task If_the_runner_ends_the_server_logs_it_and_the_next_start_delivers()
    {
        await using (RunningServer server = await StartAsync(["--on-event", _data["program"]]))
        {
            RunningProgram.SendSignal(Assert.Single(FindRunners(server.Program.Id)), 9);
            await server.Program.WaitForOutputAsync("the process that delivers events has ended");
            await UploadAsync(server, "report.txt");
            await StopAsync(server);
            Assert.Empty(Received);
        }

        await using RunningServer next = await StartAsync(["--on-event", _data["program"]]);
        await WaitForAsync(() => Received.Length == 2);
    }

    [Fact]
    public async Task The_program_starts_with_the_limit_on_open_files_that_the_server_had_at_its_start()
    {
        WriteProgram($"ulimit -Sn > '{_data["limit"]}'; mv '{_data["limit"]}' '{_data["received"]}'");
        await using RunningServer server = await RunningServer.StartOnFolderAsync(
            _served, ["sh", "-c", "ulimit -Sn 1024; exec \"$@\"", "sh"], ["--state", State, "--events", "--on-event", _data["program"]]);
        await UploadAsync(server, "report.txt");
        await WaitForAsync(() => Received.Length == 1);
        Assert.Equal(["1024"], Received);
    }

    [Fact]
    public async Task Another_program_receives_the_waiting_events_unless_they_are_skipped()
    {
        _data.Write("broken", "");
        await using (RunningServer server = await StartAsync(["--on-event", _data["program"]]))
        {
            await UploadAsync(server, "report.txt");
            await server.Program.WaitForOutputAsync("exit code 3: no scanner");
            await StopAsync(server);
        }

        File.Move(_data["program"], _data["fixed"]);
        await using (RunningServer next = await StartAsync(["--on-event", _data["fixed"]]))
        {
            await next.Program.WaitForOutputAsync(
                $"warning: up to 2 earlier events are delivered to the program {_data["fixed"]}; fts events skip discards them\n");
            Assert.Equal((2, ""), ((await RunAsync("events", "skip")) is var missing ? (missing.Code, missing.Data) : default));
            Assert.Equal("0 deliveries discarded\n", (await RunAsync("events", "skip", "--target", "program", "--before", "2020-01-01")).Data);
            Assert.Equal("2 deliveries discarded\n", (await RunAsync("events", "skip", "--target", "program")).Data);
            File.Delete(_data["broken"]);
            await UploadAsync(next, "later.txt");
            await WaitForAsync(() => Received.Length == 2);
            await StopAsync(next);
        }

        Assert.All(Received, line => Assert.Matches("\"id\":[34],", line));
    }

    [Fact]
    public async Task No_client_can_reach_the_file_of_the_secret()
    {
        _served.Write("secret", Secret);
        await using RunningServer server = await StartAsync(
            ["--webhook", "http://127.0.0.1:9/", "--webhook-secret-file", _served["secret"]]);
        (_, _, string messages) = await server.RunClientAsync(_data, "get secret", "delete secret");
        Assert.Equal(Secret, _served.Read("secret"));
        Assert.False(File.Exists(_data["secret"]), messages);
    }

    [Fact]
    public async Task A_program_that_clients_or_the_server_could_replace_is_refused()
    {
        foreach (string folder in (string[])[_served.Path, State, _data["log"]])
        {
            Directory.CreateDirectory(folder);
            string program = Path.Combine(folder, "program");
            File.Copy(_data["program"], program);
            (int code, _, string messages) = await RunningProgram.RunAsync(
                _served.Path, ["server", "127.0.0.1", "0", "--state", State, "--events", "--on-event", program, "--log-file", _data["log/fts.log"]]);
            Assert.Equal(11, code);
            Assert.Contains($"the file is in {folder}, which the server can write", messages, StringComparison.Ordinal);
        }
    }

    private async Task<RunningServer> StartAsync(string[] options, params (string Name, string? Value)[] environment) =>
        await RunningServer.StartOnFolderAsync(
            _served, [], ["--state", State, "--events", .. options],
            [("NOTIFY_SOCKET", ""), .. environment]);

    private Task<(int Code, string Data, string Messages)> RunAsync(params string[] arguments) =>
        RunningProgram.RunAsync(_data.Path, [.. arguments, "--state", State]);

    private async Task UploadAsync(RunningServer server, string name)
    {
        _data.Write(name, "content");
        (int code, _, string messages) = await server.RunClientAsync(_data, $"put {name}");
        Assert.True(code == 0, messages);
    }

    private static async Task StopAsync(RunningServer server)
    {
        server.Program.SendSignal(15);
        Assert.Equal(0, await server.Program.WaitForExitAsync());
    }

    private void WriteProgram(string script)
    {
        _data.Write("program", $"#!/bin/sh\necho \"$PWD\" > '{_data["directory"]}'\ncd '{_data.Path}'\n{script}\n");
        File.SetUnixFileMode(_data["program"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Returns the identifiers of the children of a process.</summary>
    private static int[] FindRunners(int server)
    {
        string file = $"/proc/{server}/task/{server}/children";
        return File.Exists(file)
            ? [.. File.ReadAllText(file).Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(text => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture))]
            : [];
    }

    /// <summary>Waits until another process has changed its files.</summary>
    private static async Task WaitForAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Deadline.Default);
        while (!condition())
        {
            await Task.Delay(20, deadline.Token);
        }
    }
}
