using System.Globalization;
using System.Text;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>
/// Converts names and paths of a server. A byte that the encoding of <see cref="FtpClientOptions.Encoding"/> cannot decode is U+DC00 plus the byte in
/// the text, and the client sends it back as that byte. <see cref="Escape"/> shows it as <c>\xNN</c>.
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
    /// Returns a name as it is displayed and typed. Hidden characters and undecoded bytes become <c>\xNN</c>, <c>\uNNNN</c> or <c>\UNNNNNNNN</c>. A backslash
    /// becomes <c>\x5c</c> if the text after it would otherwise be read as such a sequence.
    /// </summary>
    /// <remarks>
    /// <see cref="Unescape"/> returns the same name again, unless the name contains a control character below U+0080 or a lone surrogate that stands for no
    /// byte.
    /// </remarks>
    public static string Escape(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var visible = new StringBuilder(name.Length + 16);
        for (int i = 0; i < name.Length;)
        {
            Rune.DecodeFromUtf16(name.AsSpan(i), out _, out int length);
            string shown = name.Substring(i, length).ToPrintable();
            _ = name[i] == '\\' && TryReadEscape(name.AsSpan(i), out _, out _) ? visible.Append("\\x5c")
                // \xNN stands for a byte, so a hidden character of Latin-1 needs the longer form.
                : name[i] is >= '\x80' and <= '\xff' && shown.Length > 1 ? visible.Append(CultureInfo.InvariantCulture, $"\\u{(int)name[i]:x4}")
                : visible.Append(shown);
            i += length;
        }

        return visible.ToString();
    }

    /// <summary>
    /// Returns the name for a displayed or typed name, as <see cref="Escape"/> writes it. <c>\xNN</c> with NN from 80 to ff becomes that byte, and
    /// <c>\x5c</c> a backslash. <c>\uNNNN</c> and <c>\UNNNNNNNN</c> become the hidden character. All other text stays.
    /// </summary>
    public static string Unescape(string visible)
    {
        ArgumentNullException.ThrowIfNull(visible);
        if (!visible.Contains('\\', StringComparison.Ordinal))
        {
            return visible;
        }

        var name = new StringBuilder(visible.Length);
        for (int i = 0; i < visible.Length; i++)
        {
            if (TryReadEscape(visible.AsSpan(i), out string text, out int length))
            {
                name.Append(text);
                i += length - 1;
            }
            else
            {
                name.Append(visible[i]);
            }
        }

        return name.ToString();
    }

    /// <summary>Reads a sequence that <see cref="Escape"/> writes, at the start of the text.</summary>
    private static bool TryReadEscape(ReadOnlySpan<char> visible, out string text, out int length)
    {
        length = visible is not ['\\', var kind, ..] ? 0 : kind switch
        {
            'x' => 4,
            'u' => 6,
            'U' => 10,
            _ => 0,
        };
        text = "";
        if (length == 0 || visible.Length < length
            || !uint.TryParse(visible[2..length], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint value))
        {
            return false;
        }

        bool isHidden = length > 4 && value >= 0x80 && Rune.TryCreate(value, out Rune rune) && rune.ToString() is var character && character.ToPrintable() != character;
        text = length == 4 && value == '\\' ? "\\"
            : length == 4 && value >= 0x80 ? EscapedUtf8.EscapeByte((byte)value).ToString()
            : isHidden ? char.ConvertFromUtf32((int)value)
            : "";
        return text.Length > 0;
    }

    /// <summary>
    /// Returns prose of a server, such as the text of a reply, with the characters of Latin-1 for bytes that could not be decoded. Names need
    /// <see cref="Escape"/> instead, so that they can be typed.
    /// </summary>
    public static string ToDisplayText(string prose)
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
    public static string ToLocalName(string name)
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
