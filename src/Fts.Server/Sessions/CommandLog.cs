using Fts.Protocol;
using Fts.Server.Commands;
using Microsoft.Extensions.Logging;

namespace Fts.Server.Sessions;

/// <summary>
/// Logs one line for each command that has a <see cref="CommandRow.Action"/>: the change, or the negative reply. If an upload or download
/// succeeds, its handler logs the line instead, because the line contains the number of bytes. Also logs one line for each other command
/// that a configured rule refused.
/// </summary>
internal static class CommandLog
{
    /// <summary>
    /// Logs the outcome of a command if the client is logged in, and the command has an action or was refused by a configured rule.
    /// </summary>
    /// <param name="session">The session.</param>
    /// <param name="row">The row of the command.</param>
    /// <param name="argument">The argument of the command.</param>
    /// <param name="reply">The final reply.</param>
    /// <param name="rule">The name of the rule that refused the command, or null.</param>
    public static void Write(Session session, CommandRow row, string argument, FtpReply reply, string? rule)
    {
        ILogger log = session.Server.Options.Logger;
        if ((row.Action is null && rule is null) || session.Files?.Account.Name is not { } account || !log.IsEnabled(LogLevel.Information))
        {
            return;
        }

        if (reply.Code >= FtpReplyCode.CannotOpenDataConnection) // 425, the smallest negative code that these commands return
        {
            string outcome = reply.Code is FtpReplyCode.CannotOpenDataConnection or FtpReplyCode.TransferAborted or FtpReplyCode.LocalError
                ? "failed"
                : "refused";
            Log.FileCommandFailed(
                log, session.Id, account.ToPrintable(), session.Peer.Address, row.Verb,
                DescribePaths(session, row, argument).ToPrintable(), outcome, (int)reply.Code, reply.Text.ToPrintable(), rule);
        }
        else if (row.Action is { } action && !row.HasRule(CommandRules.NeedsDataConnection))
        {
            Log.FileChanged(
                log, session.Id, account.ToPrintable(), session.Peer.Address, action, DescribePaths(session, row, argument).ToPrintable());
        }
    }

    /// <summary>
    /// Returns the virtual path for the log. For RNTO and SITE CPTO, returns the source and the target. Returns the argument unchanged if
    /// it does not consist of exactly one valid path.
    /// </summary>
    private static string DescribePaths(Session session, CommandRow row, string argument) => row.Verb switch
    {
        "RNTO" or "SITE CPTO" => $"{GetSourcePath(session.Sequence.Current)} to {GetVirtualPath(session, argument)}",
        "COMB" or "SITE COPY" or "SITE SYMLINK" or "SITE CHMOD" or "MFF" => argument,
        _ => GetVirtualPath(session, argument),
    };

    private static string GetSourcePath(SequenceParameters sequence) =>
        (sequence.RenameSource ?? sequence.CopySource)?.Value ?? "(no source)";

    private static string GetVirtualPath(Session session, string argument) => session.Resolve(argument) is { } path ? path.Value : argument;
}
