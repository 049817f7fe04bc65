using System.Buffers;
using System.Globalization;
using System.Text;

namespace Fts.Protocol;

/// <summary>
/// Escapes text from a peer for display and logs, because control characters in a name or reply could control the terminal or forge a log
/// line.
/// </summary>
public static class PrintableText
{
    /// <summary>Returns the text with unprintable characters replaced by <c>\xNN</c>, <c>\uNNNN</c> or <c>\UNNNNNNNN</c>.</summary>
    /// <remarks>
    /// Control and format characters, line and paragraph separators, and lone surrogates are unprintable. Format characters include the
    /// bidirectional overrides, which reorder a name on the screen. The surrogates U+DC80 to U+DCFF represent bytes of a name that is not
    /// UTF-8 (<see cref="EscapedUtf8"/>) and become <c>\xNN</c>.
    /// </remarks>
    /// <param name="text">The text.</param>
    public static string ToPrintable(this string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int first = text.AsSpan().IndexOfAnyExceptInRange(' ', '~');
        if (first < 0 || !text.AsSpan(first).ContainsUnprintable())
        {
            return text;
        }

        var printable = new StringBuilder(text.Length + 16);
        for (ReadOnlySpan<char> rest = text; !rest.IsEmpty;)
        {
            int unprintable = GetUnprintableAtStart(rest, out int length);
            _ = unprintable switch
            {
                < 0 => printable.Append(rest[..length]),
                < 0x100 => printable.Append(CultureInfo.InvariantCulture, $"\\x{unprintable:x2}"),
                < 0x10000 => printable.Append(CultureInfo.InvariantCulture, $"\\u{unprintable:x4}"),
                _ => printable.Append(CultureInfo.InvariantCulture, $"\\U{unprintable:x8}"),
            };
            rest = rest[length..];
        }

        return printable.ToString();
    }

    /// <summary>
    /// Escapes text as <see cref="ToPrintable"/> does, but keeps the surrogates of <see cref="EscapedUtf8"/>. If a reply contains the
    /// returned text, the client receives the original bytes of the file name.
    /// </summary>
    /// <param name="text">The text.</param>
    public static string ToPrintableKeepingBytes(this string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!EscapedUtf8.HasEscape(text))
        {
            return text.ToPrintable();
        }

        var printable = new StringBuilder(text.Length + 16);
        for (int start = 0; start < text.Length;)
        {
            int end = start;
            while (end < text.Length && !(text[end] is >= '\uDC80' and <= '\uDCFF' && (end == 0 || !char.IsHighSurrogate(text[end - 1]))))
            {
                end++;
            }

            printable.Append(text[start..end].ToPrintable()).Append(text.AsSpan(end, Math.Min(1, text.Length - end)));
            start = end + 1;
        }

        return printable.ToString();
    }

    private static bool ContainsUnprintable(this ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            if (GetUnprintableAtStart(text, out int length) >= 0)
            {
                return true;
            }

            text = text[length..];
        }

        return false;
    }

    /// <summary>
    /// If the text starts with an unprintable character, returns the value to print in its escape: a code point, or the byte that a
    /// surrogate of <see cref="EscapedUtf8"/> represents. Otherwise returns -1.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="length">The length of the first character in UTF-16 code units.</param>
    private static int GetUnprintableAtStart(ReadOnlySpan<char> text, out int length)
    {
        if (Rune.DecodeFromUtf16(text, out Rune rune, out length) != OperationStatus.Done)
        {
            return text[0] is >= '\uDC80' and <= '\uDCFF' ? text[0] & 0xFF : text[0];
        }

        UnicodeCategory category = Rune.GetUnicodeCategory(rune);
        bool isUnprintable = category is UnicodeCategory.Control or UnicodeCategory.Format or
            UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
        return isUnprintable ? rune.Value : -1;
    }
}
