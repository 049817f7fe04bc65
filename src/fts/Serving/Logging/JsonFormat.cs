using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Fts.Protocol;
using Microsoft.Extensions.Logging;

namespace Fts.Serving.Logging;

/// <summary>
/// One JSON object on each line. It starts with <c>time</c>, <c>level</c> and <c>event</c>. The other names are those of the fields, with a
/// lower-case first letter. Fields without a value are omitted.
/// </summary>
internal sealed class JsonFormat : ILogFormat
{
    // Names keep their letters. Control characters, quotes and backslashes are escaped. No browser interprets the log.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <inheritdoc/>
    public string Format(in LogEvent entry)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteString("time", entry.Time.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            json.WriteString("level", GetName(entry.Level));
            json.WriteString("event", ToCamelCase(entry.Id.Name ?? "message"));
            if (entry.Id.Id != 0)
            {
                json.WriteNumber("eventId", entry.Id.Id);
            }

            foreach ((string name, object? value) in entry.Fields)
            {
                WriteField(json, name, value);
            }

            json.WriteString("message", entry.Text);
            if (entry.Exception is { } exception)
            {
                json.WriteString("exception", exception.GetType().Name);
                json.WriteString("cause", exception.Message.ToPrintable());
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteField(Utf8JsonWriter json, string name, object? value)
    {
        // "Names" repeats the fields "Path", "Target" and "Value" for the text of the message.
        if (value is null || name is "{OriginalFormat}" or "Names")
        {
            return;
        }

        string field = ToCamelCase(name);
        switch (value)
        {
            case IPEndPoint endPoint when name is "Peer":
                json.WriteString("address", endPoint.Address.ToString());
                json.WriteNumber("port", endPoint.Port);
                break;
            case int number:
                json.WriteNumber(field, number);
                break;
            case long number:
                json.WriteNumber(field, number);
                break;
            case bool flag:
                json.WriteBoolean(field, flag);
                break;
            default:
                json.WriteString(field, Convert.ToString(value, CultureInfo.InvariantCulture)!.ToPrintable());
                break;
        }
    }

    private static string GetName(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        _ => "error",
    };

    private static string ToCamelCase(string name) => char.IsUpper(name[0]) ? char.ToLowerInvariant(name[0]) + name[1..] : name;
}
