using System.Text.Json;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Administration;

/// <summary>Tests of <c>fts user</c> and <c>fts group</c> with the published program.</summary>
public sealed class UserCommandTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_account_is_added_shown_changed_and_removed()
    {
        _folder.Write("password", "correct horse\nsecond line\n");
        File.SetUnixFileMode(_folder["password"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Equal(
            (0, "", ""),
            await RunAsync(
                "user", "add", "ann", "--home", "/srv/ftp/ann", "--password-file", "password", "--permit", "/=lr", "--permit", "/in=c",
                "--mount", "/pub=/srv/pub:ro", "--quota-bytes", "10G", "--quota-files", "1000", "--rate-up", "2M", "--rate-down", "500K",
                "--sessions", "4", "--network", "192.0.2.0/24", "--network", "2001:db8::/32", "--require-tls",
                "--expires", "2027-01-31T12:00:00+00:00", "--hours", "08:00-18:00"));

        (int code, string text, _) = await RunAsync("user", "show", "ann");
        Assert.Equal(0, code);
        Assert.Equal(
            """
            name          ann
            status        enabled
            password      set
            home          /srv/ftp/ann                account
            mounts /pub   /srv/pub (read-only)        account
            rules /       lr                          account
            rules /in     c                           account
            quotaBytes    10G                         account
            quotaFiles    1000                        account
            uploadRate    2M                          account
            downloadRate  500K                        account
            maxSessions   4                           account
            networks      192.0.2.0/24, 2001:db8::/32  account
            requiresTls   true                        account
            hours         08:00-18:00                 account
            expiresAt     2027-01-31T12:00:00+00:00   account
            used          unknown; fts user recount ann counts it
            """.Split('\n').Select(Normalise),
            text.TrimEnd('\n').Split('\n').Select(Normalise));

        (code, text, _) = await RunAsync("user", "set", "ann", "--quota-bytes", "unlimited", "--unset", "permit:/in", "--unset", "hours");
        Assert.Equal(
            (0, "rules /in: c -> (unset)\nquotaBytes: 10G -> unlimited\nhours: 08:00-18:00 -> (unset)\n"), (code, text));

        Assert.Equal((0, "", ""), await RunAsync("user", "disable", "ann"));
        Assert.Contains("ann   disabled", (await RunAsync("user", "list")).Data, StringComparison.Ordinal);
        Assert.Equal((0, "", ""), await RunAsync("user", "enable", "ann"));
        Assert.Contains("ann   enabled", (await RunAsync("user", "list")).Data, StringComparison.Ordinal);
        Assert.Equal((0, "", ""), await RunAsync("user", "remove", "ann"));
        (code, _, string messages) = await RunAsync("user", "show", "ann");
        Assert.Equal(6, code);
        Assert.StartsWith("error: no account has the name ann in ", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_account_in_the_default_directory_needs_a_restart_of_the_server()
    {
        const string Note = "had no accounts; restart the server if it is running, so that it uses them\n";
        (string, string?)[] environment = [("XDG_STATE_HOME", _folder["home"]), ("FTS_STATE", null)];
        (int code, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["user", "add", "ann", "--generate"], "", environment);
        Assert.Equal((0, $"note: {_folder["home/fts"]} {Note}"), (code, messages));
        (code, _, messages) = await RunningProgram.RunAsync(_folder.Path, ["user", "add", "bob", "--generate"], "", environment);
        Assert.Equal((0, ""), (code, messages));
    }

    [Fact]
    public async Task An_account_without_credentials_is_added_with_a_warning()
    {
        Assert.Equal(
            (0, "", "warning: nobody can log in as ann yet; use fts user passwd ann, or fts user set ann --certificate FILE\n"),
            await RunAsync("user", "add", "ann", "--no-password"));
    }

    [Fact]
    public async Task A_generated_password_is_printed_once_and_not_stored()
    {
        (int code, string password, _) = await RunAsync("user", "add", "ann", "--generate");
        Assert.Equal(0, code);
        Assert.Matches("^[a-z2-9]{4}(-[a-z2-9]{4}){3}\n$", password);
        foreach (string name in Directory.GetFiles(_folder["state"]))
        {
            Assert.DoesNotContain(password.TrimEnd(), await File.ReadAllTextAsync(name, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }

        (code, string second, _) = await RunAsync("user", "passwd", "ann", "--generate");
        Assert.Equal(0, code);
        Assert.NotEqual(password, second);
    }

    [Fact]
    public async Task A_password_is_read_from_standard_input_and_never_an_argument()
    {
        Assert.Equal(0, (await RunWithInputAsync("secret\n", "user", "add", "ann", "--password-file", "-")).Code);
        (int code, _, string messages) = await RunWithInputAsync("\n", "user", "add", "bob", "--password-file", "-");
        Assert.Equal((2, "error: the password is empty\n"), (code, messages));
        (code, _, messages) = await RunAsync("user", "add", "bob");
        Assert.Equal(2, code);
        Assert.Contains("use --password-file FILE, --generate or --no-password", messages, StringComparison.Ordinal);
        Assert.DoesNotContain("bob", (await RunAsync("user", "list")).Data, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("user add ann --no-password", 1, "the account ann already exists")]
    [InlineData("user add a/b --no-password", 2, "the account name must not contain '/'")]
    [InlineData("user add bob --no-password --generate", 2, "exclude each other")]
    [InlineData("user add bob --no-password --permit in=c", 2, "--permit in=c: must be PATH=RIGHTS")]
    [InlineData("user add bob --no-password --permit /in=c --permit /in=r", 2, "the path /in is given twice")]
    [InlineData("user add bob --no-password --quota-bytes 1X", 2, "--quota-bytes 1X: must be a number of bytes")]
    [InlineData("user add bob --no-password --group missing", 2, "the group missing does not exist")]
    [InlineData("user add bob --no-password --certificate missing.pem", 11, "missing.pem")]
    [InlineData("user add", 2, "NAME is missing")]
    [InlineData("user set ann", 2, "no setting is given")]
    [InlineData("user set ann --unset quota", 2, "--unset quota: no such setting")]
    [InlineData("user set amn --quota-files 1", 6, "did you mean ann?")]
    [InlineData("user remove ann bob", 6, "no account has the name bob")]
    [InlineData("user explode", 2, "unknown command 'user explode'")]
    [InlineData("user ad ann", 2, "did you mean add?")]
    [InlineData("group remove staff", 6, "no group has the name staff")]
    [InlineData("user apply missing.json", 11, "cannot read missing.json")]
    public async Task An_error_changes_nothing(string arguments, int code, string message)
    {
        Assert.Equal(0, (await RunAsync("user", "add", "ann", "--no-password", "--quota-files", "7")).Code);
        string before = (await RunAsync("user", "export")).Data;
        (int actual, string data, string messages) = await RunAsync(arguments.Split(' '));
        Assert.Equal((code, ""), (actual, data));
        Assert.Contains(message, messages, StringComparison.Ordinal);
        Assert.Equal(before, (await RunAsync("user", "export")).Data);
    }

    [Fact]
    public async Task Groups_supply_settings_and_must_not_contradict_each_other()
    {
        Assert.Equal(0, (await RunAsync("group", "add", "partners", "--permit", "/=lr", "--quota-bytes", "1G")).Code);
        Assert.Equal(0, (await RunAsync("group", "add", "eu", "--quota-bytes", "2G")).Code);
        Assert.Equal(0, (await RunAsync("user", "add", "ann", "--no-password", "--group", "partners")).Code);
        string text = (await RunAsync("user", "show", "ann")).Data;
        Assert.Contains("quotaBytes 1G group partners", text.Split('\n').Select(Normalise));
        Assert.Contains("home the folder that the server shares default", text.Split('\n').Select(Normalise));

        (int code, _, string messages) = await RunAsync("user", "set", "ann", "--group", "partners", "--group", "eu");
        Assert.Equal(2, code);
        Assert.Contains("the groups partners and eu have different values for quotaBytes", messages, StringComparison.Ordinal);
        Assert.Equal(
            0, (await RunAsync("user", "set", "ann", "--group", "partners", "--group", "eu", "--quota-bytes", "3G")).Code);
        (code, _, messages) = await RunAsync("group", "remove", "eu");
        Assert.Equal(2, code);
        Assert.Contains("ann", messages, StringComparison.Ordinal);

        using var group = JsonDocument.Parse((await RunAsync("group", "show", "eu", "--json")).Data);
        Assert.Equal("ann", group.RootElement.GetProperty("accounts")[0].GetString());
        Assert.Equal(2147483648, group.RootElement.GetProperty("settings").GetProperty("quotaBytes").GetInt64());
    }

    [Fact]
    public async Task Applying_a_file_prints_the_plan_and_makes_the_accounts_match()
    {
        Assert.Equal(0, (await RunAsync("user", "add", "old", "--no-password")).Code);
        _folder.Write("accounts.json", """
            { // comment
              "groups": { "partners": { "rules": { "/": "lr" } } },
              "accounts": { "ann": { "groups": ["partners"], "quotaBytes": "1G" } },
            }
            """);
        const string Plan = "+ group partners\n+ account ann\n";
        Assert.Equal(
            (0, Plan, "kept account old, which the file does not contain (--prune removes it)\n"),
            await RunAsync("user", "apply", "accounts.json", "--dry-run"));
        Assert.DoesNotContain("ann", (await RunAsync("user", "list")).Data, StringComparison.Ordinal);
        Assert.Equal((0, Plan + "- account old\n", ""), await RunAsync("user", "apply", "accounts.json", "--prune"));
        Assert.Equal((0, "", "no changes\n"), await RunAsync("user", "apply", "accounts.json", "--prune"));

        Assert.Equal(0, (await RunAsync("user", "export", "--output", "export.json")).Code);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder["export.json"]));
        Assert.Equal((0, "", "no changes\n"), await RunAsync("user", "apply", "export.json", "--prune"));
        Assert.Equal(11, (await RunAsync("user", "export", "--output", "export.json")).Code);

        _folder.Write("wrong.json", "{\n  \"accounts\": {\n    \"ann\": { \"quota\": 1 }\n  }\n}\n");
        (int code, string data, string messages) = await RunAsync("user", "apply", "wrong.json");
        Assert.Equal((2, ""), (code, data));
        Assert.StartsWith("error: wrong.json:3: unknown key \"quota\"", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Importing_a_password_file_adds_its_accounts_and_names_skipped_lines()
    {
        Assert.Equal(0, (await RunAsync("user", "add", "ann", "--no-password")).Code);
        _folder.Write(
            "htpasswd",
            "ann:$apr1$Xabc1234$h3dKeFxhTbkMfHRZsvCYZ/\nbob:$apr1$Xabc1234$h3dKeFxhTbkMfHRZsvCYZ/\nsha:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n");
        (int code, string data, string messages) = await RunAsync("user", "import", "htpasswd");
        Assert.Equal((9, "+ account bob\n"), (code, data));
        Assert.Contains("skipped line 1: the account ann already exists\n", messages, StringComparison.Ordinal);
        Assert.Contains("skipped line 3: ", messages, StringComparison.Ordinal);
        Assert.Contains("{SHA}", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explain_prints_the_rule_that_decides_and_its_origin()
    {
        Assert.Equal(0, (await RunAsync("group", "add", "partners", "--permit", "/=lr", "--network", "192.0.2.0/24")).Code);
        Assert.Equal(0, (await RunAsync("user", "add", "ann", "--generate", "--group", "partners", "--permit", "/in=c")).Code);
        Assert.Equal(
            (0, "RETR /a: allowed, rule /=lr (set by group partners)\n", ""), await RunAsync("user", "explain", "ann", "RETR", "/a"));
        Assert.Equal(
            (7, "DELE /a: refused by permission.delete, rule /=lr (set by group partners)\n", ""),
            await RunAsync("user", "explain", "ann", "dele", "/a"));
        Assert.Equal(
            (0, "STOR /in/a (new file): allowed, rule /in=c (set by account)\n" +
                "STOR /in/a (existing file): refused by permission.overwrite, rule /in=c (set by account)\n", ""),
            await RunAsync("user", "explain", "ann", "STOR", "/in/a"));
        Assert.Equal(
            (7, "login from 198.51.100.1: refused by network.denied (set by group partners)\n" +
                "RETR /a: allowed, rule /=lr (set by group partners)\n", ""),
            await RunAsync("user", "explain", "ann", "RETR", "/a", "--from", "198.51.100.1"));
        Assert.Equal(2, (await RunAsync("user", "explain", "ann", "NOOP", "/a")).Code);
        Assert.Equal(2, (await RunAsync("user", "explain", "ann", "RETR", "a")).Code);
        Assert.Equal(6, (await RunAsync("user", "explain", "bob", "RETR", "/a")).Code);
        Assert.Equal(
            (2, "", "error: SITE COPY has two paths; add --to PATH with the path that it creates; " +
                "usage: fts user explain NAME VERB PATH [options]\n"),
            await RunAsync("user", "explain", "ann", "SITE COPY", "/a"));
    }

    [Fact]
    public async Task Explain_names_the_directories_that_the_server_cannot_use()
    {
        const string Rule = "RETR /a: allowed, rule /=* (set by default)\n";
        _folder.Write("file", "");
        Assert.Equal(0, (await RunAsync("user", "add", "ann", "--generate", "--home", _folder["homes/ann"])).Code);
        Assert.Equal(
            (0, Rule, $"note: the home {_folder["homes/ann"]} does not exist; the first login creates it\n"),
            await RunAsync("user", "explain", "ann", "RETR", "/a"));
        Assert.Equal(0, (await RunAsync(
            "user", "set", "ann", "--home", _folder["file/ann"], "--mount", $"/pub={_folder["none"]}")).Code);
        Assert.Equal(
            (7, $"login: refused by home.unavailable, home {_folder["file/ann"]} (set by account): {_folder["file"]} is not a folder\n" +
                $"login: refused by home.unavailable, mount /pub {_folder["none"]} (set by account): no such file or folder\n" + Rule, ""),
            await RunAsync("user", "explain", "ann", "RETR", "/a"));
    }

    [Fact]
    public async Task Numbers_of_accounts_are_numbers_in_json()
    {
        Assert.Equal(0, (await RunAsync(
            "user", "add", "ann", "--generate", "--quota-bytes", "10G", "--quota-files", "7", "--rate-up", "2M", "--sessions", "4",
            "--rate-down", "unlimited")).Code);
        foreach (string[] command in (string[][])[["user", "show", "ann", "--json"], ["user", "list", "--json"]])
        {
            using var json = JsonDocument.Parse((await RunAsync(command)).Data);
            JsonElement account = json.RootElement.ValueKind == JsonValueKind.Array ? json.RootElement[0] : json.RootElement;
            foreach (JsonElement settings in (JsonElement[])[account.GetProperty("settings"), account.GetProperty("effective")])
            {
                Assert.Equal(10737418240, settings.GetProperty("quotaBytes").GetInt64());
                Assert.Equal(7, settings.GetProperty("quotaFiles").GetInt64());
                Assert.Equal(2097152, settings.GetProperty("uploadRate").GetInt64());
                Assert.Equal("unlimited", settings.GetProperty("downloadRate").GetString());
                Assert.Equal(4, settings.GetProperty("maxSessions").GetInt32());
            }
        }
    }

    [Fact]
    public async Task Explain_names_each_reason_for_which_a_login_is_refused()
    {
        const string Rule = "RETR /a: allowed, rule /=* (set by default)\n";
        Assert.Equal(0, (await RunAsync("user", "add", "ann", "--no-password")).Code);
        Assert.Equal(
            (7, "login: refused by login.credentials (the account has no password and no certificate)\n" + Rule, ""),
            await RunAsync("user", "explain", "ann", "RETR", "/a"));
        Assert.Equal(0, (await RunAsync("user", "passwd", "ann", "--generate")).Code);
        Assert.Equal((0, Rule, ""), await RunAsync("user", "explain", "ann", "RETR", "/a"));
        Assert.Equal(0, (await RunAsync("ban", "add", "ann@192.0.2.7", "--reason", "guesses")).Code);
        Assert.Equal(
            (7, "login from 192.0.2.7: refused by ban.active, ban of ann@192.0.2.7 until it is removed: guesses\n" + Rule, ""),
            await RunAsync("user", "explain", "ann", "RETR", "/a", "--from", "192.0.2.7"));
        Assert.Equal(
            (0, "login from 192.0.2.8: allowed\n" + Rule, ""),
            await RunAsync("user", "explain", "ann", "RETR", "/a", "--from", "192.0.2.8"));
        Assert.Equal(0, (await RunAsync("user", "set", "ann", "--expires", "2001-01-31")).Code);
        Assert.Equal(
            (7, "login: refused by account.expired (set by account)\n" + Rule, ""), await RunAsync("user", "explain", "ann", "RETR", "/a"));
        Assert.Equal(0, (await RunAsync("user", "disable", "ann")).Code);
        Assert.Equal(
            (7, "login: refused by account.disabled (set by account)\n" + Rule, ""),
            await RunAsync("user", "explain", "ann", "RETR", "/a"));
    }

    [Fact]
    public async Task An_expiry_date_is_printed_as_it_was_given()
    {
        Assert.Equal(0, (await RunAsync("user", "add", "ann", "--generate", "--expires", "2027-01-31")).Code);
        Assert.Matches("\nexpiresAt +2027-01-31 +account\n", (await RunAsync("user", "show", "ann")).Data);
        Assert.Equal(
            (0, "expiresAt: 2027-01-31 -> never\n", ""), await RunAsync("user", "set", "ann", "--expires", "never"));
    }

    [Fact]
    public async Task Settings_are_unset_by_the_names_of_options_and_by_the_shown_names()
    {
        Assert.Equal(0, (await RunAsync("group", "add", "partners")).Code);
        Assert.Equal(0, (await RunAsync("group", "add", "devices")).Code);
        Assert.Equal(
            0,
            (await RunAsync(
                "user", "add", "ann", "--generate", "--group", "partners", "--group", "devices", "--permit", "/in=c", "--quota-bytes", "1G",
                "--allow-plain")).Code);
        Assert.Equal(
            (0, "groups: partners, devices -> devices\n", ""), await RunAsync("user", "set", "ann", "--unset", "group:partners"));
        Assert.Equal(
            (0, "rules /in: c -> (unset)\nquotaBytes: 1G -> (unset)\nrequiresTls: false -> (unset)\n", ""),
            await RunAsync("user", "set", "ann", "--unset", "rules /in", "--unset", "quotaBytes", "--unset", "allow-plain"));
        Assert.Equal(
            (0, "", "note: quota-bytes was not set\nnote: permit:/in was not set\n"),
            await RunAsync("user", "set", "ann", "--unset", "quotaBytes", "--unset", "permit:/in"));
        Assert.Equal((0, "", "note: hours was not set\n"), await RunAsync("group", "set", "partners", "--unset", "hours"));
        Assert.Equal(
            (2, "", "error: --unset group:device: the account does not have it; did you mean group:devices?\n"),
            await RunAsync("user", "set", "ann", "--unset", "group:device"));
    }

    [Fact]
    public async Task A_suggestion_has_the_kind_of_the_missing_name()
    {
        Assert.Equal(0, (await RunAsync("user", "add", "ann", "--generate")).Code);
        Assert.Equal(0, (await RunAsync("group", "add", "partners")).Code);
        string state = _folder["state"];
        Assert.Equal(
            (6, "", $"error: no account has the name anm in {state}; did you mean ann?\n"), await RunAsync("user", "show", "anm"));
        Assert.Equal(
            (6, "", $"error: no group has the name ann in {state}\n  try: fts group list\n"), await RunAsync("group", "show", "ann"));
    }

    [Fact]
    public async Task A_network_that_is_never_banned_cannot_be_banned_without_a_server()
    {
        Assert.Equal(0, (await RunAsync("user", "add", "ann", "--generate")).Code);
        foreach (string subject in (string[])["127.0.0.1", "ann@::1"])
        {
            (int code, _, string messages) = await RunAsync("ban", "add", subject);
            Assert.Equal(2, code);
            Assert.Contains("is in a network that is never banned (--never-ban)", messages, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("help user", "Usage: fts user COMMAND")]
    [InlineData("user --help", "Usage: fts user COMMAND")]
    [InlineData("user", "Usage: fts user COMMAND")]
    [InlineData("help user add", "Usage: fts user add NAME [options]")]
    [InlineData("user add --help", "Usage: fts user add NAME [options]")]
    [InlineData("help group", "Usage: fts group COMMAND")]
    [InlineData("group set -h", "Usage: fts group set NAME [options]")]
    public async Task Help_pages_fit_the_terminal(string arguments, string start)
    {
        (int code, string data, string messages) = await RunAsync(arguments.Split(' '));
        Assert.Equal((0, ""), (code, messages));
        Assert.StartsWith(start, data, StringComparison.Ordinal);
        Assert.All(data.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    private static string Normalise(string line) => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private Task<(int Code, string Data, string Messages)> RunAsync(params string[] arguments) => RunWithInputAsync("", arguments);

    private Task<(int Code, string Data, string Messages)> RunWithInputAsync(string input, params string[] arguments) =>
        RunningProgram.RunAsync(_folder.Path, arguments, input, ("FTS_STATE", _folder["state"]));
}
