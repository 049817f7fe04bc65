using Fts.Cli;

namespace Fts.ProgramTests.Parts;

/// <summary>Where <c>fts client</c> connects to.</summary>
public sealed class TargetTests
{
    [Theory]
    [InlineData("", "127.0.0.1", 65432, null, null)]
    [InlineData("10.0.0.1", "10.0.0.1", 65432, null, null)]
    [InlineData("10.0.0.1 21", "10.0.0.1", 21, null, null)]
    [InlineData("files.example.com 2121 1", "files.example.com", 2121, null, null)]
    [InlineData("::1 21", "::1", 21, null, null)]
    [InlineData("[::1] 21", "::1", 21, null, null)]
    [InlineData("ftp://files.example.com", "files.example.com", 21, null, null)]
    [InlineData("ftp://ann@files.example.com:2121/pub/new%20things/", "files.example.com", 2121, "ann", "pub/new things/")]
    [InlineData("ftp://files.example.com/%2Fetc", "files.example.com", 21, null, "/etc")]
    [InlineData("ftp://[::1]:2121/", "::1", 2121, null, null)]
    public void Words_and_urls_name_a_host_and_port(string words, string host, int port, string? user, string? folder)
    {
        var line = new CommandLine("client", "", 3, words.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(new Target(host, port, user, folder), Target.From(line, null));
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1:21")]
    [InlineData("::1", "[::1]:21")]
    public void It_reads_as_one_word(string host, string text) => Assert.Equal(text, new Target(host, 21, null, null).ToString());
}
