using Fts.Protocol;
using Fts.Server.Commands;
using Microsoft.Extensions.Logging;

namespace Fts.Server.Sessions;

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
            Log.ChangeNotMade(
                log, session.Id, account.ToPrintable(), session.Peer.Address, row.Verb, DescribePaths(session, row, argument).ToPrintable(), outcome,
                (int)reply.Code, reply.Text.ToPrintable());
        }
        else if (!row.HasRule(CommandRules.NeedsDataConnector))
        {
            Log.FileChanged(log, session.Id, account.ToPrintable(), session.Peer.Address, action, DescribePaths(session, row, argument).ToPrintable());
        }
    }

    /// <summary>The virtual paths; the argument itself if it is not a path or has several.</summary>
    private static string DescribePaths(Session session, CommandRow row, string argument) => row.Verb switch
    {
        "RNTO" or "SITE CPTO" => $"{(session.Sequence.Current.RenameSource ?? session.Sequence.Current.CopySource)?.Value ?? "(nothing)"} to {GetVirtualPath(session, argument)}",
        "COMB" or "SITE COPY" or "SITE SYMLINK" or "SITE CHMOD" or "MFF" => argument,
        _ => GetVirtualPath(session, argument),
    };

    private static string GetVirtualPath(Session session, string argument) => session.Resolve(argument) is { } path ? path.Value : argument;
}
