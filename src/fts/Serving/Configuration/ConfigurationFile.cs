using System.Text;
using System.Text.Json;
using Fts.Cli;
using Fts.Protocol;

namespace Fts.Serving.Configuration;

/// <summary>
/// The parser of configuration files: one JSON object with a member for each setting. Comments and trailing commas are allowed. Each error
/// contains the file, the line, the key and the allowed values.
/// </summary>
internal ref struct ConfigurationFile
{
    /// <summary>The maximum size of a file in bytes.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <summary>The member that names the JSON schema, for editors. It is not a setting.</summary>
    public const string SchemaKey = "$schema";

    /// <summary>Unknown keys are answered with all keys only up to this number of keys.</summary>
    private const int MaxListedKeys = 12;

    private readonly SettingTable _table;
    private readonly ICollection<UserErrorException>? _errors;
    private readonly string _name;
    private readonly ReadOnlySpan<byte> _content;
    private readonly Dictionary<string, IReadOnlyList<ConfiguredValue>> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _lines = new(StringComparer.Ordinal);
    private SettingDefinition? _setting; // the setting of the current member
    private Utf8JsonReader _reader;
    private int _line = 1; // the line of _countedBytes
    private int _countedBytes;

    private ConfigurationFile(SettingTable table, string name, ReadOnlySpan<byte> content, ICollection<UserErrorException>? errors)
    {
        (_table, _name, _errors) = (table, name, errors);
        _content = content;
        _reader = new Utf8JsonReader(
            content, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 8 });
    }

    /// <summary>Parses the content of a file.</summary>
    /// <param name="table">The settings.</param>
    /// <param name="name">The name of the file, for messages and origins.</param>
    /// <param name="content">The content in UTF-8, with or without a byte order mark.</param>
    /// <param name="errors">Receives all errors, if not null. Members with errors are then skipped.</param>
    /// <returns>The values by the names of the settings (<see cref="SettingDefinition.Name"/>).</returns>
    /// <exception cref="UserErrorException">The content is not JSON, or has an unknown key or a value of a wrong type.</exception>
    public static Dictionary<string, IReadOnlyList<ConfiguredValue>> Parse(
        SettingTable table, string name, ReadOnlySpan<byte> content, ICollection<UserErrorException>? errors = null)
    {
        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        var file = new ConfigurationFile(table, name, content.StartsWith(mark) ? content[mark.Length..] : content, errors);
        return file.Parse();
    }

    private Dictionary<string, IReadOnlyList<ConfiguredValue>> Parse()
    {
        try
        {
            _reader.Read();
            if (_reader.TokenType != JsonTokenType.StartObject)
            {
                throw CreateError("the file must contain a JSON object: { \"key\": value, … }");
            }

            while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
            {
                try
                {
                    ParseMember();
                }
                catch (UserErrorException e) when (_errors is not null)
                {
                    _errors.Add(e);
                    SkipMember();
                }
            }

            _reader.Read(); // reports content after the object
            return _values;
        }
        catch (JsonException e)
        {
            _setting = null;
            Report(CreateError((int)(e.LineNumber ?? 0) + 1, $"invalid JSON: {DescribeSyntaxError(e)}"));
            return _values;
        }
        catch (UserErrorException e) when (_errors is not null)
        {
            _errors.Add(e);
            return _values;
        }
    }

    /// <summary>Skips the rest of the member with an error.</summary>
    private void SkipMember()
    {
        if (_reader.TokenType == JsonTokenType.PropertyName)
        {
            _reader.Read();
        }

        _reader.Skip();
        while (_reader.CurrentDepth > 1)
        {
            _reader.Read();
        }
    }

    /// <summary>Adds an error to the list, or throws it if there is no list.</summary>
    private readonly void Report(UserErrorException error)
    {
        if (_errors is null)
        {
            throw error;
        }

        _errors.Add(error);
    }

    private void ParseMember()
    {
        _setting = null;
        string key = ReadText("a key");
        int line = CountLine();
        if (_lines.TryGetValue(key, out int firstLine))
        {
            throw CreateError($"{key.ToPrintable()} is given twice, first in line {firstLine}");
        }

        _lines.Add(key, line);
        SettingDefinition? setting = _setting = _table.FindByKey(key);
        if (setting is null && key != SchemaKey)
        {
            throw CreateUnknownKeyError(key);
        }

        _reader.Read();
        if (setting is null)
        {
            if (_reader.TokenType != JsonTokenType.String)
            {
                throw CreateError($"{SchemaKey}: must be a string");
            }

            return;
        }

        _values.Add(setting.Name, ParseValues(setting));
    }

    private List<ConfiguredValue> ParseValues(SettingDefinition setting)
    {
        if (setting.Kind == SettingKind.Switch)
        {
            return _reader.TokenType is JsonTokenType.True or JsonTokenType.False
                ? [ReadValue(setting)]
                : throw CreateValueError(setting);
        }

        if (setting.Kind != SettingKind.List || _reader.TokenType != JsonTokenType.StartArray)
        {
            return [ReadValue(setting)];
        }

        var values = new List<ConfiguredValue>();
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            try
            {
                values.Add(ReadValue(setting));
            }
            catch (UserErrorException e) when (_errors is not null)
            {
                _errors.Add(e);
                _reader.Skip();
            }
        }

        return values;
    }

    /// <summary>Returns the current token as a value of the setting.</summary>
    private ConfiguredValue ReadValue(SettingDefinition setting)
    {
        var origin = new SettingOrigin(OriginKind.File, _name, CountLine());
        bool isSwitch = setting.Kind == SettingKind.Switch;
        // The argument debug is written as 0 or 1, but true and false are as clear.
        bool allowsBoolean = isSwitch || setting.Choices is ["0", "1"];
        ConfiguredValue? value = _reader.TokenType switch
        {
            JsonTokenType.True when allowsBoolean => new ConfiguredValue(isSwitch ? "true" : "1", origin, IsQuoted: false),
            JsonTokenType.False when allowsBoolean => new ConfiguredValue(isSwitch ? "false" : "0", origin, IsQuoted: false),
            JsonTokenType.Number when !isSwitch => new ConfiguredValue(Encoding.UTF8.GetString(_reader.ValueSpan), origin, IsQuoted: false),
            JsonTokenType.String when !isSwitch => new ConfiguredValue(ReadText(setting.Key), origin),
            _ => null,
        };
        if (value is null || (setting.Choices.Count > 0 && !setting.Choices.Contains(value.Text)))
        {
            throw CreateValueError(setting, value);
        }

        return value.Text switch
        {
            "" => throw CreateError($"{setting.Key} \"\": must not be empty"),
            var text when text.Contains('\0') => throw CreateError($"{setting.Key} must not contain the character NUL"),
            _ => value,
        };
    }

    /// <summary>Returns the current string token. Invalid UTF-8 and halves of surrogate pairs are errors.</summary>
    private string ReadText(string subject)
    {
        try
        {
            return _reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw CreateError($"{subject} contains invalid characters; the file must be UTF-8");
        }
    }

    private UserErrorException CreateUnknownKeyError(string key)
    {
        string[] keys = [.. _table.All.Select(setting => setting.Key)];
        string? suggestion = SpellingSuggestion.FindNearest(key, keys);
        string hint = keys.Length <= MaxListedKeys ? $"; allowed keys: {string.Join(", ", keys)}" : "; fts config check lists all keys";
        return CreateError($"unknown key \"{key.ToPrintable()}\"" + (suggestion is null ? hint : $"; did you mean {suggestion}?"));
    }

    private UserErrorException CreateValueError(SettingDefinition setting, ConfiguredValue? value = null)
    {
        string allowed = setting switch
        {
            { Kind: SettingKind.Switch } => "true or false",
            { Choices: ["0", "1"] } => "0 or 1",
            { Choices: { Count: > 0 } choices } =>
                $"{string.Join(", ", choices.SkipLast(1).Select(choice => $"\"{choice}\""))} or \"{choices[^1]}\"",
            { Kind: SettingKind.List } => "a string or an array of strings",
            _ => "a string or a number",
        };
        string text = value?.ToString() ?? _reader.TokenType switch
        {
            JsonTokenType.StartObject => "{…}",
            JsonTokenType.StartArray => "[…]",
            JsonTokenType.String => $"\"{ReadText(setting.Key).ToPrintable()}\"",
            _ => Encoding.UTF8.GetString(_reader.ValueSpan).ToPrintable(),
        };
        return CreateError($"{setting.Key} {text}: must be {allowed}");
    }

    private UserErrorException CreateError(string message) => CreateError(CountLine(), message);

    private readonly UserErrorException CreateError(int line, string message)
    {
        var origin = new SettingOrigin(OriginKind.File, _name, line);
        return new UserErrorException(new UserError(ExitCode.UsageError, $"{origin.Location}: {message}"))
        {
            Mentions = [new SettingMention(_setting?.Name ?? "", null, origin)],
        };
    }

    /// <summary>Returns the line of the current token.</summary>
    private int CountLine()
    {
        int start = (int)_reader.TokenStartIndex;
        _line += _content[_countedBytes..start].Count((byte)'\n');
        _countedBytes = start;
        return _line;
    }

    /// <summary>Returns the message of the JSON parser without its position, which the message repeats.</summary>
    private static string DescribeSyntaxError(JsonException e)
    {
        int position = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return (position < 0 ? e.Message : e.Message[..position]).TrimEnd('.').ToPrintable();
    }
}
