using System.CommandLine;

namespace Fts.Cli;

/// <summary>An option that accepts one of several fixed values. The first value is the default.</summary>
internal sealed class ChoiceOption : Option<string>
{
    /// <param name="name">The name, with its dashes.</param>
    /// <param name="valueName">The placeholder for the value in help pages.</param>
    /// <param name="description">What the option selects.</param>
    /// <param name="choices">The values and their meanings.</param>
    public ChoiceOption(string name, string valueName, string description, params IReadOnlyList<(string Value, string Meaning)> choices)
        : base(name)
    {
        HelpName = valueName;
        Description = description;
        Choices = choices;
    }

    /// <summary>The values and their meanings.</summary>
    public IReadOnlyList<(string Value, string Meaning)> Choices { get; }
}
