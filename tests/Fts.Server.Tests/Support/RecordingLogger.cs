using Microsoft.Extensions.Logging;

namespace Fts.Server.Tests.Support;

/// <summary>Records the log messages of the server. A test can wait for events that no reply reports.</summary>
internal sealed class RecordingLogger : ILogger
{
    public const int Connected = 1, Disconnected = 2, TransferFailed = 6, StoreRejected = 8, HandshakeFailed = 13,
        ClientCertificateIgnored = 18, CertificateReloaded = 19, CertificateReloadFailed = 20, PartialUploadsSwept = 22,
        QuitDuringTransfer = 24;

    public const int TooManyFailedLogins = 62;

    private readonly Lock _lock = new();
    private readonly List<(int Id, string Text)> _entries = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string[] Texts
    {
        get
        {
            lock (_lock)
            {
                return [.. _entries.Select(entry => entry.Text)];
            }
        }
    }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lock)
        {
            _entries.Add((eventId.Id, $"{formatter(state, exception)} {exception}"));
            _changed.SetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Waits until a message has been logged a number of times.</summary>
    public async Task WaitForAsync(int id, int times = 1)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_entries.Count(entry => entry.Id == id) >= times)
                {
                    return;
                }

                changed = _changed.Task;
            }

            await changed.WithDeadline();
        }
    }
}
