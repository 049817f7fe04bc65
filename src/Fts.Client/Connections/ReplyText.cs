using System.Globalization;
using Fts.Protocol;

namespace Fts.Client.Connections;

/// <summary>Formats replies for messages, and reads values that only the text of a reply contains.</summary>
internal static class ReplyText
{
    /// <summary>The maximum length of a reply in a message, in characters. The reply object in the exception is complete.</summary>
    private const int MaxPrintedCharacters = 1000;

    /// <summary>
    /// Returns the code and text of a reply for a terminal or a log. Control characters are escaped. Text beyond 1000 characters is
    /// replaced by an ellipsis. The lines of the reply stay separate lines.
    /// </summary>
    public static string ToPrintable(this FtpReply reply)
    {
        string text = reply.ToString();
        text = text.Length <= MaxPrintedCharacters ? text : text[..MaxPrintedCharacters] + "…";
        return string.Join('\n', text.Split('\n').Select(line => FtpName.ToDisplayText(line).ToPrintable()));
    }

    /// <summary>
    /// Returns the length in bytes from the text of a 150 reply, such as <c>(1234 bytes)</c>, or null if the text contains none.
    /// </summary>
    public static long? ParseAnnouncedLength(string text)
    {
        int end = text.LastIndexOf(" bytes)", StringComparison.OrdinalIgnoreCase);
        int start = end < 0 ? -1 : text.LastIndexOf('(', end);
        return start >= 0
            && long.TryParse(text.AsSpan(start + 1, end - start - 1), NumberStyles.None, CultureInfo.InvariantCulture, out long length)
            ? length
            : null;
    }
}
