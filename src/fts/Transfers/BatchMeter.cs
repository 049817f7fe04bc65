using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell;

namespace Fts.Transfers;

/// <summary>
/// Shows many transfers while they run. On a terminal finished files scroll above a line for each active file and one for all; elsewhere a few files get a line each, and of many
/// only the failures do, between lines on how far all are. Disposed when they are over.
/// </summary>
internal sealed class BatchMeter : IProgress<FtpBatchResult>, IProgress<FtpProgress>, IAsyncDisposable
{
    /// <summary>A log wants to hear of so many one by one.</summary>
    public const int Few = 20;

    private readonly Terminal _terminal;
    private readonly string _verb;
    private readonly int _files;
    private readonly long? _total;
    private readonly Func<FtpBatchResult, FtpProgress, string?> _tell;
    private readonly Rate _rate = new();
    private readonly LogPace _pace = new();
    private readonly Dictionary<string, FtpProgress> _active = [];
    private readonly Dictionary<string, (Rate Rate, TimeSpan Since)> _rates = []; // used by the drawing task only
    private readonly HashSet<string> _begun = [];
    private readonly List<string> _finished = [];
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _over = new();
    private readonly Task _drawing;
    private long _bytes, _resumed;

    /// <summary>Starts the clock.</summary>
    /// <param name="terminal">Where to show it.</param>
    /// <param name="verb">What is happening: <c>uploading</c>, <c>downloading</c>.</param>
    /// <param name="files">How many files.</param>
    /// <param name="total">Their bytes; null when nobody knows.</param>
    /// <param name="tell">What to say of a file that is finished, given how far it was heard to be; null for nothing.</param>
    public BatchMeter(Terminal terminal, string verb, int files, long? total, Func<FtpBatchResult, FtpProgress, string?> tell)
    {
        (_terminal, _verb, _files, _total, _tell) = (terminal, verb, files, total, tell);
        _drawing = terminal.Progress == "never" ? Task.CompletedTask : DrawAsync();
    }

    /// <summary>Files that are finished, and well.</summary>
    public int Done { get; private set; }

    /// <summary>Bytes moved by those.</summary>
    public long Bytes => _bytes;

    /// <summary>Since the start.</summary>
    public TimeSpan Elapsed => _rate.Elapsed;

    /// <summary>Takes a finished file.</summary>
    public void Report(FtpBatchResult value)
    {
        string? text;
        lock (_lock)
        {
            _active.Remove(value.File.RemotePath, out FtpProgress last);
            if (value.Result is { } result)
            {
                Done++;
                _bytes += result.Bytes;
                _resumed += result.ResumedBytes;
            }

            bool isQuiet = value.Result is { Warning: FtpTransferWarning.None } && _files > Few && !_terminal.CanRedraw;
            text = isQuiet ? null : _tell(value, last);
            if (text is not null && _terminal.CanRedraw && _terminal.Progress != "never")
            {
                // Thousands of lines a second are written ten times a second.
                _finished.Add(text);
                return;
            }
        }

        if (text is not null)
        {
            _terminal.Say(text);
        }
    }

    /// <summary>Takes what a transfer says of itself.</summary>
    public void Report(FtpProgress value)
    {
        bool begins;
        lock (_lock)
        {
            begins = value.Stage == FtpTransferStage.Transferring && _begun.Add(value.Path);
            _active[value.Path] = value;
        }

        if (begins && Resumption.Line(RemoteFolder.NameOf(value.Path).ToPrintable(), value) is { } line)
        {
            _terminal.Say(line);
        }
    }

    /// <summary>Stops drawing and takes the line away.</summary>
    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _drawing;
        _over.Dispose();
    }

    private async Task DrawAsync()
    {
        bool shown = false;
        using var timer = new PeriodicTimer(TransferMeter.Redraw);
        try
        {
            while (await timer.WaitForNextTickAsync(_over.Token))
            {
                Flush();
                (string name, FtpProgress all) = Sum();
                double rate = _rate.Sample(all.Bytes);
                if (Elapsed < TransferMeter.Patience && _terminal.Progress != "always")
                {
                    continue;
                }

                if (_terminal.CanRedraw)
                {
                    _terminal.Status([.. ActiveLines(), TransferText.Bar(_verb, name, all, rate, Terminal.Width)]);
                    shown = true;
                }
                else if (_pace.IsFirst is var isFirst && _pace.IsDue(Elapsed, TransferText.Fraction(all) ?? (double)Done / _files))
                {
                    _terminal.Say(TransferText.Line(_verb, name, all, isFirst ? 0 : rate));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // All are over.
        }

        Flush();
        if (shown)
        {
            _terminal.Status();
        }
    }

    /// <summary>Returns a line for each file that has been active for a while, the longest first. A line of a small file would only flicker.</summary>
    private IEnumerable<string> ActiveLines()
    {
        (string Path, FtpProgress Progress)[] active;
        lock (_lock)
        {
            active = [.. _active.Where(entry => entry.Value.Stage != FtpTransferStage.Connecting || _begun.Contains(entry.Key)).Select(entry => (entry.Key, entry.Value))];
        }

        foreach (string ended in _rates.Keys.Except(active.Select(file => file.Path)).ToArray())
        {
            _rates.Remove(ended);
        }

        int width = Terminal.Width, most = Math.Max(1, Terminal.Height - 3);
        var lines = new List<(TimeSpan Since, string Text)>();
        foreach ((string path, FtpProgress progress) in active)
        {
            (Rate rate, TimeSpan since) = _rates.TryGetValue(path, out var known) ? known : _rates[path] = (new Rate(), Elapsed);
            double speed = rate.Sample(progress.Bytes);
            if (Elapsed - since >= TransferMeter.Patience)
            {
                lines.Add((since, "  " + TransferText.Bar("", RemoteFolder.NameOf(path).ToPrintable(), progress, speed, width - 2)));
            }
        }

        return lines.OrderBy(line => line.Since).Take(most).Select(line => line.Text);
    }

    private void Flush()
    {
        string text;
        lock (_lock)
        {
            if (_finished.Count == 0)
            {
                return;
            }

            text = string.Join('\n', _finished);
            _finished.Clear();
        }

        _terminal.Say(text);
    }

    private (string Name, FtpProgress All) Sum()
    {
        lock (_lock)
        {
            long bytes = _bytes + _active.Values.Sum(progress => progress.Bytes), resumed = _resumed + _active.Values.Sum(progress => progress.ResumedBytes);
            return (Done == _files ? Amounts.Files(_files) : $"{Done} of {Amounts.Files(_files)}", new FtpProgress("", FtpTransferStage.Transferring, bytes, _total - resumed, resumed));
        }
    }
}
