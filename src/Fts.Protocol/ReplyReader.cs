namespace Fts.Protocol;

/// <summary>What came is not a reply of RFC 959 §4.2, or it is over the limit.</summary>
internal sealed class ReplyFormatException(string message) : FormatException(message);

/// <summary>
/// Puts replies together: lines in, a reply or "need more" out. Lines inside a reply may begin with anything, other codes included; only the first
/// line's own code followed by a space ends it.
/// </summary>
/// <param name="maxLength">Limit of one reply in characters, line ends included; a hostile server's reply would otherwise never end.</param>
internal sealed class ReplyReader(int maxLength)
{
    private readonly List<string> _lines = [];
    private int _code;
    private int _length;

    /// <summary>True between the first and the last line of a reply.</summary>
    public bool IsInsideReply => _code != 0;

    /// <summary>Takes the next line, without its line end. Null until the reply is complete.</summary>
    /// <exception cref="ReplyFormatException">Not a reply, or too long a one; the reader is ready for another reply then.</exception>
    public FtpReply? AddLine(string line)
    {
        // A lone CR is no line end here but would be one to others.
        line = line.TrimEnd('\r').Replace('\r', ' ');
        // Two characters more, so that a reply of endless empty lines ends too.
        if ((_length += line.Length + 2) > maxLength)
        {
            Reset();
            throw new ReplyFormatException($"A reply is longer than {maxLength} characters.");
        }

        return IsInsideReply ? ContinueReply(line) : BeginReply(line);
    }

    private FtpReply? BeginReply(string line)
    {
        int code = ParseCode(line);
        if (code == 0 || (line.Length > 3 && line[3] is not (' ' or '-')))
        {
            Reset();
            throw new ReplyFormatException($"Not a reply: {Truncate(line).ToPrintable()}");
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
        // Many servers repeat "code-" on every line; that is text still. A bare code can only be the end: RFC 959 has servers pad such lines.
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

    /// <summary>The three digits at a line's start, 100 to 599; 0 when there are none.</summary>
    private static int ParseCode(string line) =>
        line.Length >= 3 && line[0] is >= '1' and <= '5' && char.IsAsciiDigit(line[1]) && char.IsAsciiDigit(line[2])
            ? ((line[0] - '0') * 100) + ((line[1] - '0') * 10) + (line[2] - '0')
            : 0;

    private static string Truncate(string line) => line.Length <= 200 ? line : $"{line[..200]}…";
}
