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
        option is ChoiceOption choice ? [.. choice.Choices.Select(item => item.Value)] : []);

    /// <summary>
    /// The default as text: a value such as <c>60s</c>, or words such as <c>the current folder</c>. Null if nothing is set by default.
    /// </summary>
    public string? DefaultText => Kind switch
    {
        SettingKind.Switch => "false",
        SettingKind.List => null,
        _ => Choices.Count > 0 ? Choices[0] : FindDefault(Description),
    };

    /// <summary>
    /// Returns the default that a description contains in one of the forms <c>(default: 60s)</c>, <c>24h (default)</c> and
    /// <c>same (the client's address; default)</c>.
    /// </summary>
    private static string? FindDefault(string description)
    {
        const string label = "default: ", mark = "default)";
        int start = description.IndexOf(label, StringComparison.Ordinal);
        if (start >= 0)
        {
            string rest = description[(start + label.Length)..];
            int end = rest.IndexOfAny([')', ';']);
            return end < 0 ? rest : rest[..end];
        }

        int marked = description.IndexOf(mark, StringComparison.Ordinal);
        int parenthesis = marked < 0 ? -1 : description.LastIndexOf('(', marked);
        return parenthesis <= 0 ? null : description[..parenthesis].TrimEnd().Split(' ')[^1];
    }

    private static string ToCamelCase(string name) => string.Concat(
        name.Split('-').Select((word, i) => i == 0 || word.Length == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]));
}
