using System.Net;
using Fts.Protocol;
using Microsoft.Extensions.Logging;

namespace Fts.Serving.Logging;

/// <summary>The events of the program that are not part of the start screen. The server library has its own.</summary>
internal static class ProgramLog
{
    private static readonly Action<ILogger, string, IPAddress, string, Exception?> LogAccountTakenOver =
        LoggerMessage.Define<string, IPAddress, string>(
            LogLevel.Information, new EventId(203, "AccountTakenOver"),
            "account {Account} created for {Address}, because {Server} accepted its password");

    private static readonly Action<ILogger, string, Exception?> LogVariableIgnored = LoggerMessage.Define<string>(
        LogLevel.Information, new EventId(204, "VariableIgnored"),
        "environment variable {Variable} ignored, because it describes a service of a container system");

    private static readonly Action<ILogger, long, string, Exception?> LogSessionKicked = LoggerMessage.Define<long, string>(
        LogLevel.Warning, new EventId(205, "SessionKicked"), "[{Session}] ended by {User} with fts kick");

    /// <summary>An administrator ended a session.</summary>
    public static void SessionKicked(ILogger logger, long session, string user) =>
        LogSessionKicked(logger, session, user.ToPrintable(), null);

    /// <summary>An account was created, because the old server accepted its password.</summary>
    public static void AccountTakenOver(ILogger logger, string account, IPAddress address, string server) =>
        LogAccountTakenOver(logger, account.ToPrintable(), address, server, null);

    /// <summary>A variable with the name of a setting or an account describes a service.</summary>
    public static void VariableIgnored(ILogger logger, string variable) => LogVariableIgnored(logger, variable.ToPrintable(), null);
}
