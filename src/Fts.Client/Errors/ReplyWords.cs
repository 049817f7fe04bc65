using Fts.Protocol;

namespace Fts.Client;

/// <summary>Replies as they stand in messages.</summary>
internal static class ReplyWords
{
    /// <summary>Code and text, line by line, with control characters escaped: messages end up on terminals and in logs.</summary>
    public static string Shown(this Reply reply) => string.Join('\n', reply.ToString().Split('\n').Select(VisibleText.Visible));
}
