using System.Net;
using Microsoft.Extensions.Logging;

namespace Fts.Client;

/// <summary>What the library tells a log. Every line of a conversation goes to <see cref="FtpClientOptions.Trace"/> instead.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Debug, "Connected to {Host} at {Address}")]
    public static partial void Connected(this ILogger logger, string host, IPEndPoint address);

    [LoggerMessage(2, LogLevel.Debug, "Signed in as {UserName} at {Host}")]
    public static partial void SignedIn(this ILogger logger, string userName, string host);

    [LoggerMessage(3, LogLevel.Debug, "Aborted a transfer with {Host}; connection kept: {IsUsable}")]
    public static partial void Aborted(this ILogger logger, string host, bool isUsable);

    [LoggerMessage(4, LogLevel.Information, "{Host} lets no more than {Connections} connections in: {Reason}")]
    public static partial void LimitLearnt(this ILogger logger, string host, int connections, string reason);

    [LoggerMessage(5, LogLevel.Debug, "Dropped an idle connection to {Host}: {Reason}")]
    public static partial void IdleDropped(this ILogger logger, string host, string reason);

    [LoggerMessage(6, LogLevel.Warning, "Parts of {Path} may be left on the server: {Reason}")]
    public static partial void PartsLeft(this ILogger logger, string path, string reason);
}
