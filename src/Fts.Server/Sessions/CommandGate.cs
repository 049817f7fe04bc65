using Fts.Protocol;
using Fts.Server.Commands;

namespace Fts.Server.Sessions;

/// <summary>What a row's rules ask before its code runs.</summary>
internal static class CommandGate
{
    /// <summary>The reply that refuses the command, or null.</summary>
    public static FtpReply? CheckRules(Session session, CommandRow row, string argument)
    {
        if (row.HasRule(CommandRules.NeedsLogin) && session.Files is null)
        {
            return Replies.NotLoggedIn;
        }

        if (row.HasRule(CommandRules.NeedsArgument) && argument.Length == 0)
        {
            return new FtpReply(FtpReplyCode.ParameterError, $"Usage: {row.Usage}");
        }

        if (!row.HasRule(CommandRules.NeedsDataConnector))
        {
            return null;
        }

        bool mustProtect = session.Server.Options.Tls is { Data: FtpTlsPolicy.Required };
        return mustProtect && session.Tls is not { IsDataProtected: true } ? Replies.ProtectionMismatch
            : session.DataConnector.IsReady ? null
            : Replies.NoDataConnectionPrepared;
    }
}
