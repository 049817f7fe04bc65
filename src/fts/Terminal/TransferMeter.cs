using System.Diagnostics;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Cli;

/// <summary>
/// Shows one transfer while it runs: a bar on a terminal, plain lines elsewhere. A report only leaves its numbers here; a timer draws. Disposed when the
/// transfer is over, which takes the bar away.
/// </summary>
internal sealed class TransferMeter : IProgress<FtpProgress>, IAsyncDisposable
{
    /// <summary>Ten redraws a second are all an eye follows.</summary>
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(100);

    /// <summary>What is over sooner shows nothing: it would only flicker.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly Terminal _terminal;
    private readonly string _verb, _name;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly CancellationTokenSource _over = new();
    private readonly Task _drawing;
    private readonly Queue<(TimeSpan At, long Bytes)> _samples = new();
    private readonly Lock _lock = new();
    private FtpProgress _latest;
    private bool _hasBegun;
    private TimeSpan _lastLine;
    private int _lastTenth;

    /// <summary>Starts the clock.</summary>
    /// <param name="terminal">Where to show it.</param>
    /// <param name="verb">What is happening: <c>uploading</c>, <c>downloading</c>.</param>
    /// <param name="name">The file.</param>
    public TransferMeter(Terminal terminal, string verb, string name)
    {
        (_terminal, _verb, _name) = (terminal, verb, name.Visible());
        _drawing = terminal.Progress == "never" ? Task.CompletedTask : DrawAsync();
    }

    /// <summary>What the transfer said of itself last.</summary>
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

    /// <summary>Takes what the transfer says of itself.</summary>
    public void Report(FtpProgress value)
    {
        lock (_lock)
        {
            _latest = value;
        }

        if (value.Phase == FtpPhase.Transferring && !_hasBegun)
        {
            _hasBegun = true;
            if (Resumption.Line(_name, value) is { } line)
            {
                _terminal.Say(line);
            }
        }
    }

    /// <summary>Stops drawing and takes the bar away.</summary>
    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _drawing;
        _over.Dispose();
    }

    private async Task DrawAsync()
    {
        bool shown = false;
        using var timer = new PeriodicTimer(Redraw);
        try
        {
            while (await timer.WaitForNextTickAsync(_over.Token))
            {
                FtpProgress latest = Latest;
                double rate = Sample(latest.Bytes);
                if (_watch.Elapsed < Patience && _terminal.Progress != "always")
                {
                    continue;
                }

                if (_terminal.CanRedraw)
                {
                    _terminal.Status(TransferText.Bar(_verb, _name, latest, rate, Terminal.Width));
                    shown = true;
                }
                else
                {
                    Line(latest, rate);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The transfer is over.
        }

        if (shown)
        {
            _terminal.Status("");
        }
    }

    /// <summary>Where there is no cursor to move: a line at the start, then one every ten seconds or ten percent, never two within a second.</summary>
    private void Line(FtpProgress latest, double rate)
    {
        int tenth = latest.Total is > 0 ? (int)((latest.Bytes + latest.Resumed) * 10.0 / (latest.Total.Value + latest.Resumed)) : 0;
        TimeSpan now = _watch.Elapsed, since = now - _lastLine;
        bool first = _lastLine == default;
        if (first || since.TotalSeconds >= 10 || (tenth > _lastTenth && since.TotalSeconds >= 1))
        {
            _terminal.Say(TransferText.Line(_verb, _name, latest, first ? 0 : rate));
            (_lastLine, _lastTenth) = (now, tenth);
        }
    }

    /// <summary>Bytes a second over the last three seconds: long enough to be steady, short enough to show a stall.</summary>
    private double Sample(long bytes)
    {
        TimeSpan now = _watch.Elapsed;
        _samples.Enqueue((now, bytes));
        while (now - _samples.Peek().At > TimeSpan.FromSeconds(3))
        {
            _samples.Dequeue();
        }

        (TimeSpan at, long before) = _samples.Count > 1 ? _samples.Peek() : default;
        double seconds = (now - at).TotalSeconds;
        return seconds > 0 ? (bytes - before) / seconds : 0;
    }
}
