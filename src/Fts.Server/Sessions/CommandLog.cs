using Fts.Accounts.Gate;
using Fts.Protocol;
using Fts.Server.Commands;
using Fts.Server.Data;
using Fts.Server.Telemetry;
using Microsoft.Extensions.Logging;

namespace Fts.Server.Sessions;

/// <summary>
/// Logs one line for each command that has a <see cref="CommandRow.Action"/>: the change, or the negative reply. If an upload or download
/// succeeds, its handler logs the line instead, because the line contains the number of bytes. Also logs each other command that a rule
/// refused.
/// </summary>
internal static class CommandLog
{
    /// <summary>Logs the outcome of a command if the command has an action and the client is logged in, or if a rule refused it.</summary>
    public static void Write(Session session, CommandRow row, string argument, FtpReply reply, string? rule)
    {
        ILogger log = session.Server.Options.Logger;
        if ((row.Action is null && rule is null) || !log.IsEnabled(LogLevel.Information))
        {
            return;
        }

        string? account = session.Files?.Account.Name.ToPrintable();
        if (account is not null && row.Action is null && PermissionExplanation.UsesPath(row.Verb))
        {
            WriteFailure(session, row, argument, reply, rule, account);
            return;
        }

        if (row.Action is not { } action || account is null)
        {
            if (rule is not null and not RefusalRules.LoginThrottle) // the throttled login has its own line
            {
                Log.CommandRefused(
                    log, session.Id, row.Verb, session.Peer.Address, (int)reply.Code, reply.Text.ToPrintable(), account, rule,
                    session.TlsName);
            }

            return;
        }

        if (row.Verb == "MDTM" && IsQuery(argument, reply))
        {
            return;
        }

        if (reply.Code >= FtpReplyCode.CannotOpenDataConnection) // 425, the smallest negative code that these commands return
        {
            WriteFailure(session, row, argument, reply, rule, account);
        }
        else if (!row.HasRule(CommandRules.NeedsDataConnection))
        {
            var names = CommandNames.Parse(session, row, argument);
            Log.FileChanged(
                log, session.Id, account, session.Peer.Address, action, names.Text, row.Verb, names.Path, names.Target, names.Value,
                session.TlsName);
        }
    }

    /// <summary>
    /// Logs and counts a command that the rules of its row refused. Protocol errors, such as a missing argument, are not logged.
    /// </summary>
    public static void WriteRefusal(Session session, CommandRow row, string argument, FtpReply reply)
    {
        if (RefusalRules.Find(reply) is { } rule)
        {
            Write(session, row, argument, reply, rule);
            session.Server.Metrics.AddRefusal(rule);
        }
    }

    private static void WriteFailure(Session session, CommandRow row, string argument, FtpReply reply, string? rule, string account)
    {
        var names = CommandNames.Parse(session, row, argument);
        string outcome = CommandMeter.IsFailure(reply) ? "failed" : "refused";
        Transfer? transfer = row.HasRule(CommandRules.NeedsDataConnection) ? session.Transfer : null;
        Log.FileCommandFailed(
            session.Server.Options.Logger, session.Id, account, session.Peer.Address, row.Verb, names.Text, outcome, (int)reply.Code,
            reply.Text.ToPrintable(), names.Path, names.Target, names.Value, rule, session.TlsName, transfer?.Bytes,
            transfer is null ? null : Environment.TickCount64 - transfer.StartedAt,
            transfer is null ? null : CommandMeter.GetResult(transfer, reply), transfer is null ? null : session.TypeCode);
    }

    /// <summary>Returns whether MDTM only returned a time, or would have.</summary>
    private static bool IsQuery(string argument, FtpReply reply) => reply.Code == FtpReplyCode.FileStatus
        ? !reply.Text.StartsWith("Modify=", StringComparison.Ordinal)
        : !MetadataCommands.StartsWithTime(argument);
}
