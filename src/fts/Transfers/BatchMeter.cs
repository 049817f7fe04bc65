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
    public const int MaxFilesListed = 20;

    private readonly Terminal _terminal;
    private readonly string _verb;
    private readonly int _files;
    private readonly long? _total;
    private readonly Func<FtpBatchResult, FtpProgress, string?> _formatResult;
    private readonly TransferRate _rate = new();
    private readonly LogThrottle _logThrottle = new();
    private readonly Dictionary<string, FtpProgress> _active = [];
    private readonly Dictionary<string, (TransferRate Rate, TimeSpan Since)> _rates = []; // used by the drawing task only
    private readonly HashSet<string> _started = [];
    private readonly List<string> _finished = [];
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _drawing;
    private long _bytes, _resumed;

    /// <summary>Starts the clock.</summary>
    /// <param name="terminal">Where to show it.</param>
    /// <param name="verb">What is happening: <c>uploading</c>, <c>downloading</c>.</param>
    /// <param name="files">How many files.</param>
    /// <param name="total">Their bytes; null when nobody knows.</param>
    /// <param name="formatResult">What to say of a file that is finished, given how far it was heard to be; null for nothing.</param>
    public BatchMeter(Terminal terminal, string verb, int files, long? total, Func<FtpBatchResult, FtpProgress, string?> formatResult)
    {
        (_terminal, _verb, _files, _total, _formatResult) = (terminal, verb, files, total, formatResult);
        _drawing = terminal.ProgressMode == "never" ? Task.CompletedTask : DrawAsync();
    }

    /// <summary>Files that are finished, and well.</summary>
    public int CompletedFiles { get; private set; }

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
                CompletedFiles++;
                _bytes += result.Bytes;
                _resumed += result.ResumedBytes;
            }

            bool isQuiet = value.Result is { Warning: FtpTransferWarning.None } && _files > MaxFilesListed && !_terminal.CanRedraw;
            text = isQuiet ? null : _formatResult(value, last);
            if (text is not null && _terminal.CanRedraw && _terminal.ProgressMode != "never")
            {
                // Thousands of lines a second are written ten times a second.
                _finished.Add(text);
                return;
            }
        }

        if (text is not null)
        {
            _terminal.WriteMessage(text);
        }
    }

    /// <summary>Takes what a transfer says of itself.</summary>
    public void Report(FtpProgress value)
    {
        bool hasStarted;
        lock (_lock)
        {
            hasStarted = value.Stage == FtpTransferStage.Transferring && _started.Add(value.Path);
            _active[value.Path] = value;
        }

        if (hasStarted && ResumeAdvice.FormatStart(RemoteDirectory.GetName(value.Path).ToPrintable(), value) is { } line)
        {
            _terminal.WriteMessage(line);
        }
    }

    /// <summary>Stops drawing and takes the line away.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _drawing;
        _stopping.Dispose();
    }

    private async Task DrawAsync()
    {
        bool hasStatus = false;
        using var timer = new PeriodicTimer(TransferMeter.RedrawInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                FlushFinished();
                (string name, FtpProgress all) = SumProgress();
                double rate = _rate.AddSample(all.Bytes);
                if (Elapsed < TransferMeter.DisplayDelay && _terminal.ProgressMode != "always")
                {
                    continue;
                }

                if (_terminal.CanRedraw)
                {
                    _terminal.SetStatus([.. FormatActiveFiles(), ProgressFormatter.FormatBar(_verb, name, all, rate, Terminal.Width)]);
                    hasStatus = true;
                }
                else if (_logThrottle.IsFirst is var isFirst && _logThrottle.ShouldLog(Elapsed, ProgressFormatter.GetFraction(all) ?? (double)CompletedFiles / _files))
                {
                    _terminal.WriteMessage(ProgressFormatter.FormatLine(_verb, name, all, isFirst ? 0 : rate));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // All are over.
        }

        FlushFinished();
        if (hasStatus)
        {
            _terminal.SetStatus();
        }
    }

    /// <summary>Returns a line for each file that has been active for a while, the longest first. A line of a small file would only flicker.</summary>
    private IEnumerable<string> FormatActiveFiles()
    {
        (string Path, FtpProgress Progress)[] active;
        lock (_lock)
        {
            active = [.. _active.Where(entry => entry.Value.Stage != FtpTransferStage.Connecting || _started.Contains(entry.Key)).Select(entry => (entry.Key, entry.Value))];
        }

        foreach (string ended in _rates.Keys.Except(active.Select(file => file.Path)).ToArray())
        {
            _rates.Remove(ended);
        }

        int width = Terminal.Width, maxLines = Math.Max(1, Terminal.Height - 3);
        var lines = new List<(TimeSpan Since, string Text)>();
        foreach ((string path, FtpProgress progress) in active)
        {
            (TransferRate rate, TimeSpan since) = _rates.TryGetValue(path, out var known) ? known : _rates[path] = (new TransferRate(), Elapsed);
            double speed = rate.AddSample(progress.Bytes);
            if (Elapsed - since >= TransferMeter.DisplayDelay)
            {
                lines.Add((since, "  " + ProgressFormatter.FormatBar("", RemoteDirectory.GetName(path).ToPrintable(), progress, speed, width - 2)));
            }
        }

        return lines.OrderBy(line => line.Since).Take(maxLines).Select(line => line.Text);
    }

    private void FlushFinished()
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

        _terminal.WriteMessage(text);
    }

    private (string Name, FtpProgress All) SumProgress()
    {
        lock (_lock)
        {
            long bytes = _bytes + _active.Values.Sum(progress => progress.Bytes), resumed = _resumed + _active.Values.Sum(progress => progress.ResumedBytes);
            return (CompletedFiles == _files ? DisplayFormat.FormatFiles(_files) : $"{CompletedFiles} of {DisplayFormat.FormatFiles(_files)}", new FtpProgress("", FtpTransferStage.Transferring, bytes, _total - resumed, resumed));
        }
    }
}
