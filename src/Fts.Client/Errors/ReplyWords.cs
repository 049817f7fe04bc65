using Fts.Protocol;

namespace Fts.Client;

/// <summary>Replies as they stand in messages.</summary>
internal static class ReplyWords
{
    /// <summary>Enough for every reason a server gives; the exception's reply has all of it.</summary>
    private const int Most = 1000;

    /// <summary>Code and text, line by line, with control characters escaped and what is beyond reason cut: messages end up on terminals and in logs.</summary>
    public static string Shown(this Reply reply)
    {
        string text = reply.ToString();
        return string.Join('\n', (text.Length <= Most ? text : text[..Most] + "…").Split('\n').Select(VisibleText.Visible));
    }
}
