using System.Diagnostics;
using System.Globalization;
using Fts.Protocol;

namespace Fts.Cli;

/// <summary>
/// Shows one transfer while it runs: a bar on a terminal, plain lines elsewhere. Counting costs an addition; a timer draws. Disposed when the transfer is
/// over, which takes the bar away.
/// </summary>
internal sealed class TransferMeter : IProgress<long>, IAsyncDisposable
{
    /// <summary>Ten redraws a second are all an eye follows.</summary>
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(100);

    /// <summary>What is over sooner shows no bar: it would only flicker.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly Terminal _terminal;
    private readonly string _verb, _name;
    private readonly long? _total;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly CancellationTokenSource _over = new();
    private readonly Task _drawing;
    private readonly Queue<(TimeSpan At, long Bytes)> _samples = new();
    private readonly bool _eager;
    private long _bytes;
    private TimeSpan _lastLine;
    private int _lastTenth;

    /// <summary>Starts the clock.</summary>
    /// <param name="terminal">Where to show it.</param>
    /// <param name="verb">What is happening: <c>uploading</c>, <c>downloading</c>.</param>
    /// <param name="name">The file.</param>
    /// <param name="total">Its size in bytes, if known.</param>
    public TransferMeter(Terminal terminal, string verb, string name, long? total)
    {
        (_terminal, _verb, _name, _total) = (terminal, verb, name.Visible(), total);
        _eager = terminal.Progress == "always";
        _drawing = terminal.Progress == "never" ? Task.CompletedTask : DrawAsync();
    }

    /// <summary>How long it has been running.</summary>
    public TimeSpan Elapsed => _watch.Elapsed;

    /// <summary>Sets how many bytes have been moved so far.</summary>
    public void Report(long value) => Volatile.Write(ref _bytes, value);

    /// <summary>Stops drawing and takes the bar away.</summary>
    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _drawing;
        _over.Dispose();
    }

    /// <summary>The bar for a width: percent, amount, rate and time left, the name in what room remains.</summary>
    internal static string Bar(string verb, string name, long bytes, long? total, double rate, int width)
    {
        string amount = total is > 0
            ? $"{Math.Min(100, bytes * 100.0 / total.Value).ToString("F0", CultureInfo.InvariantCulture),3}%  {Amounts.Size(bytes)}/{Amounts.Size(total.Value)}"
            : Amounts.Size(bytes);
        string speed = rate > 0 ? $"  {Amounts.Size(rate)}/s" : "";
        // At the last byte the server still has to confirm; a bar at 100 % that says nothing looks like a hang.
        string left = total is null || rate <= 0 ? "" : bytes >= total ? "  waiting for confirmation" : $"  {Amounts.Time(TimeSpan.FromSeconds(Math.Min((total.Value - bytes) / rate, 360_000)))} left";
        string text = amount + speed + left;
        // The last column stays empty: a terminal may wrap there.
        int room = width - 1 - text.Length - 2;
        if (room < 8)
        {
            text = amount;
            room = width - 1 - text.Length - 2;
        }

        int gauge = total is > 0 && room >= verb.Length + 40 ? 20 : 0;
        string label = Amounts.Fit(room - gauge - 1 >= verb.Length + 9 ? $"{verb} {name}" : name, room - (gauge > 0 ? gauge + 3 : 0));
        int full = gauge == 0 ? 0 : (int)Math.Min(gauge, bytes * gauge / total!.Value);
        return $"{label}  {(gauge > 0 ? $"[{new string('#', full)}{new string('.', gauge - full)}] " : "")}{text}";
    }

    private async Task DrawAsync()
    {
        bool bar = _terminal.CanRedraw, shown = false;
        using var timer = new PeriodicTimer(Redraw);
        try
        {
            while (await timer.WaitForNextTickAsync(_over.Token))
            {
                double rate = Sample();
                if (_watch.Elapsed < Patience && !_eager)
                {
                    continue;
                }

                if (bar)
                {
                    _terminal.Status(Bar(_verb, _name, Volatile.Read(ref _bytes), _total, rate, Terminal.Width));
                    shown = true;
                }
                else
                {
                    Line(rate);
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
    private void Line(double rate)
    {
        long bytes = Volatile.Read(ref _bytes);
        int tenth = _total is > 0 ? (int)(bytes * 10.0 / _total.Value) : 0;
        TimeSpan now = _watch.Elapsed, since = now - _lastLine;
        if (_lastLine == default)
        {
            _terminal.Say(_total is null ? $"{_verb} {_name}" : $"{_verb} {_name} ({Amounts.Size(_total.Value)})");
        }
        else if (since.TotalSeconds >= 10 || (tenth > _lastTenth && since.TotalSeconds >= 1))
        {
            _terminal.Say(Bar(_verb, _name, bytes, _total, rate, int.MaxValue / 2).Replace("  ", ", ", StringComparison.Ordinal));
        }
        else
        {
            return;
        }

        (_lastLine, _lastTenth) = (now, tenth);
    }

    /// <summary>Bytes a second over the last three seconds: long enough to be steady, short enough to show a stall.</summary>
    private double Sample()
    {
        (TimeSpan At, long Bytes) now = (_watch.Elapsed, Volatile.Read(ref _bytes));
        _samples.Enqueue(now);
        while (now.At - _samples.Peek().At > TimeSpan.FromSeconds(3))
        {
            _samples.Dequeue();
        }

        (TimeSpan At, long Bytes) first = _samples.Count > 1 ? _samples.Peek() : default;
        double seconds = (now.At - first.At).TotalSeconds;
        return seconds > 0 ? (now.Bytes - first.Bytes) / seconds : 0;
    }
}
