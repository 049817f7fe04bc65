using System.Globalization;
using System.Text;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>
/// Converts names and paths of a server. A byte that the encoding of <see cref="FtpClientOptions.Encoding"/> cannot decode is U+DC00 plus the byte in
/// the text, and the client sends it back as that byte. <see cref="VisibleText.Visible"/> shows it as <c>\xNN</c>.
/// </summary>
public static class FtpName
{
    /// <summary>Returns the text of bytes in UTF-8, with each byte that is not UTF-8 as a lone surrogate. No byte sequence is an error.</summary>
    public static string FromBytes(ReadOnlySpan<byte> bytes) => EscapedUtf8.GetString(bytes);

    /// <summary>Returns the bytes of a name in UTF-8, with the bytes that were not UTF-8 as they were.</summary>
    /// <exception cref="ArgumentException">The name contains a lone surrogate that does not represent a byte.</exception>
    public static byte[] GetBytes(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return EscapedUtf8.GetBytes(name);
    }

    /// <summary>
    /// Converts a displayed or typed name back: <c>\xNN</c> (80 to ff), as written by <see cref="VisibleText.Visible"/>, becomes that byte. Other text is
    /// unchanged.
    /// </summary>
    public static string FromVisible(string visible)
    {
        ArgumentNullException.ThrowIfNull(visible);
        if (!visible.Contains("\\x", StringComparison.Ordinal))
        {
            return visible;
        }

        var name = new StringBuilder(visible.Length);
        for (int i = 0; i < visible.Length; i++)
        {
            if (visible.AsSpan(i) is ['\\', 'x', var high, var low, ..]
                && byte.TryParse([high, low], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value) && value >= 0x80)
            {
                name.Append((char)(0xDC00 + value));
                i += 3;
            }
            else
            {
                name.Append(visible[i]);
            }
        }

        return name.ToString();
    }

    /// <summary>
    /// Returns prose of a server, such as the text of a reply, with the characters of Latin-1 for bytes that could not be decoded. Names need
    /// <see cref="VisibleText.Visible"/> instead, so that they can be typed.
    /// </summary>
    public static string ToReadable(string prose)
    {
        ArgumentNullException.ThrowIfNull(prose);
        return !EscapedUtf8.HasEscape(prose) ? prose : string.Create(prose.Length, prose, static (readable, source) =>
        {
            for (int i = 0; i < source.Length; i++)
            {
                bool isLow = source[i] is >= '\uDCA0' and <= '\uDCFF' && (i == 0 || !char.IsHighSurrogate(source[i - 1]));
                readable[i] = isLow ? (char)(source[i] & 0xFF) : source[i];
            }
        });
    }

    /// <summary>
    /// Returns a well-formed name for a local file: bytes that could not be decoded become the characters of Latin-1, and those from 0x80 to 0x9F, which
    /// are control characters there, become <c>%80</c> to <c>%9F</c>. Two names may have one local name.
    /// </summary>
    public static string ToLocal(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!EscapedUtf8.HasEscape(name))
        {
            return name;
        }

        string text = EscapedUtf8.IsCanonical(name) ? name : EscapedUtf8.GetString(EscapedUtf8.GetBytes(name));
        var local = new StringBuilder(text.Length + 8);
        for (int i = 0; i < text.Length; i++)
        {
            char character = text[i];
            bool isPair = char.IsHighSurrogate(character) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            _ = isPair ? local.Append(character).Append(text[++i])
                : character is < '\uDC80' or > '\uDCFF' ? local.Append(character)
                : character < '\uDCA0' ? local.Append(CultureInfo.InvariantCulture, $"%{character & 0xFF:X2}")
                : local.Append((char)(character & 0xFF));
        }

        return local.ToString();
    }
}
