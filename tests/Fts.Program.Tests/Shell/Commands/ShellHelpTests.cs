using Fts.Shell.Commands;

namespace Fts.ProgramTests.Shell.Commands;

/// <summary>The help of the shell.</summary>
public sealed class ShellHelpTests
{
    private const int MaxColumns = 80;

    [Fact]
    public void Each_command_has_one_line_with_a_space_before_its_description()
    {
        IReadOnlyList<string> lines = ShellHelp.FormatList();
        foreach (ShellCommand command in ShellCommandTable.All)
        {
            string line = Assert.Single(lines, line => line.StartsWith($"  {command.Usage}  ", StringComparison.Ordinal));
            Assert.EndsWith($"  {command.Description}", line, StringComparison.Ordinal);
        }

        Assert.Single(lines, line => line.StartsWith("  !COMMAND  ", StringComparison.Ordinal));
        Assert.Single(lines, line => line.StartsWith("  help server [VERB]  ", StringComparison.Ordinal));
    }

    [Fact]
    public void The_list_starts_with_two_examples_and_groups_the_commands_under_headings()
    {
        IReadOnlyList<string> lines = ShellHelp.FormatList();
        string[] headings = [.. lines.Where(line => line.EndsWith(':'))];
        Assert.Equal(["Examples:", "Transfers:", "Files on the server:", "Local files:", "Session:"], headings);
        Assert.Equal("Examples:", lines[0]);
        Assert.Equal(["", "Transfers:"], lines.Skip(3).Take(2));
    }

    [Fact]
    public void No_line_is_longer_than_80_columns()
    {
        Assert.All(ShellHelp.FormatList(), line => Assert.InRange(line.Length, 0, MaxColumns));
        foreach (ShellCommand command in ShellCommandTable.All)
        {
            Assert.All(ShellHelp.FormatCommand(command), line => Assert.InRange(line.Length, 1, MaxColumns));
        }
    }

    [Fact]
    public void Each_option_of_a_command_has_its_own_line()
    {
        foreach (ShellCommand command in ShellCommandTable.All)
        {
            IReadOnlyList<string> lines = ShellHelp.FormatCommand(command);
            Assert.Equal($"usage: {command.Usage}", lines[0]);
            foreach (ShellOption option in command.Options)
            {
                string term = option.Alias is null ? option.Name : $"{option.Name}, {option.Alias}";
                Assert.Single(lines, line => line.StartsWith($"  {term} ", StringComparison.Ordinal));
            }
        }

        Assert.Contains("other names: delete, del", ShellHelp.FormatCommand(ShellCommandTable.Find("rm")!));
    }

    [Fact]
    public void The_topics_are_the_commands_and_the_server()
    {
        Assert.Contains("server", ShellHelp.Topics);
        Assert.Contains("quit", ShellHelp.Topics);
    }
}
