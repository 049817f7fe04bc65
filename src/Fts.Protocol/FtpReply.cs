using System.Globalization;
using System.Text;

namespace Fts.Protocol;

/// <summary>
/// One FTP reply: a code and one or more lines of text (RFC 959 §4.2). Immutable. Its bytes are computed once and cached.
/// </summary>
public sealed class FtpReply
{
    private byte[]? _bytes;

    /// <summary>Creates a reply.</summary>
    /// <param name="code">The reply code.</param>
    /// <param name="lines">The lines of text, without codes, separators and line ends.</param>
    /// <exception cref="ArgumentException">
    /// <paramref name="lines"/> is empty, or a line contains CR or LF. The text after CR or LF could forge another reply.
    /// </exception>
    public FtpReply(FtpReplyCode code, params IReadOnlyList<string> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        if (lines.Count == 0 || lines.Any(line => line.AsSpan().IndexOfAny('\r', '\n') >= 0))
        {
            throw new ArgumentException("A reply needs at least one line, and its lines must not contain CR or LF.", nameof(lines));
        }

        Code = code;
        Lines = lines;
    }

    /// <summary>The three-digit code.</summary>
    public FtpReplyCode Code { get; }

    /// <summary>
    /// The lines of text, at least one. In a received reply, lines between the first and the last keep the leading space that servers send.
    /// </summary>
    public IReadOnlyList<string> Lines { get; }

    /// <summary>The last line of text, which is the only line of most replies.</summary>
    public string Text => Lines[^1];

    /// <summary>Whether the reply is preliminary (1yz): a final reply follows.</summary>
    public bool IsPreliminary => (int)Code / 100 == 1;

    /// <summary>Whether the command succeeded (2yz).</summary>
    public bool IsCompletion => (int)Code / 100 == 2;

    /// <summary>Whether the server requires a further command, such as PASS after USER (3yz).</summary>
    public bool IsIntermediate => (int)Code / 100 == 3;

    /// <summary>Whether the command failed, but may succeed later (4yz).</summary>
    public bool IsTransientFailure => (int)Code / 100 == 4;

    /// <summary>Whether the command failed and would fail again (5yz).</summary>
    public bool IsPermanentFailure => (int)Code / 100 == 5;

    /// <summary>The reply as sent on the wire, with CRLF after each line, in UTF-8.</summary>
    /// <remarks>
    /// Lines between the first and the last start with a space, so that their text cannot look like the last line. A surrogate of
    /// <see cref="EscapedUtf8"/> is sent as the byte that it represents. The byte 255 is sent twice (<see cref="TelnetBytes.Escape"/>).
    /// </remarks>
    /// <exception cref="ArgumentException">
    /// The text contains a surrogate of <see cref="EscapedUtf8"/> and also a lone surrogate that does not represent a byte.
    /// </exception>
    public ReadOnlyMemory<byte> Bytes => _bytes ??= Encode();

    /// <summary>Returns the code and the text of the reply, with LF between the lines and no line end after the last.</summary>
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
