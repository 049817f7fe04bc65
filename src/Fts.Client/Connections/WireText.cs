using System.Buffers;
using System.Text;
using Fts.Protocol;

namespace Fts.Client.Connections;

/// <summary>
/// Converts between text and the bytes of listings, commands and replies. Bytes that the encoding cannot decode become lone surrogates
/// (<see cref="FtpName"/>). The client can therefore send a listed name back to the server unchanged.
/// </summary>
internal sealed class WireText
{
    /// <summary>The maximum number of bytes of one character in the supported encodings.</summary>
    private const int MaxCharacterBytes = 4;

    /// <summary>The lone surrogates that represent the bytes 128 to 255 that the encoding cannot decode.</summary>
    private static readonly SearchValues<char> Escapes = SearchValues.Create(
        [.. Enumerable.Range(0xDC80, 0x80).Select(value => (char)value)]);

    private readonly Encoding _encoding;

    public WireText(Encoding encoding)
    {
        IsUtf8 = encoding is UTF8Encoding;
        _encoding = (Encoding)encoding.Clone();
        // No replacement character is ever sent or returned, because each result is converted back and compared with the input.
        (_encoding.EncoderFallback, _encoding.DecoderFallback) = (EncoderFallback.ReplacementFallback, DecoderFallback.ReplacementFallback);
    }

    /// <summary>Whether the encoding is UTF-8 (RFC 2640).</summary>
    public bool IsUtf8 { get; }

    /// <summary>Returns whether an encoding can be used for commands: it must encode ASCII characters as their ASCII bytes.</summary>
    public static bool IsSupported(Encoding encoding)
    {
        string ascii = string.Concat(Enumerable.Range(0x20, 0x5F).Select(value => (char)value)) + "\r\n";
        return encoding.GetBytes(ascii).AsSpan().SequenceEqual(Encoding.ASCII.GetBytes(ascii));
    }

    /// <summary>
    /// Encodes a line and appends CRLF. A byte 255 is sent twice, because a single byte 255 starts a Telnet command (RFC 854).
    /// </summary>
    /// <exception cref="ArgumentException">The line contains characters that the encoding cannot represent.</exception>
    public byte[] EncodeLine(string line)
    {
        byte[] bytes = IsUtf8 ? EscapedUtf8.GetBytes(line + "\r\n") : [.. Encode(line), (byte)'\r', (byte)'\n'];
        ReadOnlySpan<byte> escaped = TelnetBytes.Escape(bytes);
        return escaped.Length == bytes.Length ? bytes : escaped.ToArray();
    }

    /// <summary>Decodes bytes from the server. Never fails: bytes that the encoding cannot decode become lone surrogates.</summary>
    public string Decode(ReadOnlySpan<byte> bytes)
    {
        if (IsUtf8)
        {
            return EscapedUtf8.GetString(bytes);
        }

        string text = _encoding.GetString(bytes);
        return CanRoundTrip(text, bytes) ? text : DecodeByCharacter(bytes);
    }

    /// <summary>Encodes text. Each lone surrogate becomes the byte that it represents.</summary>
    private byte[] Encode(ReadOnlySpan<char> text)
    {
        var bytes = new List<byte>(text.Length * 2);
        while (!text.IsEmpty)
        {
            // A surrogate after a high surrogate is the second half of a character, and represents no byte.
            int run = text.IndexOfAny(Escapes) is >= 0 and var at
                ? at + (at > 0 && char.IsHighSurrogate(text[at - 1]) ? 1 : 0)
                : text.Length;
            if (run == 0)
            {
                bytes.Add((byte)text[0]);
                text = text[1..];
                continue;
            }

            string part = text[..run].ToString();
            byte[] encoded = _encoding.GetBytes(part);
            if (_encoding.GetString(encoded) != part)
            {
                throw new ArgumentException(
                    $"'{part.ToPrintable()}' cannot be sent, because the encoding {_encoding.WebName} cannot represent some of its"
                    + " characters");
            }

            bytes.AddRange(encoded);
            text = text[run..];
        }

        return [.. bytes];
    }

    /// <summary>Decodes each character separately, so that only the bytes that cannot be decoded become lone surrogates.</summary>
    private string DecodeByCharacter(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            int length = 0;
            for (int tried = 1; tried <= Math.Min(MaxCharacterBytes, bytes.Length) && length == 0; tried++)
            {
                string character = _encoding.GetString(bytes[..tried]);
                length = CanRoundTrip(character, bytes[..tried]) ? tried : 0;
                text.Append(length > 0 ? character : "");
            }

            if (length == 0)
            {
                text.Append(EscapedUtf8.EscapeByte(bytes[0]));
                length = 1;
            }

            bytes = bytes[length..];
        }

        return text.ToString();
    }

    /// <summary>Returns whether encoding the text results in exactly these bytes.</summary>
    private bool CanRoundTrip(string text, ReadOnlySpan<byte> bytes) => _encoding.GetBytes(text).AsSpan().SequenceEqual(bytes);
}
