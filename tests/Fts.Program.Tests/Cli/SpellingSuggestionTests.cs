using Fts.Cli;
using Fts.Shell.Commands;

namespace Fts.ProgramTests.Cli;

/// <summary>Tests of suggestions after typing errors.</summary>
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
    public void The_most_similar_command_is_suggested(string typed, string? meant) =>
        Assert.Equal(meant, SpellingSuggestion.FindNearest(typed, ShellCommandTable.Names));
}
