using Fts.Cli;
using Fts.Client;
using Fts.Serving.Accounts;

namespace Fts.ProgramTests.Serving.Accounts;

/// <summary>The options of the old server.</summary>
public sealed class LegacySettingsTests
{
    private const string Key = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    [Theory]
    [InlineData("ftp://old.example", "old.example", 21, FtpTlsMode.Off, "ftp://old.example:21")]
    [InlineData("ftp://old.example/", "old.example", 21, FtpTlsMode.Off, "ftp://old.example:21")]
    [InlineData("ftp://192.0.2.1:2121", "192.0.2.1", 2121, FtpTlsMode.Off, "ftp://192.0.2.1:2121")]
    [InlineData("ftp://old.example?tls=explicit", "old.example", 21, FtpTlsMode.Required, "ftp://old.example:21")]
    [InlineData("ftps://old.example", "old.example", 990, FtpTlsMode.Implicit, "ftps://old.example:990")]
    [InlineData("ftps://[2001:db8::1]:9990", "2001:db8::1", 9990, FtpTlsMode.Implicit, "ftps://[2001:db8::1]:9990")]
    public void The_url_selects_the_server_and_its_encryption(string url, string host, int port, FtpTlsMode tls, string shown)
    {
        LegacySettings settings = Parse("--legacy-server", url, "--legacy-group", "old")!;
        Assert.Equal((host, port, tls), (settings.Server.Host, settings.Server.Port, settings.Server.Tls));
        Assert.Equal(shown, settings.Url);
    }

    [Theory]
    [InlineData("http://old.example")]
    [InlineData("old.example")]
    [InlineData("ftp://ann:secret@old.example")]
    [InlineData("ftp://old.example/folder")]
    [InlineData("ftp://old.example?tls=off")]
    [InlineData("ftps://old.example?tls=explicit")]
    [InlineData("ftp://old.example:0")]
    public void Another_url_is_an_error_that_does_not_repeat_it(string url)
    {
        UserErrorException e = Assert.Throws<UserErrorException>(() => Parse("--legacy-server", url, "--legacy-group", "old"));
        Assert.Equal(
            "--legacy-server: must be ftp://HOST[:PORT], ftp://HOST[:PORT]?tls=explicit or ftps://HOST[:PORT]", e.Error.Message);
    }

    [Theory]
    [InlineData("--legacy-server needs --legacy-group or --legacy-home", "--legacy-server", "ftp://old.example")]
    [InlineData("--legacy-group needs --legacy-server", "--legacy-group", "old")]
    [InlineData("--legacy-home needs --legacy-server", "--legacy-home", "/srv/ftp/%u")]
    [InlineData(
        "--legacy-home /%u: the home directory must be at least two levels deep",
        "--legacy-server", "ftp://old.example", "--legacy-home", "/%u")]
    [InlineData(
        "--legacy-key needs TLS: --legacy-server must be ftp://HOST[:PORT], ftp://HOST[:PORT]?tls=explicit or ftps://HOST[:PORT]",
        "--legacy-server", "ftp://old.example", "--legacy-group", "old", "--legacy-key", Key)]
    [InlineData(
        "--legacy-key SHA256:x: must be SHA256: and 43 characters of Base64",
        "--legacy-server", "ftps://old.example", "--legacy-group", "old", "--legacy-key", "SHA256:x")]
    public void Incomplete_options_are_errors(string message, params string[] arguments) =>
        Assert.Equal(message, Assert.Throws<UserErrorException>(() => Parse(arguments)).Error.Message);

    [Fact]
    public void A_pinned_key_replaces_the_authorities() => Assert.Equal(
        [Key],
        Parse("--legacy-server", "ftps://old.example", "--legacy-home", "/srv/ftp/%u", "--legacy-key", Key)!.Server.Trust.PinnedKeys);

    [Theory]
    [InlineData("/srv/ftp/%u", "/srv/ftp")]
    [InlineData("/srv/100%%/%u", "/srv/100%")]
    [InlineData("/srv/%%u/x%u", "/srv/%u")]
    [InlineData("/srv/%%u", "/srv/%u")]
    public void The_sandbox_allows_the_folder_of_the_homes(string home, string folder) =>
        Assert.Equal([folder], Parse("--legacy-server", "ftp://old.example", "--legacy-home", home)!.Folders);

    private static LegacySettings? Parse(params string[] arguments) =>
        LegacySettings.Parse(new CommandLine(ServerCommand.Definition, arguments));
}
