using Fts.Administration.Events;
using Fts.Cli;
using Fts.Cli.Help;

namespace Fts.ProgramTests.Cli;

/// <summary>The help pages of <c>fts events</c> and of its actions.</summary>
public sealed class EventsHelpTests
{
    [Theory]
    [InlineData("events")]
    [InlineData("events targets")]
    [InlineData("events dead")]
    [InlineData("events replay")]
    public void Each_page_fits_into_80_columns_and_has_a_usage_line(string topic)
    {
        string[] lines = HelpFormatter.Format(HelpCommand.GetPage(topic)).Split('\n');
        Assert.StartsWith($"Usage: fts {topic}", lines[0], StringComparison.Ordinal);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 80));
    }

    [Fact]
    public void The_overview_lists_every_action_once()
    {
        string[] actions = [.. EventsCommand.Command.Overview.Arguments.Select(row => row.Term)];
        Assert.Equal(actions.Distinct(), actions);
        Assert.All(actions, action => Assert.NotNull(EventsCommand.Command.FindPage(action)));
        Assert.All((string[])["targets", "dead", "replay"], action => Assert.Contains(action, actions));
    }
}
