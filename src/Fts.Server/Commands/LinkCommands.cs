using Fts.Protocol;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Commands;

/// <summary>SITE SYMLINK, as ProFTPD's mod_site_misc has it: what the link leads to first, then the link.</summary>
internal static class LinkCommands
{
    public static async ValueTask<FtpReply> SiteLinkAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (QuotedArguments.Parse(argument) is not { Count: 2 } names)
        {
            return Replies.BadParameter;
        }

        if (session.Resolve(names[0]) is not { } target || session.Resolve(names[1]) is not { } path)
        {
            return Replies.BadName;
        }

        if (target == path.Parent || !target.IsWithin(path.Parent))
        {
            return Replies.LinkTargetNotBelow;
        }

        try
        {
            await session.Files!.CreateLinkAsync(path, target, cancellationToken);
        }
        catch (StoreException e) when (e.Error == StoreError.NotSupported)
        {
            return Replies.LinksNotSupported;
        }

        return Replies.Done;
    }
}
