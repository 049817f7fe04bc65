using System.Globalization;

namespace Fts.Protocol;

/// <summary>
/// Reads the replies to MDTM and SIZE (RFC 3659 §3.1, §4.1), including the forms of servers that deviate from the standard. The methods
/// return null for an unreadable or ambiguous reply and do not throw, because transfers are possible without the value.
/// </summary>
public static class MetadataReply
{
    private const int DateLength = 8, TimeLength = 6, LengthWithFiveDigitYear = 15;

    /// <summary>
    /// Returns the length in bytes from a reply to SIZE, such as <c>213 5</c> or <c>213 5 bytes</c>, or null if the reply has none.
    /// </summary>
    /// <param name="reply">The reply, positive or negative.</param>
    public static long? ParseLength(FtpReply reply)
    {
        ArgumentNullException.ThrowIfNull(reply);
        if (!reply.IsCompletion)
        {
            return null;
        }

        ReadOnlySpan<char> text = reply.Text.AsSpan().Trim();
        int end = text.IndexOfAnyExceptInRange('0', '9') is var other and >= 0 ? other : text.Length;
        ReadOnlySpan<char> rest = text[end..];
        bool isNumber = rest.IsEmpty || IsByteUnit(rest.Trim());
        // Code 213 means that the reply starts with the size (RFC 3659 §4.1). Text such as the file name may follow, but not a unit.
        bool isLength = isNumber || (reply.Code == FtpReplyCode.FileStatus && rest[0] is ' ' or '\t' && !StartsWithUnit(rest.Trim()));
        return isLength && long.TryParse(text[..end], NumberStyles.None, CultureInfo.InvariantCulture, out long length) ? length : null;
    }

    /// <summary>Returns the last-modified time from a reply to MDTM, in UTC, or null if the reply has none.</summary>
    /// <param name="reply">The reply, positive or negative.</param>
    public static DateTime? ParseLastModified(FtpReply reply)
    {
        ArgumentNullException.ThrowIfNull(reply);
        return reply.IsCompletion && TryFindTime(reply.Text, out DateTime utc) ? utc : null;
    }

    /// <summary>
    /// Finds a time in the text in the form of RFC 3659 §2.3. A space or T may separate date and time, or the year may have five digits.
    /// Some servers write "19" and the number of years since 1900, for example 19124 for the year 2024.
    /// </summary>
    internal static bool TryFindTime(ReadOnlySpan<char> text, out DateTime utc)
    {
        for (int start = 0; start < text.Length;)
        {
            int skipped = text[start..].IndexOfAnyInRange('0', '9');
            if (skipped < 0)
            {
                break;
            }

            start += skipped;
            int length = text[start..].IndexOfAnyExceptInRange('0', '9') is var other and >= 0 ? other : text.Length - start;
            bool isWholeWord = start == 0 || !(char.IsLetterOrDigit(text[start - 1]) || text[start - 1] is '-' or '+' or '_' or '.');
            if (isWholeWord && TryParseTimeAt(text[start..], length, out utc))
            {
                return true;
            }

            start += length;
        }

        utc = default;
        return false;
    }

    /// <summary>Reads a time at the start of the text, which starts with a run of <paramref name="length"/> digits.</summary>
    private static bool TryParseTimeAt(ReadOnlySpan<char> text, int length, out DateTime utc)
    {
        utc = default;
        Span<char> digits = stackalloc char[WireTime.Length];
        ReadOnlySpan<char> rest = text[length..];
        if (length == WireTime.Length)
        {
            text[..length].CopyTo(digits);
        }
        else if (length == LengthWithFiveDigitYear && text.StartsWith("191"))
        {
            // 19124 is 1900 + 124.
            "20".CopyTo(digits);
            text[3..length].CopyTo(digits[2..]);
        }
        else if (length == DateLength && rest.Length > TimeLength && rest[0] is ' ' or 'T' &&
            !rest[1..(TimeLength + 1)].ContainsAnyExceptInRange('0', '9'))
        {
            text[..DateLength].CopyTo(digits);
            rest[1..(TimeLength + 1)].CopyTo(digits[DateLength..]);
            rest = rest[(TimeLength + 1)..];
        }
        else
        {
            return false;
        }

        int fraction = 0;
        if (rest.Length > 1 && rest[0] == '.')
        {
            int end = rest[1..].IndexOfAnyExceptInRange('0', '9');
            fraction = end < 0 ? rest.Length : end > 0 ? end + 1 : 0;
        }

        ReadOnlySpan<char> after = rest[fraction..];
        // A time zone other than Z, or a letter after the digits, means that the text is not a time in UTC.
        bool isEnded = after.IsEmpty || after[0] == 'Z' || !(char.IsLetterOrDigit(after[0]) || after[0] is '+' or '-' or '_');
        return isEnded && WireTime.TryParse($"{digits}{rest[..fraction]}", out utc);
    }

    private static bool IsByteUnit(ReadOnlySpan<char> word) =>
        word.Equals("bytes", StringComparison.OrdinalIgnoreCase) || word.Equals("byte", StringComparison.OrdinalIgnoreCase) ||
        word.Equals("octets", StringComparison.OrdinalIgnoreCase);

    /// <summary>Returns whether the first word can be a unit other than the byte, as in <c>5 KB</c>.</summary>
    private static bool StartsWithUnit(ReadOnlySpan<char> words)
    {
        int end = words.IndexOf(' ');
        ReadOnlySpan<char> word = end < 0 ? words : words[..end];
        return word.IsEmpty || ("kmgtKMGT".Contains(word[0]) && word.Length <= 5 && !word.Contains('.')) ||
            word.Equals("blocks", StringComparison.OrdinalIgnoreCase) || word.Equals("records", StringComparison.OrdinalIgnoreCase);
    }
}
