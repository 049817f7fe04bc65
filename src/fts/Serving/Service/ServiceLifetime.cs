using Fts.Protocol;
using Fts.Server;
using Fts.Serving.Configuration;

namespace Fts.Serving.Service;

/// <summary>
/// Reports the state of a running server to the service manager: ready, reloading, stopping, and alive. Disposal ends the watchdog
/// messages.
/// </summary>
/// <param name="notifier">Sends the messages. The caller owns it.</param>
/// <param name="server">The server. The caller owns it.</param>
/// <param name="reload">Reads the configuration file again.</param>
/// <param name="clock">The clock of the watchdog.</param>
internal sealed class ServiceLifetime(ServiceNotifier notifier, FtpServer server, ConfigurationReload reload, TimeProvider clock)
    : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopped = new();
    private readonly Lock _reloadLock = new();
    private Task _watchdog = Task.CompletedTask;
    private volatile bool _isReady;
    private volatile bool _isStopping;

    private string Status
    {
        get
        {
            int sessions = server.SessionCount;
            return $"listening on {server.EndPoint}, {sessions} session{(sessions == 1 ? "" : "s")}".ToPrintable();
        }
    }

    /// <summary>Reports that the server accepts connections, and starts the watchdog messages.</summary>
    public void Start()
    {
        _isReady = true;
        notifier.NotifyReady(Status);
        if (notifier.WatchdogTimeout is { } timeout)
        {
            _watchdog = Task.Run(() => ServiceWatchdog.RunAsync(
                timeout, () => server.IsResponsive, () => notifier.NotifyWatchdog(Status), clock, _stopped.Token));
        }
    }

    /// <summary>Reads the certificates and the configuration file again. Called at SIGHUP, on a pool thread.</summary>
    public void Reload()
    {
        lock (_reloadLock)
        {
            bool isReported = _isReady && !_isStopping;
            if (isReported)
            {
                notifier.NotifyReloading(clock);
            }

            server.Reload();
            reload.Run();
            if (isReported && !_isStopping)
            {
                notifier.NotifyReady(Status);
            }
        }
    }

    /// <summary>Reports that the server stops. The watchdog messages continue until the disposal.</summary>
    public void ReportStopping()
    {
        _isStopping = true;
        notifier.NotifyStopping();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        await _watchdog;
        _stopped.Dispose();
    }
}
