namespace Fts.Protocol;

/// <summary>The received line does not belong to a reply (RFC 959 §4.2), or the reply exceeds the limit.</summary>
/// <param name="message">The reason, as a sentence.</param>
public sealed class ReplyFormatException(string message) : FormatException(message);

/// <summary>
/// Assembles replies from lines (RFC 959 §4.2). Lines after the first line of a reply may start with any text, including other codes. Only
/// a line that starts with the code of the first line, followed by a space or the line end, ends the reply.
/// </summary>
/// <param name="maxLength">
/// The maximum length of one reply in characters, including line ends. Without a limit, a hostile server could send an endless reply.
/// </param>
public sealed class ReplyReader(int maxLength)
{
    private readonly List<string> _lines = [];
    private int _code;
    private int _length;

    /// <summary>Whether the first line of a reply was added, but not the last.</summary>
    public bool IsInsideReply => _code != 0;

    /// <summary>Adds the next line. Returns the reply if the line completes it, and otherwise null.</summary>
    /// <param name="line">The line without its line end.</param>
    /// <exception cref="ReplyFormatException">
    /// The line does not start a reply, or the reply exceeds the limit. The reader discards the reply and is ready for another one.
    /// </exception>
    public FtpReply? AddLine(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        // A CR within a line does not end the line here. It is replaced because other programs treat it as a line end.
        line = line.TrimEnd('\r').Replace('\r', ' ');
        // Two more characters for the line end, so that the limit also bounds a reply of empty lines.
        if ((_length += line.Length + 2) > maxLength)
        {
            Reset();
            throw new ReplyFormatException($"The server sent a reply that is longer than {maxLength} characters.");
        }

        return IsInsideReply ? ContinueReply(line) : BeginReply(line);
    }

    private FtpReply? BeginReply(string line)
    {
        int code = ParseCode(line);
        if (code == 0 || (line.Length > 3 && line[3] is not (' ' or '-')))
        {
            Reset();
            throw new ReplyFormatException($"The server sent a line that is not an FTP reply: {Truncate(line).ToPrintable()}");
        }

        _lines.Add(line.Length > 4 ? line[4..] : "");
        _code = code;
        return line.Length > 3 && line[3] == '-' ? null : CompleteReply();
    }

    private FtpReply? ContinueReply(string line)
    {
        if (ParseCode(line) != _code || (line.Length > 3 && line[3] is not (' ' or '-')))
        {
            _lines.Add(line);
            return null;
        }

        _lines.Add(line.Length > 4 ? line[4..] : "");
        // Many servers repeat "code-" on every line: such a line is text. A bare code ends the reply, because servers must indent text that
        // starts with the code (RFC 959 §4.2).
        return line.Length > 3 && line[3] == '-' ? null : CompleteReply();
    }

    private FtpReply CompleteReply()
    {
        var reply = new FtpReply((FtpReplyCode)_code, _lines.ToArray());
        Reset();
        return reply;
    }

    private void Reset()
    {
        _lines.Clear();
        (_code, _length) = (0, 0);
    }

    /// <summary>Returns the code at the start of a line, from 100 to 599, or 0 if the line has none.</summary>
    private static int ParseCode(string line) =>
        line.Length >= 3 && line[0] is >= '1' and <= '5' && char.IsAsciiDigit(line[1]) && char.IsAsciiDigit(line[2])
            ? ((line[0] - '0') * 100) + ((line[1] - '0') * 10) + (line[2] - '0')
            : 0;

    private static string Truncate(string line) => line.Length <= 200 ? line : $"{line[..200]}…";
}
