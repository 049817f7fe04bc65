using System.Text;
using Fts.Cli;

namespace Fts.Serving.Configuration;

/// <summary>
/// The settings of the configuration file and of the environment, by their names on the command line. <see cref="CommandLine"/> returns
/// them for options and arguments that the command line does not contain.
/// </summary>
internal sealed class ConfiguredSettings
{
    private readonly SettingTable _table;
    private readonly Dictionary<string, IReadOnlyList<ConfiguredValue>> _values;

    /// <summary>Merges the settings. Each variable replaces all values of its setting in the file.</summary>
    public ConfiguredSettings(
        SettingTable table,
        IReadOnlyDictionary<string, IReadOnlyList<ConfiguredValue>> file,
        IReadOnlyDictionary<string, IReadOnlyList<ConfiguredValue>> environment)
    {
        _table = table;
        _values = new Dictionary<string, IReadOnlyList<ConfiguredValue>>(file, StringComparer.Ordinal);
        foreach ((string name, IReadOnlyList<ConfiguredValue> values) in environment)
        {
            _values[name] = values;
        }
    }

    /// <summary>Returns the values of a setting. Empty if the setting is not configured.</summary>
    public IReadOnlyList<ConfiguredValue> GetValues(string name) => _values.GetValueOrDefault(name, []);

    /// <summary>Returns the value of a setting, or null if the setting is not configured.</summary>
    public ConfiguredValue? GetValue(string name) => GetValues(name) is [var value, ..] ? value : null;

    /// <summary>
    /// Returns an error in terms of the origin of its value. Names of options become keys of the file or names of variables, and the file
    /// and the line precede the message. Errors that concern no configured setting are returned unchanged.
    /// </summary>
    /// <param name="error">An error that names options, such as <c>--data-timeout abc: must be …</c>.</param>
    /// <param name="getSpecified">
    /// Returns the values of a setting on the command line, which then keeps its name, or null if the command line does not contain it.
    /// </param>
    public UserErrorException Translate(UserErrorException error, Func<string, IReadOnlyList<string>?> getSpecified)
    {
        string message = error.Error.Message;
        Mention[] all = [.. FindMentions(message, getSpecified)];
        SettingMention[] subjects =
        [
            .. all.Select(mention => new SettingMention(
                mention.Setting.Name, mention.Value?.Text, mention.Value?.Origin ?? SettingOrigin.Default)),
        ];
        Mention[] mentions = [.. all.Where(mention => mention.Value?.Origin.Kind != OriginKind.CommandLine)];
        if (mentions.FirstOrDefault(mention => mention.Value is not null)?.Value?.Origin is not { } origin)
        {
            return new UserErrorException(error.Error) { Mentions = subjects };
        }

        var text = new StringBuilder(origin.Kind == OriginKind.File ? $"{origin.Location}: " : "");
        int copied = 0;
        foreach (Mention mention in mentions.Where(mention => mention.Start >= copied))
        {
            text.Append(message, copied, mention.Start - copied);
            bool isVariable = (mention.Value?.Origin ?? origin).Kind == OriginKind.Environment;
            text.Append(isVariable ? mention.Setting.Variable : mention.Setting.Key);
            copied = mention.End;
            if (mention.Value is { } value && StartsWithValue(message.AsSpan(copied).TrimStart(' '), value.Text))
            {
                text.Append(' ').Append(value);
                copied = message.IndexOf(value.Text, copied, StringComparison.Ordinal) + value.Text.Length;
            }
        }

        UserError translated = error.Error with { Message = text.Append(message.AsSpan(copied)).ToString() };
        return new UserErrorException(translated) { Mentions = subjects };
    }

    /// <summary>Returns an error for the value of an argument, such as <c>port</c>.</summary>
    /// <param name="name">The name of a configured argument.</param>
    /// <param name="requirement">The end of the message, such as <c>must be 0 or 1</c>.</param>
    public UserErrorException CreateError(string name, string requirement)
    {
        ConfiguredValue value = GetValue(name)!;
        SettingDefinition setting = _table.FindByName(name)!;
        string message = value.Origin.Kind == OriginKind.File
            ? $"{value.Origin.Location}: {setting.Key} {value}: {requirement}"
            : $"{setting.Variable} {value}: {requirement}";
        return new UserErrorException(new UserError(ExitCode.UsageError, message))
        {
            Mentions = [new SettingMention(name, value.Text, value.Origin)],
        };
    }

    /// <summary>Returns the places where a message names options, in order.</summary>
    private IEnumerable<Mention> FindMentions(string message, Func<string, IReadOnlyList<string>?> getSpecified)
    {
        const string dashes = "--";
        int start = message.IndexOf(dashes, StringComparison.Ordinal);
        while (start >= 0)
        {
            int end = start + dashes.Length;
            while (end < message.Length && (char.IsAsciiLetterOrDigit(message[end]) || message[end] == '-'))
            {
                end++;
            }

            if ((start == 0 || message[start - 1] is ' ' or '(') && _table.FindByName(message[start..end]) is { } setting)
            {
                yield return new Mention(start, end, setting, FindValue(GetAllValues(setting.Name, getSpecified), message[end..]));
            }

            start = message.IndexOf(dashes, end, StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// Returns the value of a setting that the rest of a message after the name concerns: the value that follows the name, the value that
    /// starts with the following word, or the first value. Returns null if the setting is not configured.
    /// </summary>
    private static ConfiguredValue? FindValue(IReadOnlyList<ConfiguredValue> values, string rest)
    {
        string text = rest.TrimStart(' ', ':');
        string word = text.Split([' ', ':', '=', ','], 2)[0];
        return values.FirstOrDefault(value => StartsWithValue(text, value.Text))
            ?? values.FirstOrDefault(value => word.Length > 0 && value.Text.StartsWith(word + "=", StringComparison.OrdinalIgnoreCase))
            ?? (values.Count > 0 ? values[0] : null);
    }

    /// <summary>Returns the values of a setting from the command line, or else the configured values.</summary>
    private IReadOnlyList<ConfiguredValue> GetAllValues(string name, Func<string, IReadOnlyList<string>?> getSpecified) =>
        getSpecified(name) is { } texts
            ? [.. texts.Select(text => new ConfiguredValue(text, SettingOrigin.CommandLine, IsQuoted: false))]
            : GetValues(name);

    private static bool StartsWithValue(ReadOnlySpan<char> text, string value) =>
        value.Length > 0 && text.StartsWith(value) && (text.Length == value.Length || text[value.Length] is ':' or ' ' or ',' or ';');

    /// <summary>A place where a message names an option.</summary>
    /// <param name="Start">The index of the name.</param>
    /// <param name="End">The index after the name.</param>
    /// <param name="Setting">The setting.</param>
    /// <param name="Value">The configured value that the message concerns; null if the setting is not configured.</param>
    private sealed record Mention(int Start, int End, SettingDefinition Setting, ConfiguredValue? Value);
}
