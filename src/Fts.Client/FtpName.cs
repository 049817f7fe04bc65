using System.Globalization;
using System.Text;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>
/// Converts names and paths of a server for display and for local files. A name contains a lone surrogate, U+DC00 plus the byte, for each
/// byte that <see cref="FtpClientOptions.Encoding"/> cannot decode.
/// </summary>
public static class FtpName
{
    /// <summary>Decodes UTF-8. Each byte that is not valid UTF-8 becomes a lone surrogate, so every byte sequence can be decoded.</summary>
    public static string FromBytes(ReadOnlySpan<byte> bytes) => EscapedUtf8.GetString(bytes);

    /// <summary>Encodes a name in UTF-8. A lone surrogate that represents a byte becomes that byte.</summary>
    /// <exception cref="ArgumentException">The name contains a lone surrogate that does not represent a byte.</exception>
    public static byte[] GetBytes(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return EscapedUtf8.GetBytes(name);
    }

    /// <summary>
    /// Returns a name in the form in which a user sees and types it. Unprintable characters (<see cref="PrintableText.ToPrintable"/>) and
    /// undecoded bytes become <c>\xNN</c>, <c>\uNNNN</c> or <c>\UNNNNNNNN</c>.
    /// </summary>
    /// <remarks>
    /// A backslash that would otherwise start such a sequence becomes <c>\x5c</c>. <see cref="Unescape"/> restores the name, except for
    /// control characters below U+0080 and lone surrogates that represent no byte.
    /// </remarks>
    public static string Escape(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var visible = new StringBuilder(name.Length + 16);
        for (int i = 0; i < name.Length;)
        {
            Rune.DecodeFromUtf16(name.AsSpan(i), out _, out int length);
            string shown = name.Substring(i, length).ToPrintable();
            if (name[i] == '\\' && TryReadEscape(name.AsSpan(i), out _, out _))
            {
                visible.Append("\\x5c");
            }
            else if (name[i] is >= '\x80' and <= '\xff' && shown.Length > 1)
            {
                // \xNN represents a byte, so an unprintable character of Latin-1 needs the longer form.
                visible.Append(CultureInfo.InvariantCulture, $"\\u{(int)name[i]:x4}");
            }
            else
            {
                visible.Append(shown);
            }

            i += length;
        }

        return visible.ToString();
    }

    /// <summary>
    /// Replaces the escape sequences of <see cref="Escape"/> in a text with the characters and bytes that they represent.
    /// </summary>
    /// <remarks>
    /// <c>\xNN</c> with NN from 80 to ff becomes that byte, and <c>\x5c</c> a backslash. <c>\uNNNN</c> and <c>\UNNNNNNNN</c> become the
    /// unprintable character.
    /// </remarks>
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

    /// <summary>Reads an escape sequence of <see cref="Escape"/> at the start of a text.</summary>
    /// <param name="visible">The text.</param>
    /// <param name="text">The characters that the sequence represents; empty if the text starts with no valid sequence.</param>
    /// <param name="length">The length of the sequence in characters, if the method returns true.</param>
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

        if (length == 4)
        {
            text = value == '\\' ? "\\" : value >= 0x80 ? EscapedUtf8.EscapeByte((byte)value).ToString() : "";
        }
        else if (value >= 0x80 && Rune.TryCreate(value, out Rune rune) && rune.ToString() is var hidden && hidden.ToPrintable() != hidden)
        {
            text = hidden;
        }

        return text.Length > 0;
    }

    /// <summary>
    /// Returns text from a server, such as the text of a reply, with Latin-1 characters for bytes that could not be decoded. For names, use
    /// <see cref="Escape"/>, whose result a user can type.
    /// </summary>
    /// <remarks>The bytes 0x80 to 0x9F, which are control characters in Latin-1, remain lone surrogates.</remarks>
    public static string ToDisplayText(string prose)
    {
        ArgumentNullException.ThrowIfNull(prose);
        return !EscapedUtf8.HasEscape(prose) ? prose : string.Create(prose.Length, prose, static (readable, source) =>
        {
            for (int i = 0; i < source.Length; i++)
            {
                bool isLatin1 = source[i] is >= '\uDCA0' and <= '\uDCFF' && (i == 0 || !char.IsHighSurrogate(source[i - 1]));
                readable[i] = isLatin1 ? (char)(source[i] & 0xFF) : source[i];
            }
        });
    }

    /// <summary>
    /// Returns a well-formed name for a local file, with Latin-1 characters for bytes that could not be decoded. Two different names may
    /// have the same local name.
    /// </summary>
    /// <remarks>The bytes 0x80 to 0x9F, which are control characters in Latin-1, become <c>%80</c> to <c>%9F</c>.</remarks>
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
            if (char.IsHighSurrogate(character) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                local.Append(character).Append(text[++i]);
            }
            else if (character is < '\uDC80' or > '\uDCFF')
            {
                local.Append(character);
            }
            else if (character < '\uDCA0')
            {
                local.Append(CultureInfo.InvariantCulture, $"%{character & 0xFF:X2}");
            }
            else
            {
                local.Append((char)(character & 0xFF));
            }
        }

        return local.ToString();
    }
}
