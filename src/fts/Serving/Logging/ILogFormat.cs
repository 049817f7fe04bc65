using Microsoft.Extensions.Logging;

namespace Fts.Serving.Logging;

/// <summary>Formats events of the log as lines.</summary>
internal interface ILogFormat
{
    /// <summary>Returns the line of an event, without a line end. Returns null if the format has no line for the event.</summary>
    string? Format(in LogEvent entry);
}

/// <summary>One event of the log.</summary>
/// <param name="Time">The time, in UTC.</param>
/// <param name="Level">The severity.</param>
/// <param name="Id">The number and the name of the event.</param>
/// <param name="Fields">The fields of the event by their names in the message template.</param>
/// <param name="Text">The message. Control characters are escaped.</param>
/// <param name="Exception">The cause, or null.</param>
internal readonly record struct LogEvent(
    DateTime Time, LogLevel Level, EventId Id, IReadOnlyList<KeyValuePair<string, object?>> Fields, string Text,
    Exception? Exception)
{
    /// <summary>
    /// Returns the value of a field, regardless of upper and lower case. Returns null if the event does not have the field.
    /// </summary>
    public object? GetField(string name)
    {
        foreach ((string field, object? value) in Fields)
        {
            if (field.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        return null;
    }
}
