using System.Globalization;

namespace Fts.Doctor.Checks;

/// <summary>Reads and writes times of MDTM and MFMT (RFC 3659 §2.3), and rounds offsets of time zones.</summary>
internal static class WireTimes
{
    private const string Format = "yyyyMMddHHmmss";

    /// <summary>Reads the time in the text of a reply to MDTM. Fractions of a second are ignored.</summary>
    public static bool TryParse(string text, out DateTimeOffset time)
    {
        string digits = text.Trim().Split('.')[0];
        return DateTimeOffset.TryParseExact(
            digits, Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
    }

    /// <summary>Returns the time as an argument of MFMT.</summary>
    public static string ToArgument(DateTimeOffset time) => time.ToUniversalTime().ToString(Format, CultureInfo.InvariantCulture);

    /// <summary>
    /// Rounds a difference to a quarter of an hour, because LIST is precise to the minute and time zones differ by quarters.
    /// </summary>
    public static TimeSpan RoundOffset(TimeSpan difference) =>
        TimeSpan.FromMinutes(Math.Round(difference.TotalMinutes / 15, MidpointRounding.AwayFromZero) * 15);
}
