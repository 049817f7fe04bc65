using System.Buffers;
using System.Globalization;
using System.Text;

namespace Fts.Protocol;

/// <summary>Text from a peer, made safe to show: control characters would let a name or a reply drive the terminal or forge a log line.</summary>
public static class PrintableText
{
    /// <summary>
    /// The text with control, format and line-separating characters, and halves of surrogate pairs, replaced by <c>\xNN</c>, <c>\uNNNN</c> or
    /// <c>\UNNNNNNNN</c>; unchanged text is returned as it is. U+DC80 to U+DCFF stand for bytes of a name that is not UTF-8 and become <c>\xNN</c>.
    /// </summary>
    public static string ToPrintable(this string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int first = text.AsSpan().IndexOfAnyExceptInRange(' ', '~');
        if (first < 0 || !text.AsSpan(first).ContainsUnprintable())
        {
            return text;
        }

        var visible = new StringBuilder(text.Length + 16);
        for (ReadOnlySpan<char> rest = text; !rest.IsEmpty;)
        {
            int hidden = GetUnprintableAtStart(rest, out int length);
            _ = hidden < 0 ? visible.Append(rest[..length])
                : hidden < 0x100 ? visible.Append(CultureInfo.InvariantCulture, $"\\x{hidden:x2}")
                : hidden < 0x10000 ? visible.Append(CultureInfo.InvariantCulture, $"\\u{hidden:x4}")
                : visible.Append(CultureInfo.InvariantCulture, $"\\U{hidden:x8}");
            rest = rest[length..];
        }

        return visible.ToString();
    }

    /// <summary>The same for a peer that reads names as bytes: escaped bytes (<see cref="EscapedUtf8"/>) stay as they are.</summary>
    internal static string ToPrintableKeepingBytes(this string text)
    {
        if (!EscapedUtf8.HasEscape(text))
        {
            return text.ToPrintable();
        }

        var visible = new StringBuilder(text.Length + 16);
        for (int start = 0; start < text.Length;)
        {
            int end = start;
            while (end < text.Length && !(text[end] is >= '\uDC80' and <= '\uDCFF' && (end == 0 || !char.IsHighSurrogate(text[end - 1]))))
            {
                end++;
            }

            visible.Append(text[start..end].ToPrintable()).Append(text.AsSpan(end, Math.Min(1, text.Length - end)));
            start = end + 1;
        }

        return visible.ToString();
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

    /// <summary>The code point at the start when it must not be shown; -1 when it may be. Format characters include the bidirectional overrides that make a name read as another.</summary>
    private static int GetUnprintableAtStart(ReadOnlySpan<char> text, out int length)
    {
        if (Rune.DecodeFromUtf16(text, out Rune rune, out length) != OperationStatus.Done)
        {
            return text[0] is >= '\uDC80' and <= '\uDCFF' ? text[0] & 0xFF : text[0];
        }

        return Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            ? rune.Value
            : -1;
    }
}
