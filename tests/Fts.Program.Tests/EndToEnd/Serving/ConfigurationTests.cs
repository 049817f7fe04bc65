using System.Text.Json;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Serving;

/// <summary>Tests of the configuration file and of <c>fts config</c>.</summary>
public sealed class ConfigurationTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_server_uses_the_file_the_environment_and_the_command_line()
    {
        using var shared = new TestFolder();
        _folder.Write("fts.json", $$"""{ "folder": "{{shared.Path}}", "tls": "off", "debug": 1, "maxSessions": 1 }""");
        await using RunningServer server = await RunningServer.StartAsync(
            ["--tls", "required"], ("FTS_CONFIG", _folder["fts.json"]), ("FTS_DEBUG", "0"));
        Assert.Contains($"  folder    {shared.Path}\n", server.Program.Messages, StringComparison.Ordinal);
        Assert.Contains("  tls       required\n", server.Program.Messages, StringComparison.Ordinal);
        shared.Write("a.txt", "content");
        await server.RunClientAsync(_folder, "get a.txt");
        Assert.Equal("content", _folder.Read("a.txt"));
        Assert.DoesNotContain("USER ", server.Program.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clients_cannot_read_the_file()
    {
        _folder.Write("fts.json", "{}");
        await using RunningServer server = await RunningServer.StartOnFolderAsync(_folder, [], ["--config", "fts.json"]);
        using var local = new TestFolder();
        (int code, _, string messages) = await server.RunClientAsync(local, "get fts.json");
        Assert.NotEqual(0, code);
        Assert.Empty(local.Names);
        Assert.Contains("error: ", messages, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\n  \"dataTimeout\": \"abc\"\n}", 2, "error: fts.json:2: dataTimeout \"abc\": must be a time like 30s or 2m\n")]
    [InlineData("{\n  \"foldr\": \"/srv\"\n}", 2, "error: fts.json:2: unknown key \"foldr\"; did you mean folder?\n")]
    [InlineData("{\n\n  \"folder\": \"/missing\"\n}", 11, "error: fts.json:3: folder \"/missing\": no such folder\n")]
    [InlineData("{ \"cert\": \"missing.pem\" }", 11, "error: fts.json:1: cannot use cert \"missing.pem\": no such file or folder")]
    [InlineData(
        "{ \"cert\": \"fts.json\" }", 11,
        "error: fts.json:1: cannot use cert \"fts.json\": it does not contain a certificate and its private key")]
    [InlineData(
        "{\n  \"cert\": \"fts.json\",\n  \"key\": \"no.key\"\n}", 11,
        "error: fts.json:3: cannot use key \"no.key\": no such file or folder")]
    public async Task Server_and_check_report_the_same_errors(string content, int exitCode, string message)
    {
        _folder.Write("fts.json", content);
        foreach (string[] command in (string[][])[["server", "127.0.0.1", "0"], ["config", "check"]])
        {
            (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, [.. command, "--config", "fts.json"]);
            Assert.Equal(exitCode, code);
            Assert.Contains(message, messages, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(
        "{\n  \"logFile\": \"none/fts.log\"\n}", "error: fts.json:2: logFile \"none/fts.log\": cannot write the log file: no such file")]
    [InlineData("{\n  \"logFile\": \"folder\"\n}", "error: fts.json:2: logFile \"folder\": cannot write the log file: it is a folder")]
    [InlineData(
        "{\n  \"legacyServer\": \"ftp://old.example\",\n  \"legacyGroup\": \"old\",\n  \"state\": \"none\"\n}",
        "error: fts.json:3: legacyGroup \"old\": no such group\n")]
    [InlineData("{\n  \"state\": \"fts.json/state\"\n}", "error: fts.json:2: state \"fts.json/state\": cannot use the folder: ")]
    public async Task The_check_names_a_file_that_the_server_could_not_use(string content, string message)
    {
        _folder.Write("fts.json", content);
        Directory.CreateDirectory(_folder["folder"]);
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["config", "check", "--config", "fts.json"]);
        Assert.Equal(message.Contains("legacy", StringComparison.Ordinal) ? 2 : 11, code);
        Assert.Contains(message, messages, StringComparison.Ordinal);
        Assert.Equal(["folder", "fts.json"], _folder.Names.Order());
    }

    [Fact]
    public async Task The_check_names_an_account_whose_directory_cannot_be_used()
    {
        _folder.Write("file", "");
        string[] state = ["--state", _folder["state"]];
        await RunAsync("user", "add", "ann", "--no-password", "--home", _folder["homes/ann"]);
        Assert.Equal(0, (await RunAsync("config", "check")).Code);
        Assert.False(Directory.Exists(_folder["homes"]));
        await RunAsync("user", "set", "ann", "--home", _folder["file/ann"]);
        (int code, string messages) = await RunAsync("config", "check");
        Assert.Equal(11, code);
        Assert.Contains(
            $"error: account ann: home {_folder["file/ann"]} (set by account): {_folder["file"]} is not a folder\n", messages,
            StringComparison.Ordinal);
        await RunAsync("user", "set", "ann", "--home", _folder["homes/ann"], "--mount", $"/pub={_folder["none"]}");
        (code, messages) = await RunAsync("config", "check");
        Assert.Equal(11, code);
        Assert.Contains(
            $"error: account ann: mount /pub {_folder["none"]} (set by account): no such file or folder\n", messages,
            StringComparison.Ordinal);

        async Task<(int Code, string Messages)> RunAsync(params string[] command)
        {
            (int exitCode, _, string text) = await RunningProgram.RunAsync(_folder.Path, [.. command, .. state]);
            return (exitCode, text);
        }
    }

    [Theory]
    [InlineData("--config", "missing.json", "cannot read --config missing.json: no such file or folder")]
    [InlineData(null, "missing.json", "cannot read FTS_CONFIG missing.json: no such file or folder")]
    [InlineData("--config", ".", "cannot read --config .: ")]
    public async Task A_file_that_cannot_be_read_is_an_error(string? option, string file, string message)
    {
        string[] options = option is null ? [] : [option, file];
        (int code, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["config", "check", .. options], "", ("FTS_CONFIG", option is null ? file : null));
        Assert.Equal(11, code);
        Assert.StartsWith($"error: {message}", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_prints_each_setting_with_its_origin()
    {
        _folder.Write("fts.json", "{\n  \"ip\": \"0.0.0.0\",\n  \"host\": [\"a.example=.\",\n    \"b.example=.\"]\n}");
        (int code, string data, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["config", "check", "--config", "fts.json", "--data-timeout", "5s"], "", ("FTS_TLS", "required"));
        Assert.Equal((0, ""), (code, messages));
        string[] lines = [.. data.Split('\n').Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))];
        Assert.Contains("ip 0.0.0.0 file fts.json:2", lines);
        Assert.Contains("port 65432 default", lines);
        Assert.Contains($"folder {_folder.Path} default", lines);
        Assert.Contains("host a.example=. file fts.json:3", lines);
        Assert.Contains("host b.example=. file fts.json:4", lines);
        Assert.Contains("tls required environment FTS_TLS", lines);
        Assert.Contains("dataTimeout 5s command line", lines);
        Assert.Contains("durable false default", lines);
        Assert.Contains("clientCa (not set) default", lines);
    }

    [Fact]
    public async Task Check_reports_all_errors_with_line_key_and_allowed_values()
    {
        _folder.Write("fts.json", """
            {
              "foldr": "/srv",
              "port": "abc",
              "tls": "maybe",
              "neverBan": ["10.0.0.0/8", "x", { "a": [1] }, "y"],
              "webhook": "ftp://x",
              "webhookSecretFile": "needs no second error",
              "folder": "/missing",
              "host": ["a=/missing"],
              "hostCert": ["b=none.pem"],
              "cert": "none.pem",
              "logFile": "none/fts.log",
              "maxSessions": 0
            }
            """);
        (int code, string data, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["config", "check", "--config", "fts.json", "--json", "--ban-time", "soon"], "", ("FTS_DURABLE", "maybe"));
        Assert.Equal(2, code);
        Assert.Equal(
            [
                "error: fts.json:2: unknown key \"foldr\"; did you mean folder?",
                "error: fts.json:4: tls \"maybe\": must be \"optional\", \"required\" or \"off\"",
                "error: fts.json:5: neverBan {…}: must be a string or an array of strings",
                "error: FTS_DURABLE \"maybe\": must be 1, true, yes, on, 0, false, no or off",
                "error: fts.json:3: port \"abc\": must be a number from 0 to 65535",
                "error: fts.json:10: hostCert b needs host b=FOLDER",
                "error: fts.json:13: maxSessions 0: must be a whole number, 1 or more",
                "error: --ban-time soon: must be a time like 90s, 15m, 2h or 7d",
                "error: fts.json:6: webhook: must be a URL with http or https, and without a user name",
                "error: fts.json:8: folder \"/missing\": no such folder",
                "error: fts.json:9: host \"a=/missing\": no such folder",
                "error: fts.json:11: cannot use cert \"none.pem\": no such file or folder",
                "error: fts.json:12: logFile \"none/fts.log\": cannot write the log file: no such file or folder",
            ],
            messages.TrimEnd('\n').Split('\n').Where(line => !line.StartsWith(' ')));
        string[] lines = data.TrimEnd('\n').Split('\n');
        Assert.Contains(
            """
            {"type":"error","exitCode":2,"message":"fts.json:13: maxSessions 0: must be a whole number, 1 or more","key":"maxSessions","origin":"file","file":"fts.json","line":13}
            """, lines);
        Assert.DoesNotContain(lines, line => line.StartsWith("{\"type\":\"setting\",\"key\":\"tls\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Check_reports_each_bad_value_of_a_list_and_a_syntax_error_after_other_errors()
    {
        _folder.Write("fts.json", "{\n\"neverBan\": [\"10.0.0.0/8\", \"x\", \"y\"],\n\"quiet\": 3,\n\"durable\" true }");
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["config", "check", "--config", "fts.json"]);
        Assert.Equal(2, code);
        Assert.Equal(
            [
                "error: fts.json:3: quiet 3: must be true or false",
                "error: fts.json:4: invalid JSON: 't' is invalid after a property name. Expected a ':'",
                "error: fts.json:2: neverBan \"x\": 'x' is not an IP address or a network such as 10.0.0.0/8",
                "error: fts.json:2: neverBan \"y\": 'y' is not an IP address or a network such as 10.0.0.0/8",
            ],
            messages.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task Check_names_all_accounts_whose_directories_cannot_be_used()
    {
        _folder.Write("file", "");
        string[] state = ["--state", _folder["state"]];
        foreach (string name in (string[])["ann", "bob"])
        {
            await RunningProgram.RunAsync(
                _folder.Path, ["user", "add", name, "--no-password", "--home", _folder[$"file/{name}"], .. state]);
        }

        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["config", "check", "--homes", "none", .. state]);
        Assert.Equal(11, code);
        Assert.Equal(
            [
                "error: --homes none: no such folder",
                $"error: account ann: home {_folder["file/ann"]} (set by account): {_folder["file"]} is not a folder",
                $"error: account bob: home {_folder["file/bob"]} (set by account): {_folder["file"]} is not a folder",
            ],
            messages.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task Check_prints_json_lines()
    {
        _folder.Write("fts.json", "{\n  \"port\": 2121,\n  \"durable\": true,\n \"host\": [\"a.example=.\"]\n}");
        (int code, string data, _) = await RunningProgram.RunAsync(
            _folder.Path, ["config", "check", "--json", "--config", "fts.json"], "", ("FTS_TLS", "required"));
        Assert.Equal(0, code);
        string[] lines = data.TrimEnd('\n').Split('\n');
        Assert.All(lines, line => JsonDocument.Parse(line).Dispose());
        Assert.Equal("""{"schema":"fts.config/1"}""", lines[0]);
        Assert.Contains("""{"type":"setting","key":"port","value":"2121","origin":"file","file":"fts.json","line":2}""", lines);
        Assert.Contains("""{"type":"setting","key":"durable","value":true,"origin":"file","file":"fts.json","line":3}""", lines);
        Assert.Contains("""{"type":"setting","key":"host","value":["a.example=."],"origin":"file","file":"fts.json","line":4}""", lines);
        Assert.Contains("""{"type":"setting","key":"tls","value":"required","origin":"environment","variable":"FTS_TLS"}""", lines);
        Assert.Contains("""{"type":"setting","key":"clientCa","value":null,"origin":"default"}""", lines);
        Assert.Equal("""{"type":"result","exitCode":0}""", lines[^1]);
    }

    [Fact]
    public async Task Check_reports_an_error_as_the_last_json_line()
    {
        (int code, string data, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["config", "check", "--json"], "", ("FTS_PORT", "x"));
        Assert.Equal(2, code);
        string[] lines = data.TrimEnd('\n').Split('\n');
        using var result = JsonDocument.Parse(lines[^1]);
        Assert.Equal(2, result.RootElement.GetProperty("exitCode").GetInt32());
        Assert.Equal("FTS_PORT \"x\": must be a number from 0 to 65535", result.RootElement.GetProperty("error").GetString());
        Assert.Equal("error: FTS_PORT \"x\": must be a number from 0 to 65535\n", messages);
    }

    [Fact]
    public async Task Check_warns_about_a_misspelt_variable()
    {
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["config", "check"], "", ("FTS_DATA_TIMOUT", "5s"));
        Assert.Equal(0, code);
        Assert.Equal("warning: FTS_DATA_TIMOUT is not a setting; did you mean FTS_DATA_TIMEOUT?\n", messages);
    }

    [Fact]
    public async Task Check_creates_nothing()
    {
        using var state = new TestFolder();
        (int code, _, _) = await RunningProgram.RunAsync(_folder.Path, ["config", "check"], "", ("XDG_STATE_HOME", state.Path));
        Assert.Equal(0, code);
        Assert.Empty(state.Names);
        Assert.Empty(_folder.Names);
    }

    [Fact]
    public async Task Hangup_applies_quiet_and_logs_settings_that_need_a_restart()
    {
        using var settings = new TestFolder();
        settings.Write("fts.json", """{ "maxSessions": 10 }""");
        await using RunningServer server = await RunningServer.StartOnFolderAsync(_folder, [], ["--config", settings["fts.json"]]);

        settings.Write("fts.json", """{ "maxSessions": 20, "quiet": true, }""");
        server.Program.SendSignal(1);
        await server.Program.WaitForOutputAsync($"setting quiet changed in {settings["fts.json"]}, applied\n");
        await server.Program.WaitForOutputAsync($"warning: setting maxSessions changed in {settings["fts.json"]}, restart to apply\n");

        using var local = new TestFolder();
        await server.RunClientAsync(local, "ls");
        settings.Write("fts.json", """{ "maxSessions": 10, "quiet": false }""");
        server.Program.SendSignal(1);
        await server.Program.WaitForOutputAsync($"setting quiet changed in {settings["fts.json"]}, applied\n", times: 2);
        Assert.DoesNotContain("logged in", server.Program.Messages, StringComparison.Ordinal);
        await server.RunClientAsync(local, "ls");
        await server.Program.WaitForOutputAsync("logged in");
    }

    [Fact]
    public async Task Hangup_turns_the_log_of_commands_on_and_off()
    {
        using var settings = new TestFolder();
        settings.Write("fts.json", "{}");
        await using RunningServer server = await RunningServer.StartAsync([], ("FTS_CONFIG", settings["fts.json"]));
        using var local = new TestFolder();
        await server.RunClientAsync(local, "ls");
        Assert.DoesNotContain("] > USER", server.Program.Messages, StringComparison.Ordinal);
        settings.Write("fts.json", """{ "debug": true }""");
        server.Program.SendSignal(1);
        await server.Program.WaitForOutputAsync($"setting debug changed in {settings["fts.json"]}, applied\n");
        await server.RunClientAsync(local, "ls");
        await server.Program.WaitForOutputAsync("] > USER");
        await server.Program.WaitForOutputAsync("] < 221");
        settings.Write("fts.json", """{ "debug": 0 }""");
        server.Program.SendSignal(1);
        await server.Program.WaitForOutputAsync($"setting debug changed in {settings["fts.json"]}, applied\n", times: 2);
        int before = server.Program.Messages.Split("] > QUIT").Length;
        await server.RunClientAsync(local, "ls");
        await server.RunClientAsync(local, "ls");
        await server.Program.WaitForOutputAsync("logged in", times: 4);
        Assert.Equal(before, server.Program.Messages.Split("] > QUIT").Length);
    }

    [Fact]
    public async Task Hangup_with_an_invalid_or_missing_file_changes_nothing()
    {
        using var settings = new TestFolder();
        settings.Write("fts.json", "{}");
        await using RunningServer server = await RunningServer.StartOnFolderAsync(_folder, [], ["--config", settings["fts.json"]]);
        settings.Write("fts.json", "{\n\"quiet\": true,\n\"dataTimeout\": \"abc\" }");
        server.Program.SendSignal(1);
        await server.Program.WaitForOutputAsync(
            $"error: {settings["fts.json"]}:3: dataTimeout \"abc\": must be a time like 30s or 2m; the running settings stay\n");
        settings.Write("fts.json", "{\n\"dataTimeout\": \"cba\",\n\"banTime\": \"cba\" }");
        server.Program.SendSignal(1);
        await server.Program.WaitForOutputAsync("fts.json:2: dataTimeout \"cba\": must be a time like 30s or 2m; the running");
        await server.Program.WaitForOutputAsync("fts.json:3: banTime \"cba\": must be a time like 90s, 15m, 2h or 7d; the running");
        File.Delete(settings["fts.json"]);
        server.Program.SendSignal(1);
        await server.Program.WaitForOutputAsync("no such file or folder; the running settings stay\n");
        using var local = new TestFolder();
        (int code, _, _) = await server.RunClientAsync(local, "ls");
        Assert.Equal(0, code);
        await server.Program.WaitForOutputAsync("logged in");
    }

    [Fact]
    public async Task Schema_prints_the_documented_schema()
    {
        (int code, string data, _) = await RunningProgram.RunAsync(_folder.Path, ["config", "schema"]);
        Assert.Equal(0, code);
        Assert.Equal(File.ReadAllText(Path.Combine(Repository.Root, "docs", "fts-config.schema.json")), data);
    }
}
