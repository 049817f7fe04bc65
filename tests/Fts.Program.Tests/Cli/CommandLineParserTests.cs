using Fts.Cli;

namespace Fts.ProgramTests.Cli;

/// <summary>Tests of arguments that look like syntax of the parser.</summary>
public sealed class CommandLineParserTests
{
    [Theory]
    [InlineData("[2001:db8::1]")]
    [InlineData("[directive]")]
    [InlineData("client")]
    [InlineData("fts")]
    [InlineData("@file")]
    public void A_first_argument_is_never_syntax(string argument) =>
        Assert.Equal([argument, "21"], new CommandLine(ClientCommand.Definition, [argument, "21"]).Arguments);

    [Fact]
    public void Words_after_two_dashes_are_arguments() =>
        Assert.Equal(["--user"], new CommandLine(ClientCommand.Definition, ["--", "--user"]).Arguments);
}
