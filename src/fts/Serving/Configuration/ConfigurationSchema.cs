using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Fts.Serving.Configuration;

/// <summary>The JSON schema of the configuration file (draft 2020-12), for editors. It is derived from the table of settings.</summary>
internal static class ConfigurationSchema
{
    /// <summary>Returns the schema as indented JSON, with a line end at the end.</summary>
    public static string Format(SettingTable table)
    {
        using var buffer = new MemoryStream();
        // The file is not part of a web page, so apostrophes and angle brackets need no escape.
        var options = new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var json = new Utf8JsonWriter(buffer, options))
        {
            json.WriteStartObject();
            json.WriteString("$schema", "https://json-schema.org/draft/2020-12/schema");
            json.WriteString("title", "Configuration file of fts server");
            json.WriteString("description", "Comments and trailing commas are allowed. fts config check prints the effective settings.");
            json.WriteString("type", "object");
            json.WriteBoolean("additionalProperties", false);
            json.WriteStartObject("properties");
            json.WriteStartObject(ConfigurationFile.SchemaKey);
            json.WriteString("description", "the location of this schema, for editors");
            json.WriteString("type", "string");
            json.WriteEndObject();
            foreach (SettingDefinition setting in table.All)
            {
                WriteSetting(json, setting);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }

    private static void WriteSetting(Utf8JsonWriter json, SettingDefinition setting)
    {
        json.WriteStartObject(setting.Key);
        json.WriteString("description", setting.Description);
        if (setting.Choices is ["0", "1"])
        {
            WriteNumbersOrBooleans(json);
        }
        else if (setting.Choices.Count > 0)
        {
            json.WriteStartArray("enum");
            foreach (string choice in setting.Choices)
            {
                json.WriteStringValue(choice);
            }

            json.WriteEndArray();
            json.WriteString("default", setting.Choices[0]);
        }
        else
        {
            WriteType(json, setting.Kind);
        }

        json.WriteEndObject();
    }

    private static void WriteNumbersOrBooleans(Utf8JsonWriter json)
    {
        json.WriteStartArray("enum");
        json.WriteNumberValue(0);
        json.WriteNumberValue(1);
        json.WriteBooleanValue(false);
        json.WriteBooleanValue(true);
        json.WriteEndArray();
        json.WriteNumber("default", 0);
    }

    private static void WriteType(Utf8JsonWriter json, SettingKind kind)
    {
        switch (kind)
        {
            case SettingKind.Switch:
                json.WriteString("type", "boolean");
                json.WriteBoolean("default", false);
                break;
            case SettingKind.List:
                WriteTypes(json, "string", "number", "array");
                json.WriteStartObject("items");
                WriteTypes(json, "string", "number");
                json.WriteEndObject();
                break;
            default:
                WriteTypes(json, "string", "number");
                break;
        }
    }

    private static void WriteTypes(Utf8JsonWriter json, params ReadOnlySpan<string> types)
    {
        json.WriteStartArray("type");
        foreach (string type in types)
        {
            json.WriteStringValue(type);
        }

        json.WriteEndArray();
    }
}
