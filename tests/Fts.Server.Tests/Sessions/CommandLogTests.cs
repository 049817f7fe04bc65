using Fts.Accounts;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Sessions;

/// <summary>One log line for each change, transfer and failed command, with account and address.</summary>
public sealed class CommandLogTests
{
    [Theory, OnEveryWire]
    public async Task Changes_and_transfers_are_logged_with_account_and_address(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "content"));
        await server.PlayAsync("""
            C: MKD in
            S: 257 *
            C: EPSV
            S: 229 *
            C: STOR in/b
            S: 150 *
            D> hello
            S: 226 *
            C: EPSV
            S: 229 *
            C: RETR a
            S: 150 *
            D< content
            S: 226 *
            C: RNFR a
            S: 350 *
            C: RNTO in/c
            S: 250 *
            C: DELE in/b
            S: 250 *
            C: RMD in
            S: 550 *
            C: DELE in/c
            S: 250 *
            C: RMD in
            S: 250 *
            """);
        string prefix = $"anonymous@{wire.Loopback()}";
        string[] lines = [.. server.Log.Texts.Select(text => text.TrimEnd())
            .Where(text => text.StartsWith($"[1] {prefix} ", StringComparison.Ordinal)).Select(text => text[$"[1] {prefix} ".Length..])];
        Assert.Equal("created directory /in", lines[0]);
        Assert.StartsWith("stored /in/b: 5 bytes in ", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("retrieved /a: 7 bytes in ", lines[2], StringComparison.Ordinal);
        Assert.Equal(
            ["renamed /a to /in/c", "deleted /in/b", "RMD /in refused: 550 Directory not empty.", "deleted /in/c",
            "deleted directory /in"], lines[3..]);
        Assert.Contains(
            server.Log.Texts, text => text.StartsWith($"[1] logged in as anonymous from {wire.Loopback()}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Changed_times_are_logged()
    {
        await using TestServer server = await TestServer.WithAsync(Wire.IPv4, ("/a", "content"));
        await server.PlayAsync("""
            C: MFMT 20200101000000 a
            S: 213 *
            C: MDTM 20200101000000 a
            S: 213 *
            C: MDTM a
            S: 213 20200101000000
            C: SITE UTIME 20200101000000 a
            S: 200 *
            C: MDTM 20200101000000 missing
            S: 550 *
            C: MDTM missing
            S: 550 *
            """);
        Assert.Equal(
            [
                "set time 20200101000000 a", "set time 20200101000000 a", "set time 20200101000000 a",
                "MDTM 20200101000000 missing refused: 550 No such file or directory.",
            ],
            server.Log.Texts.Where(text => text.Contains("@127.0.0.1 ", StringComparison.Ordinal))
                .Select(text => text.Split("@127.0.0.1 ")[1].TrimEnd()));
    }

    [Fact]
    public async Task A_command_that_a_rule_refuses_before_login_is_logged()
    {
        await using TestServer server = new(Wire.IPv4, configure: options => options with
        {
            Tls = new FtpTlsOptions { Certificates = TestServer.Certificates, Control = FtpTlsPolicy.Required },
        });
        await server.PlayFromGreetingAsync("""
            S: 220 *
            C: USER anonymous
            S: 530 *
            """);
        Assert.Contains("[1] USER from 127.0.0.1 refused: 530 TLS required (tls.required); send AUTH TLS first. ", server.Log.Texts);
    }

    [Fact]
    public async Task A_refused_upload_is_logged()
    {
        await using TestServer server =
            new(Wire.IPv4, configure: options => options with { Authenticator = new AnonymousAuthenticator(Permissions.ReadOnly) });
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR in.txt
            S: 550 *
            C: DELE in.txt
            S: 550 *
            """);
        Assert.Contains("[1] anonymous@127.0.0.1 STOR /in.txt refused: 550 Permission denied (permission.create). ", server.Log.Texts);
        Assert.Contains("[1] anonymous@127.0.0.1 DELE /in.txt refused: 550 Permission denied (permission.delete). ", server.Log.Texts);
    }

    [Fact]
    public async Task Control_characters_of_names_are_escaped()
    {
        await using var server = new TestServer(Wire.IPv4);
        await server.PlayAsync("""
            C: MKD a\x1b[2J
            S: 257 *
            C: RMD b\x1b[2J
            S: 550 *
            """);
        Assert.Contains(@"[1] anonymous@127.0.0.1 created directory /a\x1b[2J ", server.Log.Texts);
        Assert.Contains(@"[1] anonymous@127.0.0.1 RMD /b\x1b[2J refused: 550 No such file or directory. ", server.Log.Texts);
        Assert.DoesNotContain(server.Log.Texts, text => text.Any(char.IsControl));
    }
}
