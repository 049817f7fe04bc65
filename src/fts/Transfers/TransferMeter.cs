using Fts.Cli;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Transfers;

/// <summary>
/// Shows one transfer while it runs: a bar on a terminal, plain lines elsewhere. A report only leaves its numbers here; a timer draws. Disposed when the
/// transfer is over, which takes the bar away.
/// </summary>
internal sealed class TransferMeter : IProgress<FtpProgress>, IAsyncDisposable
{
    /// <summary>Ten redraws a second are all an eye follows.</summary>
    public static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(100);

    /// <summary>What is over sooner shows nothing: it would only flicker.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly Terminal _terminal;
    private readonly string _verb, _name;
    private readonly CancellationTokenSource _over = new();
    private readonly Task _drawing;
    private readonly Rate _rate = new();
    private readonly LogPace _pace = new();
    private readonly Lock _lock = new();
    private FtpProgress _latest;
    private bool _hasBegun;

    /// <summary>Starts the clock.</summary>
    /// <param name="terminal">Where to show it.</param>
    /// <param name="verb">What is happening: <c>uploading</c>, <c>downloading</c>.</param>
    /// <param name="name">The file.</param>
    public TransferMeter(Terminal terminal, string verb, string name)
    {
        (_terminal, _verb, _name) = (terminal, verb, name.ToPrintable());
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

        if (value.Stage == FtpTransferStage.Transferring && !_hasBegun)
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
                double rate = _rate.Sample(latest.Bytes);
                if (_rate.Elapsed < Patience && _terminal.Progress != "always")
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
            _terminal.Status();
        }
    }

    /// <summary>Where there is no cursor to move.</summary>
    private void Line(FtpProgress latest, double rate)
    {
        bool isFirst = _pace.IsFirst;
        if (_pace.IsDue(_rate.Elapsed, TransferText.Fraction(latest) ?? 0))
        {
            _terminal.Say(TransferText.Line(_verb, _name, latest, isFirst ? 0 : rate));
        }
    }
}
