using System.Net;
using Fts.Protocol;
using Microsoft.Extensions.Logging;

namespace Fts.Client;

/// <summary>
/// The log messages of the library. Commands and replies go to <see cref="FtpClientOptions.Trace"/> instead. Text from a server or a caller
/// is escaped here, so that no control character reaches a log.
/// </summary>
internal static partial class Log
{
    public static void Connected(this ILogger logger, string host, IPEndPoint address) =>
        WriteConnected(logger, host.ToPrintable(), address);

    public static void LoggedIn(this ILogger logger, string userName, string host) =>
        WriteLoggedIn(logger, userName.ToPrintable(), host.ToPrintable());

    public static void TransferAborted(this ILogger logger, string host, bool isUsable) =>
        WriteTransferAborted(logger, host.ToPrintable(), isUsable);

    public static void ConnectionLimitLowered(this ILogger logger, string host, int connections, string reason) =>
        WriteConnectionLimitLowered(logger, host.ToPrintable(), connections, reason.ToPrintable());

    public static void IdleConnectionClosed(this ILogger logger, string host, string reason) =>
        WriteIdleConnectionClosed(logger, host.ToPrintable(), reason.ToPrintable());

    public static void SegmentsNotDeleted(this ILogger logger, string path, string reason) =>
        WriteSegmentsNotDeleted(logger, path.ToPrintable(), reason.ToPrintable());

    [LoggerMessage(1, LogLevel.Debug, "Connected to {Host} at {Address}")]
    private static partial void WriteConnected(ILogger logger, string host, IPEndPoint address);

    [LoggerMessage(2, LogLevel.Debug, "Logged in as {UserName} on {Host}")]
    private static partial void WriteLoggedIn(ILogger logger, string userName, string host);

    [LoggerMessage(3, LogLevel.Debug, "Aborted a transfer with {Host} (connection still usable: {IsUsable})")]
    private static partial void WriteTransferAborted(ILogger logger, string host, bool isUsable);

    [LoggerMessage(4, LogLevel.Information, "Lowered the connection limit for {Host} to {Connections}: {Reason}")]
    private static partial void WriteConnectionLimitLowered(ILogger logger, string host, int connections, string reason);

    [LoggerMessage(5, LogLevel.Debug, "Closed an idle connection to {Host}: {Reason}")]
    private static partial void WriteIdleConnectionClosed(ILogger logger, string host, string reason);

    [LoggerMessage(
        6, LogLevel.Warning, "Cannot delete the segments of {Path} on the server (hidden files with .fts- in their names): {Reason}")]
    private static partial void WriteSegmentsNotDeleted(ILogger logger, string path, string reason);
}
