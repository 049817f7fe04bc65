using Fts.Shell.Commands;

namespace Fts.ProgramTests.Shell.Commands;

/// <summary>Messages name a raw command without its arguments, which may be passwords.</summary>
public sealed class QuotedLineTests
{
    [Theory]
    [InlineData("site pswd old new", "site pswd")]
    [InlineData("SITE\tpswd\told", "SITE pswd")]
    [InlineData("quote \"PASS secret\"", "quote PASS")]
    [InlineData("literal 'PASS secret", "literal PASS")]
    [InlineData("quote PASS\\ secret", "quote PASS")]
    [InlineData("'site' pswd secret", "site pswd")]
    [InlineData("site", "site")]
    [InlineData("get site pswd old", "get site pswd old")]
    [InlineData("rm \"a b\"", "rm \"a b\"")]
    public void A_raw_command_is_named_by_its_verb(string line, string name) => Assert.Equal(name, QuoteCommands.RemoveArguments(line));
}
