using System.Diagnostics;
using Fts.Protocol;
using Fts.Server.Commands;
using Fts.Server.Sessions;

namespace Fts.Server.Telemetry;

/// <summary>
/// The spans of the server: one for each login and each transfer. Their attributes contain no paths, names of users or passwords. Without a
/// listener, no span is created.
/// </summary>
internal static class ServerTraces
{
    private static readonly ActivitySource Source = new(FtpServer.TelemetryName);

    /// <summary>Starts the span of a command that transfers data or logs in. Returns null for other commands.</summary>
    public static Activity? Start(Session session, CommandRow row)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        bool isTransfer = row.HasRule(CommandRules.NeedsDataConnection);
        bool isLogin = row.Verb == "PASS" || (row.Verb == "USER" && session.Certificate is not null);
        return isTransfer || isLogin
            ? Source.StartActivity(isTransfer ? "ftp.transfer" : "ftp.login", ActivityKind.Server)
                ?.SetTag("ftp.command", row.Verb)
                .SetTag("ftp.session", session.Id)
                .SetTag("client.address", session.Peer.Address.ToString())
                .SetTag("server.port", session.Local.Port)
                .SetTag("tls.protocol", session.TlsName)
            : null;
    }

    /// <summary>Sets the reply code and, for a transfer, its direction, bytes and result. A negative reply is an error.</summary>
    public static void SetResult(Activity? span, Session session, CommandRow row, FtpReply reply)
    {
        if (span is null)
        {
            return;
        }

        span.SetTag("ftp.reply.code", (int)reply.Code);
        if (row.HasRule(CommandRules.NeedsDataConnection) && session.Transfer is { } transfer)
        {
            span.SetTag("ftp.transfer.direction", CommandMeter.GetDirection(row));
            span.SetTag("ftp.transfer.bytes", transfer.Bytes);
            span.SetTag("ftp.transfer.result", CommandMeter.GetResult(transfer, reply));
        }

        if ((int)reply.Code >= 400)
        {
            span.SetStatus(ActivityStatusCode.Error);
        }
    }
}
