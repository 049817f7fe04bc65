using Fts.Cli;
using Fts.Shell.Commands;

namespace Fts.ProgramTests.Cli;

/// <summary>"Did you mean" finds what was meant, and keeps quiet when nothing was.</summary>
public sealed class SpellingSuggestionTests
{
    [Theory]
    [InlineData("gte", "get")]
    [InlineData("geet", "get")]
    [InlineData("ptu", "put")]
    [InlineData("PUTT", "put")]
    [InlineData("chnage", "change")]
    [InlineData("hlep", "help")]
    [InlineData("quti", "quit")]
    [InlineData("chan", "change")]
    [InlineData("xyzzy", null)]
    [InlineData("frobnicate", null)]
    public void The_nearest_command_is_offered(string typed, string? meant) => Assert.Equal(meant, SpellingSuggestion.FindNearest(typed, ShellCommandTable.Names));
}
