using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Client;
using Fts.Shell;

namespace Fts.ProgramTests.Cli.Connections;

/// <summary>Tests of the server that <c>fts client</c> connects to.</summary>
public sealed class TargetTests
{
    [Theory]
    [InlineData("", "127.0.0.1", 65432, null, null)]
    [InlineData("10.0.0.1", "10.0.0.1", 65432, null, null)]
    [InlineData("10.0.0.1 21", "10.0.0.1", 21, null, null)]
    [InlineData("files.example.com 2121 1", "files.example.com", 2121, null, null)]
    [InlineData("::1 21", "::1", 21, null, null)]
    [InlineData("[::1] 21", "::1", 21, null, null)]
    [InlineData("[2001:db8::1] 21", "2001:db8::1", 21, null, null)]
    [InlineData("ftp://files.example.com", "files.example.com", 21, null, null)]
    [InlineData("ftp://ann@files.example.com:2121/pub/new%20things/", "files.example.com", 2121, "ann", "pub/new things/")]
    [InlineData("ftp://files.example.com/%2Fetc", "files.example.com", 21, null, "/etc")]
    [InlineData("ftp://[::1]:2121/", "::1", 2121, null, null)]
    [InlineData("ann@files.example.com:2121", "files.example.com", 2121, "ann", null)]
    [InlineData("files.example.com:2121", "files.example.com", 2121, null, null)]
    [InlineData("[2001:db8::1]:2121", "2001:db8::1", 2121, null, null)]
    [InlineData("ann@[2001:db8::1]:2121", "2001:db8::1", 2121, "ann", null)]
    [InlineData("ann@2001:db8::1", "2001:db8::1", 65432, "ann", null)]
    public void Words_and_urls_name_a_host_and_port(string words, string host, int port, string? user, string? folder)
    {
        var line = new CommandLine(ClientCommand.Definition, words.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(new Target(host, port, user, folder), Target.FromCommandLine(line, null));
    }

    [Theory]
    [InlineData("ftp://h.example/pub", 21, null, "ftp://h.example:21/pub")]
    [InlineData("ftps://h.example/pub", 990, "implicit", "ftps://h.example:990/pub")]
    [InlineData("ftps://h.example:2121/pub", 2121, "implicit", "ftps://h.example:2121/pub")]
    [InlineData("ftpes://h.example/pub", 21, "required", "ftpes://h.example:21/pub")]
    public void The_scheme_of_a_url_selects_the_port_and_tls(string url, int port, string? tls, string formatted)
    {
        Target target = Target.FromUrl(url);
        Assert.Equal((port, tls), (target.Port, target.TlsChoice));
        Assert.Equal(formatted, target.FormatUrl(new ShellWord("pub")));
    }

    [Theory]
    [InlineData("ftp://h.example/a.txt;type=a", "a.txt", FtpTransferType.Ascii, false)]
    [InlineData("ftp://h.example/a.txt;TYPE=A", "a.txt", FtpTransferType.Ascii, false)]
    [InlineData("ftp://h.example/a.txt;type=i", "a.txt", FtpTransferType.Binary, false)]
    [InlineData("ftp://h.example/pub/;type=d", "pub/", null, true)]
    [InlineData("ftp://h.example/;type=d", null, null, true)]
    [InlineData("ftp://h.example/a.txt%3Btype=a", "a.txt;type=a", null, false)]
    [InlineData("ftp://h.example/a.txt;type=a;type=i", "a.txt;type=a", FtpTransferType.Binary, false)]
    [InlineData("ftp://h.example/a.txt;type=x", "a.txt;type=x", null, false)]
    [InlineData("ftp://h.example/a.txt;type=", "a.txt;type=", null, false)]
    [InlineData("ftp://h.example/a;type=a/b.txt", "a;type=a/b.txt", null, false)]
    public void A_URL_may_name_the_type(string url, string? path, FtpTransferType? type, bool isListing)
    {
        Target target = Target.FromUrl(url);
        Assert.Equal((path, type, isListing), (target.UrlPath, target.Type, target.IsListing));
    }

    [Theory]
    [InlineData("a.txt;type=a", null, "ftp://h.example:21/a.txt%3Btype%3Da")]
    [InlineData("a.txt", FtpTransferType.Ascii, "ftp://h.example:21/a.txt;type=a")]
    public void The_URL_of_a_path_is_parsed_as_the_same_path(string path, FtpTransferType? type, string url)
    {
        Assert.Equal(url, (new Target("h.example", 21, null, null) { Type = type }).FormatUrl(new ShellWord(path)));
        Assert.Equal((path, type), Target.FromUrl(url) is var target ? (target.UrlPath, target.Type) : default);
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1:21")]
    [InlineData("::1", "[::1]:21")]
    public void A_target_is_formatted_as_host_and_port(string host, string text) =>
        Assert.Equal(text, new Target(host, 21, null, null).ToString());
}
