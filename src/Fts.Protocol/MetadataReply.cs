using System.Globalization;

namespace Fts.Protocol;

/// <summary>
/// Reads the replies to SIZE and MDTM (RFC 3659 §3.1, §4.1), including the forms of servers that deviate from the standard. Text that
/// cannot be read with certainty returns null and does not throw, because a transfer does not depend on it.
/// </summary>
public static class MetadataReply
{
    private const int DateLength = 8, TimeLength = 6, LongYearLength = 15;

    /// <summary>
    /// Returns the length in bytes from a reply to SIZE, such as <c>213 5</c> or <c>213 5 bytes</c>, or null if it has none.
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
        // In RFC 3659 code 213 has no other meaning, so the text after the number may be the name of the file.
        bool isLength = isNumber || (reply.Code == FtpReplyCode.FileStatus && rest[0] is ' ' or '\t' && !StartsWithUnit(rest.Trim()));
        return isLength && long.TryParse(text[..end], NumberStyles.None, CultureInfo.InvariantCulture, out long length) ? length : null;
    }

    /// <summary>Returns the last-modified time from a reply to MDTM, in UTC, or null if it has none.</summary>
    /// <param name="reply">The reply, positive or negative.</param>
    public static DateTime? ParseLastModified(FtpReply reply)
    {
        ArgumentNullException.ThrowIfNull(reply);
        return reply.IsCompletion && TryFindTime(reply.Text, out DateTime utc) ? utc : null;
    }

    /// <summary>
    /// Finds a time in a text: in the form of RFC 3659 §2.3, with a space or T between date and time, or with a year of five digits.
    /// Servers that write "19" and the years since 1900 send 19124 for 2024.
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

    private static bool TryParseTimeAt(ReadOnlySpan<char> text, int length, out DateTime utc)
    {
        utc = default;
        Span<char> digits = stackalloc char[WireTime.Length];
        ReadOnlySpan<char> rest = text[length..];
        if (length == WireTime.Length)
        {
            text[..length].CopyTo(digits);
        }
        else if (length == LongYearLength && text.StartsWith("191"))
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
        // With another time zone or a letter after it, the text is not a time in UTC.
        bool isEnded = after.IsEmpty || after[0] == 'Z' || !(char.IsLetterOrDigit(after[0]) || after[0] is '+' or '-' or '_');
        return isEnded && WireTime.TryParse($"{digits}{rest[..fraction]}", out utc);
    }

    private static bool IsByteUnit(ReadOnlySpan<char> word) =>
        word.Equals("bytes", StringComparison.OrdinalIgnoreCase) || word.Equals("byte", StringComparison.OrdinalIgnoreCase) ||
        word.Equals("octets", StringComparison.OrdinalIgnoreCase);

    /// <summary>Returns whether the first word is a unit other than the byte, as in <c>5 KB</c>.</summary>
    private static bool StartsWithUnit(ReadOnlySpan<char> words)
    {
        int end = words.IndexOf(' ');
        ReadOnlySpan<char> word = end < 0 ? words : words[..end];
        return word.IsEmpty || ("kmgtKMGT".Contains(word[0]) && word.Length <= 5 && !word.Contains('.')) ||
            word.Equals("blocks", StringComparison.OrdinalIgnoreCase) || word.Equals("records", StringComparison.OrdinalIgnoreCase);
    }
}
