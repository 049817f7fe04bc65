using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Fts.Accounts.Sql.Sqlite;
using Fts.ProgramTests.Support;
using SQLitePCL;

namespace Fts.ProgramTests.EndToEnd.Administration;

/// <summary>Tests of <c>fts events</c> and <c>fts log</c>, while the server runs and while it does not.</summary>
public sealed class EventsTests : IDisposable
{
    private readonly TestFolder _folder = new(), _state = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _folder.Dispose();
        _state.Dispose();
    }

    [Fact]
    public async Task Events_are_listed_shown_and_verified_while_the_server_runs_and_after_it_stopped()
    {
        await using (RunningServer server = await StartAsync("--events"))
        {
            await UploadAsync(server.Port, "a.txt", "abcd");
            await CheckAsync(["events", "list", "--type", "uploaded"], 0, "uploaded anonymous /a.txt (4 B, complete) from 127.0.0.1\n");
            await CheckAsync(["events", "verify"], 0, " events, unchanged\nlast hash ");
            await CheckAsync(["ban", "add", "203.0.113.7", "--reason", "port scans", "--time", "2h"], 0, "banned 203.0.113.7\n");
            server.Program.SendSignal(15);
            Assert.Equal(0, await server.Program.WaitForExitAsync());
        }

        (int code, string json, _) = await RunAsync("events", "list", "--json");
        Assert.Equal(0, code);
        JsonElement[] events = [.. json.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal("administrator", events[2].GetProperty("source").GetString());
        Assert.Equal(Environment.UserName, events[2].GetProperty("actor").GetString());
        Assert.Equal(["login", "uploaded", "banned"], events.Select(each => each.GetProperty("type").GetString()));
        Assert.Equal([1, 2, 3], events.Select(each => each.GetProperty("id").GetInt32()));
        Assert.All(events, each => Assert.Equal(1, each.GetProperty("schemaVersion").GetInt32()));
        Assert.Equal("203.0.113.7", events[2].GetProperty("address").GetString());
        Assert.EndsWith("Z: port scans", events[2].GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(json.Split('\n')[1] + "\n", (await RunAsync("events", "show", "2", "--json")).Data);
        await CheckAsync(["events", "show", "2"], 0, "path      /a.txt\nbytes     4\nverdict   complete\nprevious  ");
        await CheckAsync(["events", "show", "4"], 6, "error: no event has the number 4\n");
        await CheckAsync(["events", "list", "--limit", "1"], 0, "older events exist; --limit 0 prints all\n");
        await CheckAsync(["events", "list", "--since", "2099-01-01"], 0, "no such events\n");
        await CheckAsync(["events", "list", "--type", "upload"], 2, "--type upload: no such type");
        await CheckAsync(["log", "--from", "203.0.113.7"], 0, "banned - 203.0.113.7: by " + Environment.UserName + ", until ");
        await CheckAsync(["log"], 2, "a path, --user or --from is missing");
        Change("UPDATE events SET bytes = 5 WHERE id = 2");
        await CheckAsync(["events", "verify"], 1, "event 2: The event was changed: its hash does not match its content.\n");
    }

    [Fact]
    public async Task The_log_of_a_file_includes_its_earlier_name()
    {
        await using RunningServer server = await StartAsync("--events");
        await UploadAsync(
            server.Port, "draft", "abcd", "MKD d", "RNFR draft", "RNTO d/report", "SITE SYMLINK d/report link", "DELE d/report");
        (int code, string data, _) = await RunAsync("log", "d/report");
        Assert.Equal(0, code);
        Assert.Equal(
            [
                "uploaded anonymous /draft (4 B, complete) from 127.0.0.1", "renamed anonymous /draft -> /d/report from 127.0.0.1",
                "link_made anonymous /link -> /d/report from 127.0.0.1", "deleted anonymous /d/report (4 B) from 127.0.0.1",
            ],
            data.TrimEnd('\n').Split('\n').Select(line => line[(line.IndexOf(':', StringComparison.Ordinal) + 7)..]));
        await CheckAsync(["log", "/d", "--user", "anonymous", "--since", "1h", "--limit", "1"], 0, "deleted anonymous /d/report");
        await CheckAsync(["log", "/other"], 0, "no such events\n");
    }

    [Fact]
    public async Task Changes_of_accounts_are_events_without_passwords_if_the_last_start_had_events()
    {
        await CheckAsync(["user", "add", "before", "--no-password"], 0, "");
        await using (RunningServer server = await StartAsync(
            ["--events"], ("FTS_USER_carl", $"secret-of-carl:{_folder["carl"]}")))
        {
            server.Program.SendSignal(15);
            Assert.Equal(0, await server.Program.WaitForExitAsync());
        }

        await CheckAsync(["user", "add", "ann", "--generate", "--quota-bytes", "10G"], 0, "");
        await CheckAsync(["user", "passwd", "ann", "--generate"], 0, "");
        await CheckAsync(["user", "disable", "ann"], 0, "");
        _folder.Write("accounts.json", """{ "accounts": { "dora": { "quotaFiles": "7" } } }""");
        await CheckAsync(["user", "apply", "accounts.json"], 0, "");
        await CheckAsync(["ban", "add", "ann@192.0.2.7"], 0, "");
        (_, string json, _) = await RunAsync("events", "list", "--json");
        Assert.DoesNotContain("secret", json, StringComparison.Ordinal);
        Assert.DoesNotContain("pbkdf2", json, StringComparison.Ordinal);
        Assert.Equal(
            [
                "carl: added by NAME: passwordHash, home", "ann: added by NAME: passwordHash, quotaBytes",
                "ann: changed by NAME: passwordHash", "ann: disabled by NAME", "dora: added by NAME: quotaFiles",
                "ann: until it is removed: banned by the administrator",
            ],
            json.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).Select(each =>
                $"{each.GetProperty("account")}: {each.GetProperty("detail")}"
                    .Replace($"by {Environment.UserName}", "by NAME", StringComparison.Ordinal)));
        await using (await StartAsync())
        {
            await CheckAsync(["user", "remove", "ann"], 0, "");
        }

        Assert.Equal(json, (await RunAsync("events", "list", "--json")).Data);
    }

    [Fact]
    public async Task After_kill_9_no_acknowledged_upload_is_missing_and_the_chain_is_whole()
    {
        await using (RunningServer server = await StartAsync("--events"))
        {
            for (int upload = 0; upload < 20; upload++)
            {
                await UploadAsync(server.Port, $"{upload}.txt", "abcd");
            }

            server.Program.SendSignal(9);
            await server.Program.WaitForExitAsync();
        }

        // The events are in the database already, or a note states that they are in the journal.
        (int code, string data, string messages) = await RunAsync("events", "list", "--type", "uploaded");
        Assert.Equal(0, code);
        int stored = data.Split('\n').Length - 1;
        Assert.True(stored == 20 || messages.Contains("note: a killed server left ", StringComparison.Ordinal), messages);
        await CheckAsync(["events", "verify"], 0, "");
        await using RunningServer again = await StartAsync("--events");
        (_, data, messages) = await RunAsync("events", "list", "--type", "uploaded");
        Assert.Equal(20, data.Split('\n').Length - 1);
        Assert.Equal("", messages);
        await CheckAsync(["events", "verify"], 0, "unchanged");
    }

    [Fact]
    public async Task Without_a_database_or_events_the_message_states_what_to_do()
    {
        await CheckAsync(["events", "list"], 3, $"no server has used the state directory {_state.Path}");
        await using RunningServer server = await StartAsync();
        await CheckAsync(["events", "list"], 0, $"no events in {_state.Path}; fts server --events records them\n");
        await CheckAsync(["events", "verify"], 0, "no events\n");
    }

    [Theory]
    [InlineData("events --help", "Usage: fts events COMMAND")]
    [InlineData("events list --help", "Usage: fts events list")]
    [InlineData("events show --help", "Usage: fts events show")]
    [InlineData("help events verify", "Usage: fts events verify")]
    [InlineData("log --help", "Usage: fts log PATH")]
    [InlineData("user recount --help", "Usage: fts user recount")]
    public async Task Help_pages_fit_the_terminal(string arguments, string start)
    {
        (int code, string data, _) = await RunningProgram.RunAsync(_folder.Path, arguments.Split(' '));
        Assert.Equal(0, code);
        Assert.StartsWith(start, data, StringComparison.Ordinal);
        Assert.All(data.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    /// <summary>Uploads a file and then sends commands, all as an anonymous client.</summary>
    private static async Task UploadAsync(int port, string name, string content, params string[] commands)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port, Token);
        using var reader = new StreamReader(client.GetStream());
        await ReadAsync();
        string reply = await SendAsync("USER anonymous");
        if (reply.StartsWith("331", StringComparison.Ordinal))
        {
            await SendAsync("PASS x");
        }

        await SendAsync("TYPE I");
        await SendAsync($"ALLO {content.Length}"); // proves that the upload is complete
        reply = await SendAsync("EPSV");
        using (var data = new TcpClient())
        {
            await data.ConnectAsync("127.0.0.1", int.Parse(reply.Split('|')[3], null), Token);
            await SendAsync($"STOR {name}");
            await data.GetStream().WriteAsync(Encoding.ASCII.GetBytes(content), Token);
            data.Client.Shutdown(SocketShutdown.Send);
            Assert.StartsWith("226", await ReadAsync(), StringComparison.Ordinal);
        }

        foreach (string command in commands)
        {
            Assert.Matches("^[23]", await SendAsync(command));
        }

        async Task<string> SendAsync(string command)
        {
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(command + "\r\n"), Token);
            return await ReadAsync();
        }

        async Task<string> ReadAsync() => await reader.ReadLineAsync(Token) ?? "";
    }

    /// <summary>Changes the database as another program would.</summary>
    private void Change(string sql)
    {
        SqliteDatabase.Open(_state["fts.db"]).Dispose(); // loads the library
        Assert.Equal(raw.SQLITE_OK, raw.sqlite3_open(_state["fts.db"], out sqlite3 database));
        using (database)
        {
            Assert.Equal(raw.SQLITE_OK, raw.sqlite3_exec(database, sql));
        }
    }

    private Task<RunningServer> StartAsync(params string[] options) => StartAsync(options, []);

    private Task<RunningServer> StartAsync(string[] options, params (string Name, string? Value)[] environment) =>
        RunningServer.StartOnFolderAsync(_folder, [], ["--state", _state.Path, "--anonymous", "write", .. options], environment);

    private Task<(int Code, string Data, string Messages)> RunAsync(params string[] arguments) =>
        RunningProgram.RunAsync(_folder.Path, [.. arguments, "--state", _state.Path]);

    private async Task CheckAsync(string[] arguments, int expectedCode, string expectedOutput)
    {
        (int code, string data, string messages) = await RunAsync(arguments);
        Assert.Contains(expectedOutput, data + messages, StringComparison.Ordinal);
        Assert.Equal(expectedCode, code);
    }
}
