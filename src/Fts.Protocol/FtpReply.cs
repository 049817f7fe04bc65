using System.Globalization;
using System.Text;

namespace Fts.Protocol;

/// <summary>
/// One FTP reply: a code and its text, one line or several (RFC 959 §4.2). Immutable; the bytes on the wire are made once.
/// </summary>
public sealed class FtpReply
{
    private byte[]? _bytes;

    /// <summary>A reply with its lines of text, without codes, separators or line ends.</summary>
    /// <exception cref="ArgumentException">No line, or a line with CR or LF, which would let text forge another reply.</exception>
    public FtpReply(FtpReplyCode code, params IReadOnlyList<string> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        if (lines.Count == 0 || lines.Any(line => line.AsSpan().IndexOfAny('\r', '\n') >= 0))
        {
            throw new ArgumentException("A reply has at least one line, and no line holds CR or LF.", nameof(lines));
        }

        Code = code;
        Lines = lines;
    }

    /// <summary>The three-digit code.</summary>
    public FtpReplyCode Code { get; }

    /// <summary>The text, line by line; lines between the first and the last keep their leading space.</summary>
    public IReadOnlyList<string> Lines { get; }

    /// <summary>The last line, which carries the reply's meaning when there is only one.</summary>
    public string Text => Lines[^1];

    /// <summary>1yz: something further follows before the command is done.</summary>
    public bool IsPreliminary => (int)Code / 100 == 1;

    /// <summary>2yz: done.</summary>
    public bool IsCompletion => (int)Code / 100 == 2;

    /// <summary>3yz: the server waits for the next part.</summary>
    public bool IsIntermediate => (int)Code / 100 == 3;

    /// <summary>4yz: refused, and the same command may work later.</summary>
    public bool IsTransientFailure => (int)Code / 100 == 4;

    /// <summary>5yz: refused for good.</summary>
    public bool IsPermanentFailure => (int)Code / 100 == 5;

    /// <summary>The reply as it goes over the wire, CRLF included. Lines between first and last are set off by a space, so that no text can look like the end.</summary>
    internal ReadOnlyMemory<byte> Bytes => _bytes ??= Encode();

    /// <summary>Code and text as one would read them on the wire, lines separated by LF.</summary>
    public override string ToString() => Format("\n").TrimEnd('\n');

    private byte[] Encode()
    {
        string text = Format("\r\n");
        return EscapedUtf8.HasEscape(text) ? TelnetBytes.Escape(EscapedUtf8.GetBytes(text)).ToArray() : Encoding.UTF8.GetBytes(text);
    }

    private string Format(string lineEnd)
    {
        string code = ((int)Code).ToString("D3", CultureInfo.InvariantCulture);
        if (Lines.Count == 1)
        {
            return $"{code} {Lines[0]}{lineEnd}";
        }

        var text = new StringBuilder().Append(code).Append('-').Append(Lines[0]).Append(lineEnd);
        for (int i = 1; i < Lines.Count - 1; i++)
        {
            text.Append(Lines[i].StartsWith(' ') ? "" : " ").Append(Lines[i]).Append(lineEnd);
        }

        return text.Append(code).Append(' ').Append(Lines[^1]).Append(lineEnd).ToString();
    }
}
