namespace Fts.Serving.Service;

/// <summary>Sends the messages that prove to the service manager that the server still serves.</summary>
internal static class ServiceWatchdog
{
    /// <summary>
    /// Sends a message at half of the timeout, until the token is cancelled. Sends nothing while the server does not respond, so that the
    /// service manager restarts it.
    /// </summary>
    /// <param name="timeout">The timeout of the watchdog.</param>
    /// <param name="isResponsive">Returns whether the server serves.</param>
    /// <param name="notify">Sends the message.</param>
    /// <param name="clock">The clock of the timer.</param>
    /// <param name="cancellationToken">Ends the loop.</param>
    public static async Task RunAsync(
        TimeSpan timeout, Func<bool> isResponsive, Action notify, TimeProvider clock, CancellationToken cancellationToken)
    {
        TimeSpan interval = timeout / 2;
        using var timer = new PeriodicTimer(interval > TimeSpan.FromMilliseconds(1) ? interval : TimeSpan.FromMilliseconds(1), clock);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                if (isResponsive())
                {
                    notify();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server has stopped.
        }
    }
}
