using System.Net.Sockets;
using System.Text.Json;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Administration;

/// <summary>Tests of <c>fts status</c>, <c>fts kick</c> and <c>fts ban</c> with a running server.</summary>
public sealed class AdministrationTests : IDisposable
{
    private readonly TestFolder _folder = new(), _state = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _folder.Dispose();
        _state.Dispose();
    }

    [Fact]
    public async Task Status_lists_a_session_with_its_upload_and_kick_ends_it()
    {
        await using RunningServer server = await StartAsync();
        await CheckAsync(["status"], 0, "no sessions\n");
        using Session session = await Session.LogInAsync(server.Port);
        using TcpClient data = await session.OpenDataAsync();
        await session.SendAsync("STOR a.txt", "150");
        await data.GetStream().WriteAsync("abcd"u8.ToArray(), Token);
        JsonElement row;
        do
        {
            (int code, string json, _) = await RunAsync("status", "--json");
            Assert.Equal(0, code);
            row = Assert.Single(JsonDocument.Parse(json).RootElement.GetProperty("sessions").EnumerateArray());
        }
        while (!row.TryGetProperty("transfer", out JsonElement transfer) || transfer.GetProperty("bytes").GetInt64() != 4);
        Assert.Equal("anonymous", row.GetProperty("account").GetString());
        Assert.Equal("/a.txt", row.GetProperty("transfer").GetProperty("path").GetString());
        Assert.Equal("upload", row.GetProperty("transfer").GetProperty("kind").GetString());
        await CheckAsync(["status"], 0, " 1 anonymous        127.0.0.1 ");
        await CheckAsync(["kick", "1", "--reason", "Maintenance."], 0, "ended session 1\n");
        Assert.StartsWith("426 ", await session.ReadAsync(), StringComparison.Ordinal);
        Assert.Equal("421 Session ended by the administrator: Maintenance.", await session.ReadAsync());
        await CheckAsync(["kick", "1"], 6, "error: no session 1\n");
        await server.Program.WaitForOutputAsync($"warning: [1] ended by {Environment.UserName} with fts kick\n");
        await server.Program.WaitForOutputAsync("[1] ended: Session ended by the administrator: Maintenance.");
    }

    [Fact]
    public async Task A_stored_ban_of_a_network_that_is_never_banned_is_logged_at_the_start_and_marked()
    {
        await using (await StartAsync("--events"))
        {
        }

        await CheckAsync(["ban", "add", "10.1.0.0/16"], 0, "banned 10.1.0.0/16\n");
        await CheckAsync(["ban", "remove", "10.1.0.0/16"], 0, "");
        await CheckAsync(
            ["events", "list"], 0, $"unbanned - 10.1.0.0/16: by {Environment.UserName}, removed by an administrator: banned by the");
        await CheckAsync(["ban", "add", "10.1.0.0/16"], 0, "banned 10.1.0.0/16\n");
        await using RunningServer server = await StartAsync("--never-ban", "10.0.0.0/8");
        await server.Program.WaitForOutputAsync(
            "warning: the ban of 10.1.0.0/16 has no effect, because its network is never banned\n");
        await CheckAsync(["ban", "list"], 0, "\n  effect: none, because the network is never banned (--never-ban)\n");
        await CheckAsync(["ban", "show", "10.1.0.0/16"], 0, "\neffect    none, because the network is never banned (--never-ban)\n");
        await CheckAsync(["ban", "list", "--json"], 0, "\"hasNoEffect\":true");
    }

    [Fact]
    public async Task Bans_are_shown_and_survive_the_server()
    {
        await using (RunningServer server = await StartAsync())
        {
            await CheckAsync(["ban", "list"], 0, "no bans\n");
            await CheckAsync(["ban", "add", "203.0.113.0/24", "--reason", "port scans"], 0, "banned 203.0.113.0/24\n");
            await CheckAsync(["ban", "add", "ann@2001:db8::1", "--time", "2h"], 0, "banned ann@2001:db8::/64\n");
            await CheckAsync(["ban", "add", "127.0.0.1"], 2, "never banned");
            await CheckAsync(["ban", "list"], 0, "203.0.113.0/24       -    port scans\n");
            await CheckAsync(["ban", "show", "203.0.113.9/24"], 0, $"source    administrator ({Environment.UserName})\n");
            await CheckAsync(
                ["ban", "show", "203.0.113.9"], 6, "203.0.113.9 has no ban of its own, but the ban of 203.0.113.0/24 includes it");
            await CheckAsync(["ban", "show", "198.51.100.7"], 6, "198.51.100.7 is not banned");
            server.Program.SendSignal(15);
            Assert.Equal(0, await server.Program.WaitForExitAsync());
        }

        Assert.DoesNotContain("control.sock", _state.Names);
        await CheckAsync(["ban", "remove", "ann@2001:db8::/64"], 0, "removed the ban of ann@2001:db8::/64\n");
        await CheckAsync(["ban", "remove", "ann@2001:db8::/64"], 6, "not banned");
        await CheckAsync(["ban", "add", "198.51.100.7"], 0, "banned 198.51.100.7\n");
        await using RunningServer again = await StartAsync();
        (int code, string json, _) = await RunAsync("ban", "list", "--json");
        Assert.Equal(0, code);
        Assert.Equal(
            ["203.0.113.0/24", "198.51.100.7"],
            JsonDocument.Parse(json).RootElement.GetProperty("bans").EnumerateArray().Select(ban => ban.GetProperty("subject").GetString()));
    }

    [Fact]
    public async Task Without_a_server_the_error_names_the_state_directory()
    {
        await CheckAsync(["status"], 3, $"no running server uses the state directory {_state.Path}");
        await CheckAsync(["kick", "1"], 3, $"no running server uses the state directory {_state.Path}");
        await CheckAsync(["ban", "list"], 3, $"no server has used the state directory {_state.Path}");
    }

    [Fact]
    public async Task After_kill_9_the_next_server_uses_the_directory_and_a_second_one_is_refused()
    {
        await using (RunningServer killed = await StartAsync())
        {
            killed.Program.SendSignal(9);
            await killed.Program.WaitForExitAsync();
        }

        Assert.Contains("control.sock", _state.Names);
        await CheckAsync(["status"], 3, "no running server");
        await using RunningServer server = await StartAsync();
        await CheckAsync(["status"], 0, "no sessions\n");
        (int code, _, string messages) =
            await RunningProgram.RunAsync(_folder.Path, ["server", "127.0.0.1", "0", "--state", _state.Path]);
        Assert.Equal(11, code);
        Assert.Contains($"another fts server uses the state folder {_state.Path}", messages, StringComparison.Ordinal);
        await CheckAsync(["status"], 0, "no sessions\n");
    }

    [Fact]
    public async Task Clients_cannot_read_the_state_directory()
    {
        string inside = Directory.CreateDirectory(_folder["state"]).FullName;
        await using RunningServer server = await RunningServer.StartOnFolderAsync(_folder, [], ["--state", inside]);
        using Session session = await Session.LogInAsync(server.Port);
        await session.SendAsync("CWD state", "550");
        await session.SendAsync("SIZE state/fts.db", "550");
    }

    [Fact]
    public async Task Another_user_cannot_use_the_control_socket()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && File.Exists("/usr/bin/setpriv"), "needs root and setpriv");
        await using RunningServer server = await StartAsync();
        string[] asNobody = ["--reuid=65534", "--regid=65534", "--clear-groups", PublishedProgram.Path, "status", "--state", _state.Path];
        await using RunningProgram refused = RunningProgram.StartFile("setpriv", "/", asNobody);
        refused.CloseInput();
        Assert.Equal(7, await refused.WaitForExitAsync());
        Assert.Contains("permission denied", refused.Messages, StringComparison.Ordinal);
        // The credentials of the peer are checked even if the modes of the files are wrong.
        const UnixFileMode everyone = (UnixFileMode)0b111_111_111;
        File.SetUnixFileMode(_state.Path, everyone);
        File.SetUnixFileMode(_state["control.sock"], everyone);
        await using RunningProgram closed = RunningProgram.StartFile("setpriv", "/", asNobody);
        closed.CloseInput();
        Assert.Equal(1, await closed.WaitForExitAsync());
        Assert.DoesNotContain("no sessions", closed.Data, StringComparison.Ordinal);
        await server.Program.WaitForOutputAsync("a connection to the control socket was refused: it belongs to another user");
    }

    private Task<RunningServer> StartAsync(params string[] options) =>
        RunningServer.StartOnFolderAsync(_folder, [], ["--state", _state.Path, .. options]);

    private Task<(int Code, string Data, string Messages)> RunAsync(params string[] arguments) =>
        RunningProgram.RunAsync(_folder.Path, [.. arguments, "--state", _state.Path]);

    private async Task CheckAsync(string[] arguments, int expectedCode, string expectedOutput)
    {
        (int code, string data, string messages) = await RunAsync(arguments);
        Assert.Contains(expectedOutput, data + messages, StringComparison.Ordinal);
        Assert.Equal(expectedCode, code);
    }

    /// <summary>The client's side of a session.</summary>
    private sealed class Session : IDisposable
    {
        private readonly TcpClient _client = new();
        private StreamReader _reader = StreamReader.Null;

        public static async Task<Session> LogInAsync(int port)
        {
            var session = new Session();
            await session._client.ConnectAsync("127.0.0.1", port, Token);
            session._reader = new StreamReader(session._client.GetStream());
            Assert.StartsWith("220 ", await session.ReadAsync(), StringComparison.Ordinal);
            await session.SendAsync("USER anonymous", "");
            return session;
        }

        /// <summary>Sends a command and expects a reply code.</summary>
        public async Task<string> SendAsync(string command, string expectedCode)
        {
            await _client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(command + "\r\n"), Token);
            string reply = await ReadAsync();
            Assert.StartsWith(expectedCode, reply, StringComparison.Ordinal);
            if (reply.StartsWith("331", StringComparison.Ordinal))
            {
                return await SendAsync("PASS x", "230");
            }

            return reply;
        }

        public async Task<TcpClient> OpenDataAsync()
        {
            string reply = await SendAsync("EPSV", "229");
            var data = new TcpClient();
            await data.ConnectAsync("127.0.0.1", int.Parse(reply.Split('|')[3], System.Globalization.CultureInfo.InvariantCulture), Token);
            return data;
        }

        public async Task<string> ReadAsync() => await _reader.ReadLineAsync(Token) ?? "";

        public void Dispose()
        {
            _reader.Dispose();
            _client.Dispose();
        }
    }
}
