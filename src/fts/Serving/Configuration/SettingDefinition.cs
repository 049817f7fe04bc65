using System.CommandLine;
using Fts.Cli;

namespace Fts.Serving.Configuration;

/// <summary>The form of the value of a setting.</summary>
internal enum SettingKind
{
    /// <summary>One text or number.</summary>
    Text,
    /// <summary>On or off.</summary>
    Switch,
    /// <summary>Any number of texts.</summary>
    List,
}

/// <summary>One setting of the server, which the command line, the environment and the configuration file can contain.</summary>
/// <param name="Name">The name on the command line: an option with its dashes, or the name of an argument, such as <c>port</c>.</param>
/// <param name="Kind">The form of the value.</param>
/// <param name="Description">The description from the help page.</param>
/// <param name="Choices">The allowed values. Empty if other values are allowed too.</param>
internal sealed record SettingDefinition(string Name, SettingKind Kind, string Description, IReadOnlyList<string> Choices)
{
    /// <summary>The key in the configuration file: the name in camel case, such as <c>dataTimeout</c>.</summary>
    public string Key { get; } = ToCamelCase(Name.TrimStart('-'));

    /// <summary>The environment variable, such as <c>FTS_DATA_TIMEOUT</c>.</summary>
    public string Variable { get; } = "FTS_" + Name.TrimStart('-').Replace('-', '_').ToUpperInvariant();

    /// <summary>Returns the setting for an option of the command line.</summary>
    public static SettingDefinition FromOption(Option option) => new(
        option.Name,
        option switch { Option<bool> => SettingKind.Switch, Option<string[]> => SettingKind.List, _ => SettingKind.Text },
        option.Description ?? "",
        option is ChoiceOption choice ? [.. choice.Choices.Select(item => item.Value)] : [])
    {
        GetDefault = option is DefaultedOption defaulted ? () => defaulted.DefaultText : null,
    };

    /// <summary>The default as a value that the user could write. Null if nothing is set by default.</summary>
    public string? DefaultText => Kind switch
    {
        SettingKind.Switch => "false",
        SettingKind.List => null,
        _ => Choices.Count > 0 ? Choices[0] : GetDefault?.Invoke(),
    };

    /// <summary>Returns the default of a setting without choices. Null if nothing is set by default.</summary>
    public Func<string>? GetDefault { get; init; }

    private static string ToCamelCase(string name) => string.Concat(
        name.Split('-').Select((word, i) => i == 0 || word.Length == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]));
}
