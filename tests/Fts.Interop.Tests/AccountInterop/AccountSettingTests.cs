using Fts.Interop.Tests.Processes;
using static Fts.Interop.Tests.AccountInterop.OtherClient;

namespace Fts.Interop.Tests.AccountInterop;

/// <summary>curl, lftp and rclone with drop boxes, quotas, mounts and refused logins.</summary>
public sealed class AccountSettingTests
{
    private static readonly string[] s_clients = ["curl", "lftp", "rclone"];

    public static TheoryData<string> Clients => [.. s_clients];

    public static TheoryData<string, string> RefusedLogins
    {
        get
        {
            string[] settings =
            [
                "\"enabled\": false", "\"expiresAt\": \"2020-01-01T00:00:00Z\"", "\"networks\": [\"192.0.2.0/24\"]",
            ];
            var data = new TheoryData<string, string>();
            foreach (string setting in settings)
            {
                data.AddRange([.. s_clients.Select(client => new TheoryDataRow<string, string>(client, setting))]);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(RefusedLogins))]
    public async Task A_refused_login_is_an_error_at_once_and_is_not_repeated(string client, string setting)
    {
        await using AccountServer server = await AccountServer.StartAsync(_ => setting);
        server.Local.Write("new.txt", "new");
        ProcessResult result = await PutAsync(server, client, "new.txt", "new.txt");
        Assert.Equal(client == "curl" ? 67 : 1, result.ExitCode); // 67 of curl: the login was refused
        Assert.Null(server.Read("new.txt"));
        Assert.Contains("530", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task An_account_that_requires_TLS_refuses_a_plain_login_only(string client)
    {
        await using AccountServer server = await AccountServer.StartAsync(_ => "\"requiresTls\": true");
        server.Local.Write("plain.txt", "plain");
        server.Local.Write("tls.txt", "tls");
        ProcessResult tls = client switch
        {
            "curl" => await CurlAsync(server, "--ssl-reqd", "-k", "-T", "tls.txt", "ftp:/tls.txt"),
            "lftp" => await LftpAsync(server, "put tls.txt"),
            _ => await RcloneAsync(
                server, "explicit_tls = true\nno_check_certificate = true\nconcurrency = 1", ["copyto", "tls.txt", "peer:tls.txt"]),
        };
        ProcessResult plain = client == "lftp"
            ? await LftpAsync(server, "set ftp:ssl-allow no", "put plain.txt")
            : await PutAsync(server, client, "plain.txt", "plain.txt");
        Assert.Equal(0, tls.ExitCode);
        Assert.NotEqual(0, plain.ExitCode);
        Assert.Equal(("tls", null), (server.Read("tls.txt"), server.Read("plain.txt")));
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task A_drop_box_accepts_each_name_once(string client)
    {
        await using AccountServer server = await AccountServer.StartAsync(_ => """
            "rules": { "/": "-", "/in": "c" }
            """);
        Directory.CreateDirectory(Path.Combine(server.Home, "in"));
        server.Local.Write("new.txt", "new");
        server.Local.Write("changed.txt", "changed");
        ProcessResult first = await PutAsync(server, client, "new.txt", "in/new.txt");
        ProcessResult again = await PutAsync(server, client, "changed.txt", "in/new.txt");
        // rclone lists the directory to find out whether it exists. If it cannot, it tries to create the directory, and fails.
        Assert.Equal(client == "rclone" ? 1 : 0, first.ExitCode);
        Assert.NotEqual(0, again.ExitCode);
        Assert.Equal(client == "rclone" ? null : "new", server.Read("in/new.txt"));
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task A_drop_box_that_can_be_listed_accepts_each_name_once_from_every_client(string client)
    {
        await using AccountServer server = await AccountServer.StartAsync(_ => """
            "rules": { "/": "l", "/in": "lc" }
            """);
        Directory.CreateDirectory(Path.Combine(server.Home, "in"));
        server.Local.Write("new.txt", "new");
        server.Local.Write("changed.txt", "changed");
        Assert.Equal(0, (await PutAsync(server, client, "new.txt", "in/new.txt")).ExitCode);
        Assert.NotEqual(0, (await PutAsync(server, client, "changed.txt", "in/new.txt")).ExitCode);
        Assert.Equal("new", server.Read("in/new.txt"));
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task A_full_quota_refuses_the_upload_and_changes_nothing(string client)
    {
        await using AccountServer server = await AccountServer.StartAsync(_ => "\"quotaBytes\": 100, \"rules\": { \"/\": \"lrcwa\" }");
        server.Local.Write("fits.txt", new string('a', 60));
        server.Local.Write("large.txt", new string('b', 200));
        ProcessResult fits = await PutAsync(server, client, "fits.txt", "fits.txt");
        ProcessResult large = await PutAsync(server, client, "large.txt", "large.txt");
        ProcessResult replacement = await PutAsync(server, client, "large.txt", "fits.txt");
        Assert.Equal(0, fits.ExitCode);
        Assert.NotEqual(0, large.ExitCode);
        Assert.NotEqual(0, replacement.ExitCode);
        Assert.Equal((new string('a', 60), null), (server.Read("fits.txt"), server.Read("large.txt")));
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task Mounts_are_read_only_or_writable_and_rules_apply_to_them(string client)
    {
        await using AccountServer server = await AccountServer.StartAsync(files =>
        {
            files.CreateFolder("public");
            files.CreateFolder("work");
            files.Write("public/info.txt", "info");
            return $$"""
                "mounts": {
                    "/public": { "directory": "{{files["public"]}}", "readOnly": true },
                    "/work": { "directory": "{{files["work"]}}" }
                },
                "rules": { "/": "lr", "/work": "*", "/public": "*" }
                """;
        });
        server.Local.Write("new.txt", "new");
        Assert.NotEqual(0, (await PutAsync(server, client, "new.txt", "public/new.txt")).ExitCode);
        Assert.NotEqual(0, (await PutAsync(server, client, "new.txt", "new.txt")).ExitCode);
        Assert.Equal(0, (await PutAsync(server, client, "new.txt", "work/new.txt")).ExitCode);
        Assert.Equal(0, (await GetAsync(server, client, "public/info.txt")).ExitCode);
        Assert.Equal("info", File.ReadAllText(server.Local["back.txt"]));
        Assert.Equal((null, "new", null), (server.ReadOther("public/new.txt"), server.ReadOther("work/new.txt"), server.Read("new.txt")));
    }

    private static Task<ProcessResult> PutAsync(AccountServer server, string client, string file, string path) => client switch
    {
        "curl" => CurlAsync(server, "-T", file, $"ftp:/{path}"),
        "lftp" => LftpAsync(server, $"put {file} -o /{path}"),
        _ => RcloneAsync(server, "copyto", file, $"peer:{path}"),
    };

    private static Task<ProcessResult> GetAsync(AccountServer server, string client, string path) => client switch
    {
        "curl" => CurlAsync(server, "-o", "back.txt", $"ftp:/{path}"),
        "lftp" => LftpAsync(server, $"get /{path} -o back.txt"),
        _ => RcloneAsync(server, "copyto", $"peer:{path}", "back.txt"),
    };
}
