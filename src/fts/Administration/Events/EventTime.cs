using System.Globalization;
using Fts.Cli;
using Fts.Serving;

namespace Fts.Administration.Events;

/// <summary>Parses the times of options such as <c>--since</c>. Pure.</summary>
internal static class EventTime
{
    private static readonly string[] Formats =
    [
        "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd HH:mmK",
        "yyyy-MM-dd HH:mm:ssK", "yyyy-MM-dd HH:mm:ss.FFFFFFFK",
    ];

    /// <summary>Parses an ISO date or time, or a time span before now. A time without an offset is UTC, as in the log.</summary>
    /// <param name="text">For example <c>2027-01-31</c>, <c>2027-01-31T12:00:00+01:00</c>, <c>2h</c> or <c>7d</c>.</param>
    /// <param name="now">The current time.</param>
    /// <param name="time">The time, UTC.</param>
    /// <returns>False if the text is neither.</returns>
    public static bool TryParse(string text, DateTimeOffset now, out DateTimeOffset time)
    {
        if (Defences.TryParseTime(text, out TimeSpan span))
        {
            time = now.ToUniversalTime() - span;
            return true;
        }

        return DateTimeOffset.TryParseExact(
            text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
    }

    /// <summary>Parses the value of an option.</summary>
    /// <exception cref="UserErrorException">The value is not a time.</exception>
    public static DateTimeOffset Parse(string option, string text) => TryParse(text, DateTimeOffset.UtcNow, out DateTimeOffset time)
        ? time
        : throw CommandLine.CreateUsageError(
            $"{option} {text}: must be a time like 2027-01-31 or 2027-01-31T12:00:00Z, or a time before now like 90s, 15m, 2h or 7d");
}
