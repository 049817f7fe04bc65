using Fts.Trust;

namespace Fts.ProgramTests.Trust;

/// <summary>Tests that all spellings of a host are one server in known_hosts.</summary>
public sealed class ServerNameTests
{
    [Theory]
    [InlineData("127.0.0.1:21", "127.0.0.1:21")]
    [InlineData("[::ffff:127.0.0.1]:21", "127.0.0.1:21")]
    [InlineData("::ffff:127.0.0.1:21", "127.0.0.1:21")]
    [InlineData("[::FFFF:7F00:1]:21", "127.0.0.1:21")]
    [InlineData("[0:0:0:0:0:ffff:7f00:0001]:21", "127.0.0.1:21")]
    [InlineData("0x7f.0.0.1:21", "127.0.0.1:21")]
    [InlineData("0177.0.0.01:21", "127.0.0.1:21")]
    [InlineData("127.0.0.1:0021", "127.0.0.1:21")]
    [InlineData("127.0.0.1.:21", "127.0.0.1:21")]
    [InlineData("[::1]:21", "[::1]:21")]
    [InlineData("::1:21", "[::1]:21")]
    [InlineData("[0:0:0:0:0:0:0:1]:21", "[::1]:21")]
    [InlineData("[2001:DB8:0:0::0001]:21", "[2001:db8::1]:21")]
    [InlineData("Files.Example.ORG:21", "files.example.org:21")]
    [InlineData("files.example.org.:21", "files.example.org:21")]
    [InlineData("b\u00fccher.example:21", "xn--bcher-kva.example:21")]
    [InlineData("B\u00dcCHER.example:21", "xn--bcher-kva.example:21")]
    [InlineData("XN--BCHER-KVA.example.:21", "xn--bcher-kva.example:21")]
    [InlineData("files.example.org", "files.example.org")]
    [InlineData("a_b:21", "a_b:21")]
    [InlineData("[#]:21", "[#]:21")]
    public void Every_spelling_is_normalized_to_the_same_name(string server, string expected) =>
        Assert.Equal(expected, ServerName.Normalize(server));

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("LOCALHOST.", true)]
    [InlineData("127.0.0.2", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:127.0.0.2", true)]
    [InlineData("192.0.2.1", false)]
    [InlineData("localhost.example", false)]
    public void Loopback_is_recognized_in_every_spelling(string host, bool expected) => Assert.Equal(expected, ServerName.IsLoopback(host));
}
