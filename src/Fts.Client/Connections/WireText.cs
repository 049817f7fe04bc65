using System.Text;
using System.Text.Unicode;

namespace Fts.Client;

/// <summary>Text to bytes of the control connection and back.</summary>
internal sealed class WireText
{
    private const byte TelnetIac = 255;
    private readonly Encoding _encoding;
    private readonly bool _isUtf8;

    public WireText(Encoding encoding)
    {
        _isUtf8 = encoding is UTF8Encoding;
        // A name that cannot be said is refused; sent as question marks it would be another file's.
        _encoding = Encoding.GetEncoding(encoding.CodePage, EncoderFallback.ExceptionFallback, DecoderFallback.ReplacementFallback);
    }

    /// <summary>A line with its line end; a byte 255 is doubled, since alone it would start a Telnet command (RFC 854).</summary>
    /// <exception cref="ArgumentException">Characters this encoding does not have.</exception>
    public byte[] EncodeLine(string line)
    {
        byte[] bytes = _encoding.GetBytes(line + "\r\n");
        return !bytes.AsSpan().Contains(TelnetIac) ? bytes : [.. bytes.SelectMany(b => b == TelnetIac ? new byte[] { b, b } : [b])];
    }

    /// <summary>Text from the server. What is not UTF-8 where it should be is read as Latin-1, which loses nothing to look at.</summary>
    public string Decode(ReadOnlySpan<byte> bytes) => _isUtf8 && !Utf8.IsValid(bytes) ? Encoding.Latin1.GetString(bytes) : _encoding.GetString(bytes);
}
