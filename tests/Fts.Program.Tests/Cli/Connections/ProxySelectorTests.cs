using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Client;

namespace Fts.ProgramTests.Cli.Connections;

/// <summary>Tests of the selection of the proxy.</summary>
public sealed class ProxySelectorTests
{
    private static readonly Target Target = new("files.example.com", 21, null, null);

    private static FtpProxy? Find(string? option, Target target, params string[] variables) =>
        ProxySelector.SelectProxy(option, target,
            name => variables.FirstOrDefault(variable => variable.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..]);

    [Theory]
    [InlineData("socks5://10.0.0.1:9050", "socks5://10.0.0.1:9050")]
    [InlineData("socks5h://ann@gate.example.com", "socks5://ann@gate.example.com:1080")]
    [InlineData("SOCKS5://[::1]:9050/", "socks5://[::1]:9050")]
    [InlineData("http://ann@10.0.0.1:80", "http://ann@10.0.0.1:80")]
    [InlineData("gate.example.com:3128", "http://gate.example.com:3128")]
    [InlineData("http://a%40b@gate.example.com:3128", "http://a@b@gate.example.com:3128")]
    [InlineData("off", null)]
    public void The_option_selects_the_proxy(string option, string? proxy) =>
        Assert.Equal(proxy, Find(option, Target, "ftp_proxy=http://other:1")?.ToString());

    [Theory]
    [InlineData("ftp://10.0.0.1:21", "socks5://host:port")]
    [InlineData("https://10.0.0.1:443", "socks5://host:port")]
    [InlineData("socks4://10.0.0.1", "socks5://host:port")]
    [InlineData("http://10.0.0.1", "port is missing")]
    [InlineData("http://10.0.0.1:0", "port is missing")]
    [InlineData("http://10.0.0.1:70000", "not a host and port")]
    [InlineData("http://:3128", "not a host and port")]
    [InlineData("socks5://10.0.0.1:1080/path", "not a host and port")]
    [InlineData("socks5://10.0.0.1:1080?x", "not a host and port")]
    [InlineData("socks5://", "not a host and port")]
    [InlineData("", "not a host and port")]
    [InlineData("socks5://ann:sesame@10.0.0.1", "FTS_PROXY_PASSWORD")]
    [InlineData("http://an%3An@10.0.0.1:3128", "is too long or contains invalid characters")]
    [InlineData("http://an%0An@10.0.0.1:3128", "is too long or contains invalid characters")]
    public void An_invalid_proxy_option_is_a_usage_error(string option, string said)
    {
        UserError failure = Assert.Throws<UserErrorException>(() => Find(option, Target)).Error;
        Assert.Equal(ExitCode.UsageError, failure.ExitCode);
        Assert.StartsWith("--proxy '", failure.Message, StringComparison.Ordinal);
        Assert.Contains(said, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://one:1", "ftp_proxy=http://one:1", "all_proxy=http://two:1")]
    [InlineData("http://one:1", "FTP_PROXY=http://one:1", "ALL_PROXY=http://two:1")]
    [InlineData("socks5://two:1080", "ftp_proxy=", "all_proxy=socks5://two")]
    [InlineData("socks5://two:1080", "ALL_PROXY=socks5h://two")]
    [InlineData(null, "http_proxy=http://one:1", "https_proxy=http://one:1")]
    [InlineData(null, "ftp_proxy=http://one:1", "no_proxy=example.com")]
    [InlineData(null, "ftp_proxy=http://one:1", "NO_PROXY=a, .example.com")]
    [InlineData(null, "ftp_proxy=nonsense://x", "no_proxy=*")]
    [InlineData("http://one:1", "ftp_proxy=http://one:1", "no_proxy=ample.com,com.example,files")]
    public void Without_the_option_a_variable_selects_the_proxy(string? proxy, params string[] variables) =>
        Assert.Equal(proxy, Find(null, Target, variables)?.ToString());

    [Fact]
    public void An_invalid_variable_is_a_usage_error_that_names_the_variable()
    {
        UserError failure = Assert.Throws<UserErrorException>(() => Find(null, Target, "all_proxy=ftp://ann:sesame@gate")).Error;
        Assert.Equal(
            "all_proxy 'ftp://ann:****@gate': must be socks5://host:port or http://host:port; --proxy off disables the proxy",
            failure.Message);
    }

    [Theory]
    [InlineData("127.0.0.1", "", true)]
    [InlineData("::1", "", true)]
    [InlineData("LOCALHOST", "", true)]
    [InlineData("10.1.2.3", "", false)]
    [InlineData("10.1.2.3", "10.1.0.0/16", true)]
    [InlineData("10.2.2.3", "10.1.0.0/16", false)]
    [InlineData("10.1.2.3", "x 10.1.2.3", true)]
    [InlineData("2001:db8::1", "2001:db8::/32", true)]
    [InlineData("2001:db8::1", "2001:db8:0::1", true)]
    [InlineData("Files.Example.com", "example.COM", true)]
    [InlineData("badexample.com", "example.com", false)]
    [InlineData("example.com", ".", false)]
    public void Excluded_servers_are_connected_directly(string host, string list, bool isExcluded) =>
        Assert.Equal(isExcluded, ProxySelector.IsExcluded(host, list));

    [Fact]
    public void The_password_variable_precedes_the_password_of_the_URL()
    {
        Assert.Equal("sesame", Find("http://ann@one:1", Target, "FTS_PROXY_PASSWORD=sesame")!.Password);
        Assert.Equal("se:same", Find(null, Target, "ftp_proxy=http://ann:se%3Asame@one:1")!.Password);
        Assert.Equal("own", Find(null, Target, "ftp_proxy=http://ann:sesame@one:1", "FTS_PROXY_PASSWORD=own")!.Password);
        Assert.Equal(
            ("", null), (Find("http://one:1", Target, "FTS_PROXY_PASSWORD=sesame")!.Password, Find("http://one:1", Target)!.UserName));
    }
}
