using System.CommandLine;
using Fts.Cli;
using Fts.Cli.Help;

namespace Fts.ProgramTests.Cli;

/// <summary>Tests of the format of help pages, and that they list every option of the parser.</summary>
public sealed class HelpPageTests
{
    private static readonly string[] Subcommands =
    [
        "server", "client", "open", "get", "put", "ls", "cat", "stat", "rm", "mv", "mkdir", "rmdir", "mirror", "doctor", "trust", "status",
        "kick", "ban", "log", "config", "service",
    ];

    public static TheoryData<string> Topics { get; } = ["help", .. Subcommands, "hosts", "uploads"];

    public static TheoryData<string> SubcommandNames { get; } = [.. Subcommands];

    [Theory]
    [MemberData(nameof(Topics))]
    public void No_line_is_longer_than_80_columns(string topic) => Assert.All(GetLines(topic), line => Assert.InRange(line.Length, 0, 80));

    [Theory]
    [MemberData(nameof(Topics))]
    public void Two_examples_precede_the_options(string topic)
    {
        string[] lines = GetLines(topic);
        Assert.StartsWith("Usage: fts ", lines[0], StringComparison.Ordinal);
        int examples = lines.IndexOf("Examples:");
        Assert.True(examples > 0);
        Assert.True(lines.Skip(examples + 1).TakeWhile(line => line.Length > 0)
            .Count(line => line.StartsWith("  fts ", StringComparison.Ordinal)) >= 2);
        Assert.All(lines.Take(examples), line => Assert.DoesNotContain("  --", line, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(SubcommandNames))]
    public void Each_option_of_the_parser_starts_exactly_one_line(string subcommand)
    {
        SubcommandDefinition definition = HelpCommand.FindDefinition(subcommand)!;
        string[] options = [.. GetOptionLines(subcommand).Select(GetOptionName)];
        Assert.Equal(definition.Options.Select(option => option.Name).Order(), options.Order());
        Assert.Equal(options.Distinct(), options);
        foreach (Option option in definition.Options)
        {
            var line = new CommandLine(definition, option is Option<bool> ? [option.Name] : [option.Name, "value"]);
            Assert.Contains(line.SpecifiedOptions, specified => specified.Name == option.Name);
        }
    }

    [Theory]
    [MemberData(nameof(Topics))]
    public void No_line_has_two_options(string topic) =>
        Assert.All(
            GetOptionLines(topic),
            line => Assert.Equal(GetOptionName(line).StartsWith("--", StringComparison.Ordinal) ? 2 : 1, line.Split("--").Length));

    [Theory]
    [MemberData(nameof(SubcommandNames))]
    public void Each_option_has_a_description_and_a_placeholder(string subcommand) =>
        Assert.All(HelpCommand.FindDefinition(subcommand)!.Options, option =>
    {
        Assert.False(string.IsNullOrEmpty(option.Description), option.Name);
        Assert.True(option is Option<bool> || !string.IsNullOrEmpty(option.HelpName), option.Name);
    });

    [Fact]
    public void The_page_of_the_server_contains_the_options_of_its_topics()
    {
        string[] server = [.. GetOptionLines("server")];
        Assert.NotEmpty(GetOptionLines("hosts"));
        Assert.All(GetOptionLines("hosts").Concat(GetOptionLines("uploads")), line => Assert.Contains(line, server));
    }

    [Fact]
    public void Long_terms_have_their_description_on_the_next_line()
    {
        var page = new HelpPage
        {
            Usage = ["fts test FILE", "fts test URL"],
            Purpose = "Tests the format.",
            Examples = [new("fts test a", "test a file")],
            OptionGroups =
            [
                new OptionGroup(
                    "Options",
                    new ChoiceOption("--mode", "MODE", "selects a mode", ("fast", "few checks"),
                        ("thorough", "all checks, also the checks that take a long time and more")),
                    new Option<string[]>("--a-very-long-option-name") { HelpName = "VALUE", Description = "a value" }),
            ],
            ExitCodes = [new("0", "success"), new("130", "interrupted")],
            Notes = ["A note."],
        };
        Assert.Equal(
            """
            Usage: fts test FILE
                   fts test URL

            Tests the format.

            Examples:
              fts test a                test a file

            Options:
              --mode MODE               selects a mode
                                          fast      few checks (default)
                                          thorough  all checks, also the checks that take a
                                                    long time and more
              --a-very-long-option-name VALUE
                                        a value; may be repeated

            Exit codes:
              0    success
              130  interrupted

            A note.
            """,
            HelpFormatter.Format(page));
    }

    private static string[] GetLines(string topic) => HelpFormatter.Format(HelpCommand.GetPage(topic)).Split('\n');

    /// <summary>Returns the lines that start with an option, without their indentation.</summary>
    private static IEnumerable<string> GetOptionLines(string topic) =>
        GetLines(topic).Where(line => line.StartsWith("  -", StringComparison.Ordinal) && topic != "help").Select(line => line.Trim());

    /// <summary>Returns the long name of an option. Its short name, as in <c>-r, --recursive</c>, precedes it.</summary>
    private static string GetOptionName(string line)
    {
        string[] words = line.Split(' ');
        return words[0].EndsWith(',') ? words[1] : words[0];
    }
}
