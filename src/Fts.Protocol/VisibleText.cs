using System.Globalization;
using System.Text;

namespace Fts.Protocol;

/// <summary>Text from a peer, made safe to show: control characters would let a name or a reply drive the terminal or forge a log line.</summary>
public static class VisibleText
{
    /// <summary>The text with control, format and line-separating characters replaced by <c>\xNN</c> or <c>\uNNNN</c>; unchanged text is returned as it is.</summary>
    public static string Visible(this string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int first = text.AsSpan().IndexOfAnyExceptInRange(' ', '~');
        if (first < 0 || !text.AsSpan(first).ContainsHidden())
        {
            return text;
        }

        var visible = new StringBuilder(text.Length + 16);
        foreach (char c in text)
        {
            _ = !IsHidden(c) ? visible.Append(c)
                : c < 256 ? visible.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}")
                : visible.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }

        return visible.ToString();
    }

    private static bool ContainsHidden(this ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (IsHidden(c))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Format characters include the bidirectional overrides that make a name read as another.</summary>
    private static bool IsHidden(char c) =>
        char.IsControl(c) || CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
