using System.Globalization;

namespace Fts.Protocol;

/// <summary>Reads and writes times in the form of RFC 3659 §2.3: <c>YYYYMMDDHHMMSS[.fraction]</c>, always in UTC.</summary>
public static class WireTime
{
    /// <summary>The length of a time without its fraction, in characters.</summary>
    public const int Length = 14;

    /// <summary>
    /// Returns the text of a time, precise to the second. Fractions are omitted, because many servers and clients reject them.
    /// </summary>
    /// <param name="utc">The time in UTC.</param>
    public static string Format(DateTime utc) => utc.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture);

    /// <summary>Reads a time. A fraction may have any number of digits and is truncated to 100 ns.</summary>
    /// <param name="text">The text, without anything before or after the time.</param>
    /// <param name="utc">The time in UTC, if the method returns true.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out DateTime utc)
    {
        utc = default;
        if (text.Length < Length || !TryParseWithoutFraction(text[..Length], out utc))
        {
            return false;
        }

        ReadOnlySpan<char> fraction = text[Length..];
        if (fraction.IsEmpty)
        {
            return true;
        }

        if (fraction[0] != '.' || fraction.Length == 1 || fraction[1..].ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        long ticks = 0;
        for (int i = 1; i <= 7; i++)
        {
            ticks = (ticks * 10) + (i < fraction.Length ? fraction[i] - '0' : 0);
        }

        utc = utc.AddTicks(ticks);
        return true;
    }

    /// <summary>Reads a time that has no fraction. The leap second 60, which RFC 3659 §2.3 allows, is read as second 59.</summary>
    private static bool TryParseWithoutFraction(ReadOnlySpan<char> text, out DateTime utc)
    {
        Span<char> digits = stackalloc char[Length];
        text.CopyTo(digits);
        if (digits.EndsWith("60"))
        {
            "59".CopyTo(digits[^2..]);
        }

        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTime.TryParseExact(digits, "yyyyMMddHHmmss", CultureInfo.InvariantCulture, Utc, out utc);
    }
}
