using System.Globalization;

namespace Fts.Protocol;

/// <summary>Times on the wire: <c>YYYYMMDDHHMMSS[.fraction]</c>, always UTC (RFC 3659 §2.3).</summary>
internal static class WireTime
{
    /// <summary>Length of a time without its fraction.</summary>
    public const int Length = 14;

    /// <summary>The time to the second. Servers and clients that choke on fractions are many; none needs them.</summary>
    public static string Format(DateTime utc) => utc.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture);

    /// <summary>Reads a time; a fraction of any length is taken to 100 ns.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out DateTime utc)
    {
        utc = default;
        if (text.Length < Length || !TryParseSeconds(text[..Length], out utc))
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

    /// <summary>RFC 3659 §2.3 allows second 60, a leap second: it is taken as the one before, which every clock has.</summary>
    private static bool TryParseSeconds(ReadOnlySpan<char> text, out DateTime utc)
    {
        Span<char> digits = stackalloc char[Length];
        text.CopyTo(digits);
        if (digits.EndsWith("60"))
        {
            "59".CopyTo(digits[^2..]);
        }

        return DateTime.TryParseExact(digits, "yyyyMMddHHmmss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out utc);
    }
}
