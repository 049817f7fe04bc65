using Fts.Protocol;

namespace Fts.Server.Commands;

/// <summary>What a row's rules ask before its code runs.</summary>
internal static class CommandGate
{
    /// <summary>The reply that refuses the command, or null.</summary>
    public static FtpReply? Refuse(Session session, CommandRow row, string argument)
    {
        if (row.Has(Rules.Login) && session.Files is null)
        {
            return Replies.SignInFirst;
        }

        if (row.Has(Rules.Argument) && argument.Length == 0)
        {
            return new FtpReply(FtpReplyCode.ParameterError, $"Usage: {row.Usage}");
        }

        if (!row.Has(Rules.DataPort))
        {
            return null;
        }

        bool mustProtect = session.Server.Options.Tls is { Data: FtpTlsPolicy.Required };
        return mustProtect && session.Tls is not { ProtectsData: true } ? Replies.ProtectionMismatch
            : session.Data.IsReady ? null
            : Replies.NoDataPort;
    }
}
