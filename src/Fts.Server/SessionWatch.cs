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
                foreach (Session session in server.Sessions)
                {
                    Look(session, server.Options);
                }

                server.PassivePorts?.CloseIdle(before: Environment.TickCount64 - (long)ListenerIdle.TotalMilliseconds);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private static void Look(Session session, FtpServerOptions options)
    {
        long now = Environment.TickCount64;
        if (session.Transfer is { } transfer)
        {
            transfer.LookCloser();
            if (transfer.WaitingForDataSince is { } since)
            {
                if (now - since > options.DataConnectionTimeout.TotalMilliseconds)
                {
                    transfer.Abort(TransferEnd.NotConnected);
                }
            }
            else if (now - transfer.LastProgress > options.StallTimeout.TotalMilliseconds)
            {
                transfer.Abort(TransferEnd.Stalled);
            }
        }
        else if (session.Files is null && now - session.ConnectedAt > options.SignInTimeout.TotalMilliseconds)
        {
            session.End(Replies.SignInTooSlow);
        }
        else if (now - session.LastHeard > options.IdleTimeout.TotalMilliseconds)
        {
            session.End(Replies.IdleTooLong);
        }
        else
        {
            session.CloseIdlePort(before: now - (long)ListenerIdle.TotalMilliseconds);
        }
    }
}
