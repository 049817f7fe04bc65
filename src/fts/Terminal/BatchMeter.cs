using Fts.Client;
using Fts.Protocol;

namespace Fts.Cli;

/// <summary>
/// Shows many transfers while they run. On a terminal finished files scroll above one line for all of them; elsewhere a few files get a line each, and of many
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
                _resumed += result.Resumed;
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
            begins = value.Phase == FtpPhase.Transferring && _begun.Add(value.Path);
            _active[value.Path] = value;
        }

        if (begins && Resumption.Line(RemoteFolder.NameOf(value.Path).Visible(), value) is { } line)
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
                    _terminal.Status(TransferText.Bar(_verb, name, all, rate, Terminal.Width));
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
            _terminal.Status("");
        }
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
            long bytes = _bytes + _active.Values.Sum(progress => progress.Bytes), resumed = _resumed + _active.Values.Sum(progress => progress.Resumed);
            return ($"{Done} of {_files} files", new FtpProgress("", FtpPhase.Transferring, bytes, _total - resumed, resumed));
        }
    }
}
