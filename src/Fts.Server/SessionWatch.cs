using Fts.Server.Data;

namespace Fts.Server;

/// <summary>Looks at every session once a second and ends what takes too long. One timer for all: a timer or linked token per session would cost each idle one memory.</summary>
internal static class SessionWatch
{
    private static readonly TimeSpan ListenerIdle = TimeSpan.FromSeconds(60);

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
                Look(session, server.Options);
            }
            catch (Exception e)
            {
                Log.LoopFailed(server.Options.Logger, e, "session watch");
            }
        }

        try
        {
            server.PassivePorts?.CloseIdle(before: Environment.TickCount64 - (long)ListenerIdle.TotalMilliseconds);
        }
        catch (Exception e)
        {
            Log.LoopFailed(server.Options.Logger, e, "session watch");
        }
    }

    private static void Look(Session session, FtpServerOptions options)
    {
        long now = Environment.TickCount64;
        if (session.IsDisconnected)
        {
            return;
        }

        if (FindOverdue(session, options, now) is { } reason)
        {
            Log.Disconnecting(options.Logger, session.Id, reason);
            session.Disconnect();
        }
        else if (session.Transfer is { } transfer)
        {
            transfer.LookCloser();
            if (transfer.WaitingForDataSince is { } since)
            {
                if (now - since > options.DataConnectionTimeout.TotalMilliseconds)
                {
                    transfer.Abort(TransferEnd.NotConnected);
                }
            }
            else if (now - transfer.LastProgress > options.StallTimeout.TotalMilliseconds && !transfer.IsCommitting)
            {
                transfer.Abort(TransferEnd.Stalled);
            }
        }
        else if (session is { Files: null, IsLoginDelayed: false } && now - session.ConnectedAt > options.SignInTimeout.TotalMilliseconds)
        {
            session.End(Replies.SignInTooSlow);
        }
        else if (now - session.LastHeard > options.IdleTimeout.TotalMilliseconds)
        {
            session.End(Replies.IdleTooLong);
        }
        else
        {
            session.CloseStalledLink(before: now - (long)options.StallTimeout.TotalMilliseconds);
            session.CloseIdlePort(before: now - (long)ListenerIdle.TotalMilliseconds);
        }
    }

    /// <summary>
    /// Returns the reason, for the log, why the control connection must be closed without a reply; null if it need not be closed.
    /// </summary>
    private static string? FindOverdue(Session session, FtpServerOptions options, long now)
    {
        double closeTimeout = options.CloseTimeout.TotalMilliseconds;
        return session.MeasureWriteDelay(now) > options.ControlWriteTimeout.TotalMilliseconds ? "the client reads no replies"
            : session.EndedAt is > 0 and var endedAt && now - endedAt > closeTimeout ? "the session did not end in time"
            : session.Transfer is { IsCommitting: false, EndedAt: > 0 and var abortedAt } && now - abortedAt > closeTimeout ? "the aborted transfer did not end in time"
            : null;
    }
}
