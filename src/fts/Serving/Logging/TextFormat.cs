using System.Globalization;
using Fts.Protocol;
using Microsoft.Extensions.Logging;

namespace Fts.Serving.Logging;

/// <summary>Lines of text that start with date and time (ISO 8601, UTC).</summary>
internal sealed class TextFormat : ILogFormat
{
    /// <inheritdoc/>
    public string Format(in LogEvent entry)
    {
        string prefix = entry.Level switch
        {
            >= LogLevel.Error => "error: ",
            LogLevel.Warning => "warning: ",
            _ => "",
        };
        string cause = entry.Exception is null ? "" : $": {entry.Exception.Message.ToPrintable()}";
        return string.Create(CultureInfo.InvariantCulture, $"{entry.Time:yyyy-MM-ddTHH:mm:ssZ} {prefix}{entry.Text}{cause}");
    }
}
