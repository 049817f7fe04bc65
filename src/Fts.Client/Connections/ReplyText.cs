using System.Globalization;
using Fts.Protocol;

namespace Fts.Client.Connections;

/// <summary>What replies say in words, for people to read and where only words tell it.</summary>
internal static class ReplyText
{
    /// <summary>Enough for every reason a server gives; the exception's reply has all of it.</summary>
    private const int MaxPrintedCharacters = 1000;

    /// <summary>Code and text, line by line, with control characters escaped and what is beyond reason cut: messages end up on terminals and in logs.</summary>
    public static string ToPrintable(this FtpReply reply)
    {
        string text = reply.ToString();
        return string.Join('\n', (text.Length <= MaxPrintedCharacters ? text : text[..MaxPrintedCharacters] + "…").Split('\n').Select(line => FtpName.ToDisplayText(line).ToPrintable()));
    }

    /// <summary>The length in the text of a 150 reply: <c>(1234 bytes)</c>; null where it does not tell.</summary>
    public static long? ParseAnnouncedLength(string text)
    {
        int end = text.LastIndexOf(" bytes)", StringComparison.OrdinalIgnoreCase);
        int start = end < 0 ? -1 : text.LastIndexOf('(', end);
        return start >= 0 && long.TryParse(text.AsSpan(start + 1, end - start - 1), NumberStyles.None, CultureInfo.InvariantCulture, out long length) ? length : null;
    }
}
