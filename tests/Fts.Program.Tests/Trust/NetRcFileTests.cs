using Fts.Trust;

namespace Fts.ProgramTests.Trust;

/// <summary>Tests of the entries of a <c>.netrc</c> file.</summary>
public sealed class NetRcFileTests
{
    private const string File = """
        # machine commented.example login nobody password nothing
        machine one.example login ann password a#1
        machine two.example
          login bob
          account sales
          password b2
        machine two.example login carol password c3
        macdef init
        machine trap.example login mallory password m
        binary

        default login guest password g4
        """;

    [Theory]
    [InlineData("one.example", null, "ann", "a#1", null)]
    [InlineData("ONE.example", "ann", "ann", "a#1", null)]
    [InlineData("two.example", null, "bob", "b2", "sales")]
    [InlineData("two.example", "carol", "carol", "c3", null)]
    [InlineData("elsewhere.example", null, "guest", "g4", null)]
    [InlineData("trap.example", null, "guest", "g4", null)]
    [InlineData("commented.example", null, "guest", "g4", null)]
    public void The_first_matching_entry_is_returned(string host, string? user, string found, string password, string? account) =>
        Assert.Equal(new NetRcFile.Entry(found, password, account), NetRcFile.FindEntry(File, host, user));

    [Fact]
    public void A_missing_entry_is_null()
    {
        Assert.Null(NetRcFile.FindEntry(File, "one.example", "somebody"));
        Assert.Null(NetRcFile.FindEntry("", "one.example", null));
        Assert.Null(NetRcFile.FindEntry("machine", "machine", null));
    }
}
