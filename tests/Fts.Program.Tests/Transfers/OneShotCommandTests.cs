using Fts.Cli.Connections;
using Fts.Transfers;

namespace Fts.ProgramTests.Transfers;

/// <summary>Commands that are printed for the user to paste into the system's shell.</summary>
public sealed class OneShotCommandTests
{
    [Theory]
    [InlineData("ann", "fts client 127.0.0.1 21 --user ann")]
    [InlineData("an n", "fts client 127.0.0.1 21 --user 'an n'")]
    [InlineData("$(reboot)", "fts client 127.0.0.1 21 --user '$(reboot)'")]
    [InlineData("it's;ls", @"fts client 127.0.0.1 21 --user 'it'\''s;ls'")]
    public void A_user_name_is_one_word_that_the_shell_does_not_expand(string user, string expected) =>
        Assert.Equal(expected, OneShotCommand.CreateFormatter(new Target("127.0.0.1", 21, user, null), word => word.Text).SessionCommand);
}
