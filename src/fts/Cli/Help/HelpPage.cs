using System.CommandLine;

namespace Fts.Cli.Help;

/// <summary>
/// The content of a help page. The options are the objects that the parser uses, so that the page always agrees with the parser.
/// </summary>
internal sealed record HelpPage
{
    /// <summary>One line for each form of the command.</summary>
    public required IReadOnlyList<string> Usage { get; init; }

    /// <summary>What the command does, in one sentence.</summary>
    public required string Purpose { get; init; }

    /// <summary>Command lines to copy, each with its effect.</summary>
    public IReadOnlyList<HelpRow> Examples { get; init; } = [];

    /// <summary>The heading of <see cref="Arguments"/>.</summary>
    public string ArgumentsHeading { get; init; } = "Arguments";

    /// <summary>The arguments that are not options, in their order.</summary>
    public IReadOnlyList<HelpRow> Arguments { get; init; } = [];

    /// <summary>The options, grouped by topic.</summary>
    public IReadOnlyList<OptionGroup> OptionGroups { get; init; } = [];

    /// <summary>The exit codes that the command returns.</summary>
    public IReadOnlyList<HelpRow> ExitCodes { get; init; } = [];

    /// <summary>Paragraphs at the end of the page.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>One row of a help page.</summary>
/// <param name="Term">The left column: an argument, an exit code or an example.</param>
/// <param name="Description">The right column. Wrapped to the width of the page.</param>
internal readonly record struct HelpRow(string Term, string Description);

/// <summary>Options of one topic, under a heading of their own.</summary>
/// <param name="Heading">The heading, without the colon.</param>
/// <param name="Options">The options, in the order of the page.</param>
internal sealed record OptionGroup(string Heading, params IReadOnlyList<Option> Options);
