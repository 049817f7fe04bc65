using Fts.Protocol;
using Fts.Server.Commands;
using Fts.Server.Data;
using Fts.Server.Sessions;

namespace Fts.Server.Telemetry;

/// <summary>Adds executed commands to the metrics of the server: transfers and refusals.</summary>
internal static class CommandMeter
{
    /// <summary>Records the outcome of a command.</summary>
    public static void Record(Session session, CommandRow row, FtpReply reply, string? rule)
    {
        ServerMetrics metrics = session.Server.Metrics;
        if (rule is not null)
        {
            metrics.AddRefusal(rule);
        }

        if (row.HasRule(CommandRules.NeedsDataConnection) && metrics.MeasuresTransfers && session.Transfer is { } transfer)
        {
            metrics.AddTransfer(
                GetDirection(row), GetResult(transfer, reply), transfer.Bytes,
                TimeSpan.FromMilliseconds(Environment.TickCount64 - transfer.StartedAt));
        }
    }

    /// <summary>Returns the direction of a transfer: <c>download</c>, <c>upload</c> or <c>listing</c>.</summary>
    public static string GetDirection(CommandRow row) => row.Verb switch
    {
        "RETR" => "download",
        "STOR" or "APPE" or "STOU" => "upload",
        _ => "listing",
    };

    /// <summary>
    /// Returns the result of a transfer: <c>complete</c>, <c>refused</c>, <c>failed</c>, or the way in which the transfer was aborted.
    /// </summary>
    public static string GetResult(Transfer transfer, FtpReply reply) => reply switch
    {
        { Code: < FtpReplyCode.CannotOpenDataConnection } => "complete",
        _ when transfer.AbortReason != AbortReason.None => DescribeAbort(transfer.AbortReason),
        _ => IsFailure(reply) ? "failed" : "refused",
    };

    /// <summary>Returns whether a negative reply reports a failure. Otherwise, the command was refused.</summary>
    public static bool IsFailure(FtpReply reply) =>
        reply.Code is FtpReplyCode.CannotOpenDataConnection or FtpReplyCode.TransferAborted or FtpReplyCode.LocalError;

    private static string DescribeAbort(AbortReason reason) => reason switch
    {
        AbortReason.ClientSentAbor => "aborted",
        AbortReason.Stalled => "stalled",
        AbortReason.NotConnected => "notConnected",
        AbortReason.Superseded => "superseded",
        _ => "disconnected",
    };
}
