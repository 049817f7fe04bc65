using Fts.Cli;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Transfers;

/// <summary>Shows the progress of one transfer until the meter is disposed: a bar on a terminal, plain lines in a log.</summary>
/// <remarks>The transfer reports from any thread. A timer draws the bar.</remarks>
internal sealed class TransferMeter : IProgress<FtpProgress>, IAsyncDisposable
{
    /// <summary>The time between redraws. The eye cannot follow more than ten redraws per second.</summary>
    public static readonly TimeSpan RedrawInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>The time before progress is shown. The bar of a shorter transfer would only flicker.</summary>
    public static readonly TimeSpan DisplayDelay = TimeSpan.FromMilliseconds(500);

    private readonly Terminal _terminal;
    private readonly string _verb, _name;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _drawing;
    private readonly TransferRate _rate = new();
    private readonly LogThrottle _logThrottle = new();
    private readonly Lock _lock = new();
    private FtpProgress _latest;
    private bool _hasStarted;

    /// <summary>Starts to measure the time and to draw.</summary>
    /// <param name="terminal">Receives the progress.</param>
    /// <param name="verb">The verb: <c>uploading</c> or <c>downloading</c>.</param>
    /// <param name="name">The file.</param>
    public TransferMeter(Terminal terminal, string verb, string name)
    {
        (_terminal, _verb, _name) = (terminal, verb, name.ToPrintable());
        _drawing = terminal.ProgressMode == "never" ? Task.CompletedTask : DrawAsync();
    }

    /// <summary>The last reported progress.</summary>
    public FtpProgress Latest
    {
        get
        {
            lock (_lock)
            {
                return _latest;
            }
        }
    }

    /// <summary>Records the progress of the transfer.</summary>
    public void Report(FtpProgress value)
    {
        lock (_lock)
        {
            _latest = value;
        }

        JsonOutput.Current?.WriteProgress(value);
        // A repeated attempt begins with this stage again.
        _hasStarted &= value.Stage != FtpTransferStage.Connecting;
        if (value.Stage == FtpTransferStage.Transferring && !_hasStarted)
        {
            _hasStarted = true;
            if (ResumeAdvice.FormatStart(_name, value) is { } line)
            {
                _terminal.WriteMessage(line);
            }
        }
    }

    /// <summary>Stops drawing and erases the bar.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _drawing;
        _stopping.Dispose();
    }

    private async Task DrawAsync()
    {
        bool hasStatus = false;
        using var timer = new PeriodicTimer(RedrawInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                FtpProgress latest = Latest;
                double rate = _rate.AddSample(latest.Bytes);
                if (_rate.Elapsed < DisplayDelay && _terminal.ProgressMode != "always")
                {
                    continue;
                }

                if (_terminal.CanRedraw)
                {
                    _terminal.SetStatus(ProgressFormatter.FormatBar(_verb, _name, latest, rate, Terminal.Width));
                    hasStatus = true;
                }
                else
                {
                    WriteLogLine(latest, rate);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The transfer has ended.
        }

        if (hasStatus)
        {
            _terminal.SetStatus();
        }
    }

    private void WriteLogLine(FtpProgress latest, double rate)
    {
        bool isFirst = _logThrottle.IsFirst;
        if (_logThrottle.ShouldLog(_rate.Elapsed, ProgressFormatter.GetFraction(latest) ?? 0))
        {
            _terminal.WriteMessage(ProgressFormatter.FormatLine(_verb, _name, latest, isFirst ? 0 : rate));
        }
    }
}
