using System.Net.Sockets;
using Fts.Accounts;
using Fts.Accounts.Passwords;
using Fts.Accounts.Settings;
using Fts.Accounts.Sql;
using Fts.Accounts.Sql.Sqlite;
using Fts.ProgramTests.Support;
using Fts.Storage;

namespace Fts.ProgramTests.EndToEnd.Serving;

/// <summary><c>fts server</c> with accounts in a state directory.</summary>
public sealed class AccountTests : IDisposable
{
    private readonly TestFolder _folder = new(), _data = new();

    private string State => _data["state"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _folder.Dispose();
        _data.Dispose();
    }

    [Fact]
    public async Task Accounts_of_environment_variables_have_their_own_homes()
    {
        await using RunningServer server = await StartAsync(
            [], ("FTS_USER_anna", $"first:secret:{_data["homes/anna"]}"), ("FTS_USER_bob", $"second:{_data["homes/bob"]}"));
        Assert.Contains($"  accounts  2 in {State}", server.Program.Messages, StringComparison.Ordinal);
        Assert.DoesNotContain("  password", server.Program.Messages, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_data["homes/anna"]));
        Assert.Equal(["230", "257"], await RunAsync(server, "USER anna", "PASS first:secret", "MKD mine"));
        Assert.Equal(["230", "257"], await RunAsync(server, "USER bob", "PASS second", "MKD mine"));
        Assert.True(Directory.Exists(_data["homes/anna/mine"]));
        Assert.Equal(["530"], await RunAsync(server, "USER anna", "PASS second"));
        Assert.Equal(["530"], await RunAsync(server, "USER anonymous", "PASS x"));
        if (!OperatingSystem.IsWindows())
        {
            const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
            Assert.Equal(Owner, File.GetUnixFileMode(_data["homes/anna"]));
            Assert.Equal(Owner, File.GetUnixFileMode(State));
        }
    }

    [Fact]
    public async Task Explain_names_a_home_that_the_sandbox_of_the_running_server_excludes()
    {
        await using RunningServer server = await StartAsync([], ("FTS_USER_anna", $"secret:{_data["homes/anna"]}"));
        string far = _data["far/away/bob"];
        Directory.CreateDirectory(far);
        string[] state = ["--state", State];
        await RunningProgram.RunAsync(_data.Path, ["user", "add", "bob", "--generate", "--home", far, .. state]);
        (int code, string data, _) = await RunningProgram.RunAsync(_data.Path, ["user", "explain", "bob", "RETR", "/a", .. state]);
        (int annaCode, string annaData, _) = await RunningProgram.RunAsync(_data.Path, ["user", "explain", "anna", "RETR", "/a", .. state]);
        Assert.Equal((0, "RETR /a: allowed, rule /=* (set by default)\n"), (annaCode, annaData));
        if (server.Program.Messages.Contains("  sandbox   process restricted", StringComparison.Ordinal))
        {
            Assert.Equal(7, code);
            Assert.StartsWith(
                $"login: refused by home.unavailable, home {far} (set by account): the sandbox of the running server excludes it; ", data,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Environment_variables_can_give_the_home_and_the_password_separately()
    {
        File.WriteAllText(_data["password"], "from:/file\nsecond line\n");
        await using RunningServer server = await StartAsync(
            [],
            ("FTS_USER_anna", "with:/slash"), ("FTS_USER_anna_HOME", _data["homes/anna"]),
            ("FTS_USER_bob_PASSWORD_FILE", _data["password"]), ("FTS_USER_bob_HOME", _data["homes/bob"]),
            ("FTS_USER_carl", "with:/slash"), ("FTS_USER_carl_HOME", ""),
            ("FTS_USER_DB_PORT", "tcp://10.0.0.12:5432"), ("FTS_PORT_21_TCP", "tcp://10.0.0.12:21"));
        Assert.Contains($"  accounts  3 in {State}", server.Program.Messages, StringComparison.Ordinal);
        await server.Program.WaitForOutputAsync(
            "environment variable FTS_USER_DB_PORT ignored, because it describes a service of a container system");
        Assert.Equal(["230", "257"], await RunAsync(server, "USER anna", "PASS with:/slash", "MKD mine"));
        Assert.Equal(["230", "257"], await RunAsync(server, "USER bob", "PASS from:/file", "MKD mine"));
        Assert.Equal(["230"], await RunAsync(server, "USER carl", "PASS with:/slash"));
        Assert.True(Directory.Exists(_data["homes/anna/mine"]));
        Assert.True(Directory.Exists(_data["homes/bob/mine"]));
    }

    [Theory]
    [InlineData("FTS_USER_anna_HOME=/srv/anna", "FTS_USER_anna_HOME needs FTS_USER_anna or FTS_USER_anna_PASSWORD_FILE")]
    [InlineData(
        "FTS_USER_anna=x FTS_USER_anna_PASSWORD_FILE=/y", "FTS_USER_anna and FTS_USER_anna_PASSWORD_FILE cannot be set at the same time")]
    [InlineData("FTS_USER_anna_PASSWORD_FILE=/missing/file", "FTS_USER_anna_PASSWORD_FILE /missing/file: cannot read the file")]
    public async Task Incomplete_variables_of_an_account_are_errors(string variables, string message)
    {
        (string, string?)[] environment = [.. variables.Split(' ').Select(text => (text.Split('=')[0], (string?)text.Split('=')[1]))];
        await using RunningProgram program = RunningProgram.Start(
            _folder.Path, ["server", "127.0.0.1", "0", "--state", State], environment);
        Assert.NotEqual(0, await program.WaitForExitAsync());
        Assert.Contains(message, program.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Changes_by_another_process_apply_to_running_sessions_inside_the_sandbox()
    {
        await using RunningServer server = await StartAsync([], ("FTS_USER_anna", $"secret:{_data["homes/anna"]}"));
        using var session = new ControlConnection(server.Port);
        Assert.Equal(["230", "257"], await session.RunAsync("USER anna", "PASS secret", "MKD one"));
        Change(account => account with { Access = account.Access with { Rules = [new(StorePath.Root, Permissions.ReadOnly)] } });
        Assert.Equal("553", await session.RepeatUntilAsync("MKD x", "RMD x", "553"));
        Change(account => account with { IsEnabled = false });
        Assert.Equal("421", await session.ReadUntilClosedAsync());
        await server.Program.WaitForOutputAsync("ended: the account anna can no longer be used (account.disabled)");
        Assert.Equal(["530"], await RunAsync(server, "USER anna", "PASS secret"));
    }

    [Fact]
    public async Task A_home_that_was_moved_is_created_again_at_the_next_login()
    {
        await using RunningServer server = await StartAsync([], ("FTS_USER_anna", $"secret:{_data["homes/anna"]}"));
        using (var first = new ControlConnection(server.Port))
        {
            Assert.Equal(["230", "257"], await first.RunAsync("USER anna", "PASS secret", "MKD old"));
            Directory.Move(_data["homes/anna"], _data["homes/moved"]);
            Assert.Equal(["230", "257"], await RunAsync(server, "USER anna", "PASS secret", "MKD new"));
        }

        Assert.True(Directory.Exists(_data["homes/anna/new"]));
        Assert.False(Directory.Exists(_data["homes/moved/new"]));
    }

    [Fact]
    public async Task An_account_added_later_gets_a_home_beside_the_others()
    {
        Directory.CreateDirectory(_data["existing/there"]);
        await using RunningServer server = await StartAsync([], ("FTS_USER_anna", $"secret:{_data["homes/anna"]}"));
        using (var database = SqliteDatabase.Open(Path.Combine(State, "fts.db")))
        {
            var outside = new AccountSettings("out") { PasswordHash = Hash("pw"), Access = new() { Home = _data["elsewhere/out"] } };
            var there = new AccountSettings("there") { PasswordHash = Hash("pw"), Access = new() { Home = _data["existing/%u"] } };
            new SqlAccountDatabase(database).Apply(
            [
                AccountChange.Add(new AccountSettings("carl") { PasswordHash = Hash("pw"), Access = new() { Home = _data["homes/%u"] } }),
                AccountChange.Add(outside),
                AccountChange.Add(there),
            ]);
        }

        Assert.Equal(["230", "257"], await RunAsync(server, "USER carl", "PASS pw", "MKD mine"));
        Assert.True(Directory.Exists(_data["homes/carl/mine"]));
        if (server.Program.Messages.Contains("(Landlock)", StringComparison.Ordinal))
        {
            Assert.Equal(["530"], await RunAsync(server, "USER out", "PASS pw"));
            Assert.Equal(["530"], await RunAsync(server, "USER there", "PASS pw"));
            await server.Program.WaitForOutputAsync("--homes");
        }
    }

    [Fact]
    public async Task Without_accounts_the_login_stays_as_it_is_and_an_account_takes_over()
    {
        await using RunningServer server = await StartAsync([]);
        Assert.Contains($"  accounts  0 in {State}", server.Program.Messages, StringComparison.Ordinal);
        Assert.Equal(["230"], await RunAsync(server, "USER anonymous", "PASS x"));
        using (var database = SqliteDatabase.Open(Path.Combine(State, "fts.db")))
        {
            new SqlAccountDatabase(database).Apply([AccountChange.Add(new AccountSettings("anna") { PasswordHash = Hash("secret") })]);
        }

        Assert.Equal(["530"], await RunAsync(server, "USER anonymous", "PASS x"));
        Assert.Equal(["230", "257"], await RunAsync(server, "USER anna", "PASS secret", "MKD shared"));
        Assert.True(Directory.Exists(_folder["shared"]));
    }

    [Fact]
    public async Task Two_servers_cannot_use_one_state_directory()
    {
        await using RunningServer server = await StartAsync([]);
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["server", "127.0.0.1", "0", "--state", State], "");
        Assert.Equal(11, code);
        Assert.Contains($"another fts server uses the state folder {State}", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_database_is_an_error()
    {
        Directory.CreateDirectory(State);
        File.WriteAllText(Path.Combine(State, "fts.db"), new string('x', 5000));
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["server", "127.0.0.1", "0", "--state", State], "");
        Assert.Equal(11, code);
        Assert.Contains("the file is not a database; restore it from a backup", messages, StringComparison.Ordinal);
    }

    private static string Hash(string password) => PasswordHash.Create(password, PasswordHash.MinIterations).Text;

    private static async Task<string[]> RunAsync(RunningServer server, params string[] commands)
    {
        using var session = new ControlConnection(server.Port);
        return await session.RunAsync(commands);
    }

    private Task<RunningServer> StartAsync(string[] options, params (string, string?)[] environment) =>
        RunningServer.StartOnFolderAsync(_folder, [], ["--state", State, .. options], environment);

    private void Change(Func<AccountSettings, AccountSettings> change)
    {
        using var database = SqliteDatabase.Open(Path.Combine(State, "fts.db"));
        var accounts = new SqlAccountDatabase(database);
        accounts.Apply([AccountChange.Update(change(accounts.ReadAll().Accounts.Single().Value))]);
    }

    /// <summary>A control connection that reports only the codes of final replies, without those of USER.</summary>
    private sealed class ControlConnection : IDisposable
    {
        private readonly TcpClient _client;
        private readonly StreamReader _reader;

        public ControlConnection(int port)
        {
            _client = new TcpClient("127.0.0.1", port);
            _reader = new StreamReader(_client.GetStream());
            Assert.StartsWith("220", _reader.ReadLine(), StringComparison.Ordinal);
        }

        public async Task<string[]> RunAsync(params string[] commands)
        {
            var codes = new List<string>();
            foreach (string command in commands)
            {
                string code = await SendAsync(command);
                if (code != "331")
                {
                    codes.Add(code);
                }
            }

            return [.. codes];
        }

        /// <summary>Sends a command until it receives a reply. Undoes each success.</summary>
        public async Task<string> RepeatUntilAsync(string command, string undo, string expected)
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Token);
            deadline.CancelAfter(Deadline.Default);
            while (await SendAsync(command) is var code && code != expected)
            {
                await SendAsync(undo);
                deadline.Token.ThrowIfCancellationRequested();
            }

            return expected;
        }

        /// <summary>Returns the code of the last reply before the server closes the connection.</summary>
        public async Task<string> ReadUntilClosedAsync()
        {
            string last = "";
            while (await _reader.ReadLineAsync(Token).AsTask().WaitAsync(Deadline.Default, Token) is { } line)
            {
                last = line[..3];
            }

            return last;
        }

        public void Dispose()
        {
            _reader.Dispose();
            _client.Dispose();
        }

        private async Task<string> SendAsync(string command)
        {
            await _client.GetStream().WriteAsync(System.Text.Encoding.UTF8.GetBytes(command + "\r\n"), Token);
            string line = await _reader.ReadLineAsync(Token).AsTask().WaitAsync(Deadline.Default, Token) ?? throw new IOException("closed");
            return line[..3];
        }
    }
}
