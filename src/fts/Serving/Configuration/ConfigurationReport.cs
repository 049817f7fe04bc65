using System.Text;
using System.Text.Json;
using Fts.Cli;
using Fts.Protocol;

namespace Fts.Serving.Configuration;

/// <summary>Formats the effective settings for <c>fts config check</c>: each with its value and its origin.</summary>
internal static class ConfigurationReport
{
    /// <summary>The identifier of the format of the JSON lines.</summary>
    private const string JsonFormat = "fts.config/1";

    /// <summary>Returns one line for each value of each setting.</summary>
    public static IEnumerable<string> FormatText(IReadOnlyList<EffectiveSetting> settings)
    {
        (string Key, string Value, string Origin)[] rows = [.. settings.SelectMany(GetRows)];
        int keyWidth = rows.Max(row => row.Key.Length), valueWidth = rows.Max(row => row.Value.Length);
        return rows.Select(row => $"{row.Key.PadRight(keyWidth)}  {row.Value.PadRight(valueWidth)}  {row.Origin}");
    }

    /// <summary>Returns the first JSON line, which names the format.</summary>
    public static string FormatJsonHeader() => FormatJson(json => json.WriteString("schema", JsonFormat));

    /// <summary>Returns the JSON line of a setting.</summary>
    public static string FormatJson(EffectiveSetting setting) => FormatJson(json =>
    {
        SettingOrigin origin = setting.Values is [{ Origin: var first }, ..] ? first : SettingOrigin.Default;
        json.WriteString("type", "setting");
        json.WriteString("key", setting.Definition.Key);
        json.WritePropertyName("value");
        WriteValue(json, setting);
        WriteOrigin(json, origin);
    });

    /// <summary>Returns the JSON line of an error.</summary>
    public static string FormatJsonError(UserErrorException error) => FormatJson(json =>
    {
        json.WriteString("type", "error");
        json.WriteNumber("exitCode", (int)error.Error.ExitCode);
        json.WriteString("message", error.Error.Message);
        SettingMention? subject =
            error.Mentions.FirstOrDefault(mention => mention.Origin.Kind != OriginKind.Default)
            ?? (error.Mentions is [var first, ..] ? first : null);
        if (subject is null)
        {
            return;
        }

        if (SettingTable.Server.FindByName(subject.Name) is { } setting)
        {
            json.WriteString("key", setting.Key);
        }

        WriteOrigin(json, subject.Origin);
    });

    /// <summary>Returns the last JSON line, with the exit code and the error, if there is one.</summary>
    public static string FormatJsonResult(ExitCode exitCode, string? error) => FormatJson(json =>
    {
        json.WriteString("type", "result");
        json.WriteNumber("exitCode", (int)exitCode);
        if (error is not null)
        {
            json.WriteString("error", error);
        }
    });

    private static IEnumerable<(string Key, string Value, string Origin)> GetRows(EffectiveSetting setting) => setting.Values.Count > 0
        ? setting.Values.Select(value => (setting.Definition.Key, value.Text.ToPrintable(), value.Origin.ToString()))
        : [(setting.Definition.Key, (setting.Definition.DefaultText ?? "(not set)").ToPrintable(), SettingOrigin.Default.ToString())];

    private static void WriteOrigin(Utf8JsonWriter json, SettingOrigin origin)
    {
        json.WriteString("origin", origin.Kind switch
        {
            OriginKind.File => "file",
            OriginKind.Environment => "environment",
            OriginKind.CommandLine => "command line",
            _ => "default",
        });
        if (origin.Kind == OriginKind.File)
        {
            json.WriteString("file", origin.Source);
            json.WriteNumber("line", origin.Line);
        }
        else if (origin.Kind == OriginKind.Environment)
        {
            json.WriteString("variable", origin.Source);
        }
    }

    private static void WriteValue(Utf8JsonWriter json, EffectiveSetting setting)
    {
        if (setting.Definition.Kind == SettingKind.List)
        {
            json.WriteStartArray();
            foreach (ConfiguredValue value in setting.Values)
            {
                json.WriteStringValue(value.Text);
            }

            json.WriteEndArray();
            return;
        }

        string? text = setting.Values is [{ Text: var configured }, ..] ? configured : setting.Definition.DefaultText;
        switch (setting.Definition.Kind, text)
        {
            case (SettingKind.Switch, _):
                json.WriteBooleanValue(text == "true");
                break;
            case (_, null):
                json.WriteNullValue();
                break;
            default:
                json.WriteStringValue(text);
                break;
        }
    }

    private static string FormatJson(Action<Utf8JsonWriter> writeMembers)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            writeMembers(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
