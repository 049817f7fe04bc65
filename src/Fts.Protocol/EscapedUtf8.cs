using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Fts;

/// <summary>
/// Converts file names between bytes and text so that every byte sequence survives a round trip. Bytes that are valid UTF-8 become the text
/// they encode. Each other byte 0xNN becomes the lone surrogate U+DCNN, which well-formed text never contains.
/// </summary>
/// <remarks>
/// File names on Unix are bytes, and RFC 2640 §3.1 expects FTP peers to accept names that are not UTF-8. Text with such surrogates must be
/// converted before it is displayed: <c>PrintableText.ToPrintable</c> writes U+DCNN as <c>\xNN</c>.
/// </remarks>
// Fts.Native, Fts.Storage and Fts.Accounts compile this file too, because none depends on Fts.Protocol. The type is public in Fts.Protocol only.
static partial class EscapedUtf8
{
    private const char FirstEscape = '\uDC80', LastEscape = '\uDCFF';
    private const int EscapeBase = 0xDC00;

    /// <summary>Converts bytes to text. Accepts every byte sequence.</summary>
    /// <param name="bytes">The bytes of a file name or of a whole line.</param>
    public static string GetString(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
        {
            return Encoding.UTF8.GetString(bytes);
        }

        var text = new StringBuilder(bytes.Length);
        Span<char> characters = stackalloc char[2];
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int length) == OperationStatus.Done)
            {
                text.Append(characters[..rune.EncodeToUtf16(characters)]);
            }
            else
            {
                foreach (byte invalid in bytes[..length])
                {
                    text.Append(EscapeByte(invalid));
                }
            }

            bytes = bytes[length..];
        }

        return text.ToString();
    }

    /// <summary>Returns the number of bytes that <see cref="GetBytes(ReadOnlySpan{char})"/> returns for the text.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="ArgumentException">The text contains a lone surrogate that does not represent a byte.</exception>
    public static int GetByteCount(ReadOnlySpan<char> text) => HasSurrogate(text) ? CountBytes(text) : Encoding.UTF8.GetByteCount(text);

    /// <summary>Converts text to bytes. Returns the number of bytes written.</summary>
    /// <param name="text">The text.</param>
    /// <param name="bytes">Receives the bytes.</param>
    /// <exception cref="ArgumentException">
    /// The text contains a lone surrogate that does not represent a byte, or <paramref name="bytes"/> is too short.
    /// </exception>
    public static int GetBytes(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        if (!HasSurrogate(text))
        {
            return Encoding.UTF8.GetBytes(text, bytes);
        }

        if (CountBytes(text) > bytes.Length)
        {
            throw new ArgumentException("The buffer is too small for the text.", nameof(bytes));
        }

        int written = 0;
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(text, out Rune rune, out int length) == OperationStatus.Done)
            {
                written += rune.EncodeToUtf8(bytes[written..]);
            }
            else
            {
                bytes[written++] = (byte)(text[0] - EscapeBase);
            }

            text = text[length..];
        }

        return written;
    }

    /// <summary>Converts text to bytes. Text from <see cref="GetString"/> results in the original bytes.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="ArgumentException">The text contains a lone surrogate that does not represent a byte.</exception>
    public static byte[] GetBytes(ReadOnlySpan<char> text)
    {
        byte[] bytes = new byte[GetByteCount(text)];
        GetBytes(text, bytes);
        return bytes;
    }

    /// <summary>Returns whether converting the text to bytes and back to text results in the same text.</summary>
    /// <remarks>
    /// Returns false for a lone surrogate that does not represent a byte. Also returns false for escaped bytes that together are valid
    /// UTF-8, because such bytes are a second text for the same file name. A check that compares text could be bypassed with this second
    /// text.
    /// </remarks>
    /// <param name="text">The text.</param>
    public static bool IsCanonical(ReadOnlySpan<char> text)
    {
        if (!HasSurrogate(text))
        {
            return true;
        }

        for (ReadOnlySpan<char> rest = text; !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out int length) != OperationStatus.Done && !IsEscape(rest[0]))
            {
                return false;
            }

            rest = rest[length..];
        }

        return GetString(GetBytes(text)).AsSpan().SequenceEqual(text);
    }

    /// <summary>
    /// Returns whether the text contains an escaped byte. If <see cref="IsCanonical"/> is also true, the text represents bytes that are not
    /// UTF-8.
    /// </summary>
    /// <param name="text">The text.</param>
    public static bool HasEscape(ReadOnlySpan<char> text)
    {
        while (text.IndexOfAnyInRange(FirstEscape, LastEscape) is >= 0 and var at)
        {
            if (at == 0 || !char.IsHighSurrogate(text[at - 1]))
            {
                return true;
            }

            text = text[(at + 1)..];
        }

        return false;
    }

    /// <summary>Returns the lone surrogate that represents a byte.</summary>
    /// <param name="value">A byte from 0x80 to 0xFF.</param>
    public static char EscapeByte(byte value) => (char)(EscapeBase + value);

    private static bool HasSurrogate(ReadOnlySpan<char> text) => text.IndexOfAnyInRange('\uD800', '\uDFFF') >= 0;

    private static bool IsEscape(char character) => character is >= FirstEscape and <= LastEscape;

    private static int CountBytes(ReadOnlySpan<char> text)
    {
        int count = 0;
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(text, out Rune rune, out int length) == OperationStatus.Done)
            {
                count += rune.Utf8SequenceLength;
            }
            else if (IsEscape(text[0]))
            {
                count++;
            }
            else
            {
                throw new ArgumentException(
                    $"The text contains the lone surrogate U+{(int)text[0]:X4}, which does not represent a byte.", nameof(text));
            }

            text = text[length..];
        }

        return count;
    }
}
