using Fts.Server.Data;

namespace Fts.Server.Sessions;

/// <summary>Looks at every session once a second and ends what takes too long. One timer for all: a timer or linked token per session would cost each idle one memory.</summary>
internal static class SessionMonitor
{
    private static readonly TimeSpan ListenerIdleTime = TimeSpan.FromSeconds(60);

    public static async Task RunAsync(FtpServer server, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                CheckSessions(server);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    /// <summary>Checks every session. An unexpected exception is logged and does not end the watch.</summary>
    private static void CheckSessions(FtpServer server)
    {
        foreach (Session session in server.Sessions)
        {
            try
            {
                CheckSession(session, server.Options);
            }
            catch (Exception e)
            {
                Log.LoopFailed(server.Options.Logger, e, "session watch");
            }
        }

        try
        {
            server.PassivePorts?.CloseIdle(before: Environment.TickCount64 - (long)ListenerIdleTime.TotalMilliseconds);
        }
        catch (Exception e)
        {
            Log.LoopFailed(server.Options.Logger, e, "session watch");
        }
    }

    private static void CheckSession(Session session, FtpServerOptions options)
    {
        long now = Environment.TickCount64;
        if (session.IsDisconnected)
        {
            return;
        }

        if (FindDisconnectReason(session, options, now) is { } reason)
        {
            Log.Disconnecting(options.Logger, session.Id, reason);
            session.Disconnect();
        }
        else if (session.Transfer is { } transfer)
        {
            transfer.NoteAcknowledgedBytes();
            if (transfer.WaitingForDataSince is { } since)
            {
                if (now - since > options.DataConnectionTimeout.TotalMilliseconds)
                {
                    transfer.Abort(TransferEndReason.NotConnected);
                }
            }
            else if (now - transfer.LastProgress > options.StallTimeout.TotalMilliseconds && !transfer.IsCommitting)
            {
                transfer.Abort(TransferEndReason.Stalled);
            }
        }
        else if (session is { Files: null, IsLoginDelayed: false } && now - session.ConnectedAt > options.LoginTimeout.TotalMilliseconds)
        {
            session.End(Replies.LoginTimeout);
        }
        else if (now - session.LastReceived > options.IdleTimeout.TotalMilliseconds)
        {
            session.End(Replies.IdleTimeout);
        }
        else
        {
            session.CloseStalledBlockConnection(before: now - (long)options.StallTimeout.TotalMilliseconds);
            session.CloseIdleListener(before: now - (long)ListenerIdleTime.TotalMilliseconds);
        }
    }

    /// <summary>
    /// Returns the reason, for the log, why the control connection must be closed without a reply; null if it need not be closed.
    /// </summary>
    private static string? FindDisconnectReason(Session session, FtpServerOptions options, long now)
    {
        double closeTimeout = options.CloseTimeout.TotalMilliseconds;
        return session.GetWriteDelay(now) > options.ControlWriteTimeout.TotalMilliseconds ? "the client reads no replies"
            : session.EndedAt is > 0 and var endedAt && now - endedAt > closeTimeout ? "the session did not end in time"
            : session.Transfer is { IsCommitting: false, EndedAt: > 0 and var abortedAt } && now - abortedAt > closeTimeout ? "the aborted transfer did not end in time"
            : null;
    }
}
