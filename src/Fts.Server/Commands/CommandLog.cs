using Fts.Protocol;
using Microsoft.Extensions.Logging;

namespace Fts.Server.Commands;

/// <summary>
/// Logs changes of files and refused or failed commands: one line for each command whose row has an <see cref="CommandRow.Action"/>. A
/// completed transfer is logged by its own command, with its byte count.
/// </summary>
internal static class CommandLog
{
    public static void Write(Session session, CommandRow row, string argument, FtpReply reply)
    {
        ILogger log = session.Server.Options.Logger;
        if (row.Action is not { } action || session.Files?.Account.Name is not { } account || !log.IsEnabled(LogLevel.Information))
        {
            return;
        }

        if (reply.Code >= FtpReplyCode.CannotOpenDataConnection)
        {
            string outcome = reply.Code is FtpReplyCode.CannotOpenDataConnection or FtpReplyCode.TransferAborted or FtpReplyCode.LocalError
                ? "failed"
                : "refused";
            Log.NotDone(
                log, session.Id, account.ToPrintable(), session.Peer.Address, row.Verb, Describe(session, row, argument).ToPrintable(), outcome,
                (int)reply.Code, reply.Text.ToPrintable());
        }
        else if (!row.Has(Rules.DataPort))
        {
            Log.Changed(log, session.Id, account.ToPrintable(), session.Peer.Address, action, Describe(session, row, argument).ToPrintable());
        }
    }

    /// <summary>The virtual paths; the argument itself if it is not a path or has several.</summary>
    private static string Describe(Session session, CommandRow row, string argument) => row.Verb switch
    {
        "RNTO" or "SITE CPTO" => $"{(session.Continuing.RenameSource ?? session.Continuing.CopySource)?.Value ?? "(nothing)"} to {PathOf(session, argument)}",
        "COMB" or "SITE COPY" or "SITE SYMLINK" or "SITE CHMOD" or "MFF" => argument,
        _ => PathOf(session, argument),
    };

    private static string PathOf(Session session, string argument) => session.Resolve(argument) is { } path ? path.Value : argument;
}
