using Fts.Server.Data;

namespace Fts.Server.Sessions;

/// <summary>
/// Checks every session once a second. Ends sessions and aborts transfers that have exceeded a time limit, and closes unused listeners. One
/// timer serves all sessions, because a separate timer would cost memory for each idle session.
/// </summary>
internal static class SessionMonitor
{
    /// <summary>How long a data listener or a passive port may stay open without use.</summary>
    private static readonly TimeSpan ListenerIdleTime = TimeSpan.FromSeconds(60);

    /// <summary>Runs the monitor until the token is cancelled.</summary>
    public static async Task RunAsync(FtpServer server, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                CheckSessions(server);
                server.Health?.RecordMonitorPass(Environment.TickCount64);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    /// <summary>
    /// Checks every session, and closes the unused ports of the server's range. An unexpected exception is logged, and the monitor
    /// continues.
    /// </summary>
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
                Log.LoopFailed(server.Options.Logger, e, "session monitor");
            }
        }

        try
        {
            server.PassivePorts?.CloseIdle(before: Environment.TickCount64 - (long)ListenerIdleTime.TotalMilliseconds);
        }
        catch (Exception e)
        {
            Log.LoopFailed(server.Options.Logger, e, "session monitor");
        }
    }

    /// <summary>
    /// Disconnects or ends the session, aborts its transfer, or closes its stalled block-mode connection and its unused data listener, if a
    /// time limit was exceeded.
    /// </summary>
    private static void CheckSession(Session session, FtpServerOptions options)
    {
        long now = Environment.TickCount64;
        if (session.IsDisconnected)
        {
            return;
        }

        AccountUpdate.EndIfAccountEnded(session);
        if (FindDisconnectReason(session, options, now) is { } reason)
        {
            Log.Disconnecting(options.Logger, session.Id, reason);
            session.Disconnect();
        }
        else if (session.Transfer is { } transfer)
        {
            transfer.RecordAcknowledgedBytes();
            transfer.SampleSpeed(now);
            if (transfer.ConnectionWaitStartedAt is { } since)
            {
                if (now - since > options.DataConnectionTimeout.TotalMilliseconds)
                {
                    transfer.Abort(AbortReason.NotConnected);
                }
            }
            else if (now - transfer.LastProgressAt > options.StallTimeout.TotalMilliseconds && !transfer.IsCommitting)
            {
                transfer.Abort(AbortReason.Stalled);
            }
        }
        else if (session is { Files: null, IsLoginDelayed: false } && now - session.LoginStartedAt > options.LoginTimeout.TotalMilliseconds)
        {
            session.End(Replies.LoginTimeout);
        }
        else if (now - session.LastActivityAt > options.IdleTimeout.TotalMilliseconds)
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
    /// Returns the reason, for the log, why the control connection must be closed without a reply. Returns null if the connection may stay
    /// open.
    /// </summary>
    private static string? FindDisconnectReason(Session session, FtpServerOptions options, long now)
    {
        double closeTimeout = options.CloseTimeout.TotalMilliseconds;
        if (session.GetUnacknowledgedWriteTime(now) > options.ControlWriteTimeout.TotalMilliseconds)
        {
            return "the client does not read the replies";
        }

        if (session.EndedAt is > 0 and var endedAt && now - endedAt > closeTimeout)
        {
            return "the session did not end in time";
        }

        return session.Transfer is { IsCommitting: false, AbortedAt: > 0 and var abortedAt } && now - abortedAt > closeTimeout
            ? "the aborted transfer did not end in time"
            : null;
    }
}
