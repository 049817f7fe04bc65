using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell;

namespace Fts.Transfers;

/// <summary>
/// Shows the progress of several transfers until the meter is disposed. On a terminal, messages about finished files scroll above one line
/// for each active file and one line for the total. A log contains the messages about finished files, and progress lines for the total.
/// If there are more than <see cref="MaxFilesListed"/> files, a log omits the files that were transferred without a warning.
/// </summary>
/// <remarks>Transfers report from any thread. A timer draws the lines.</remarks>
internal sealed class BatchMeter : IProgress<FtpBatchResult>, IProgress<FtpProgress>, IAsyncDisposable
{
    /// <summary>The maximum number of files that a log lists one by one.</summary>
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
    private readonly List<string> _finishedMessages = [];
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _drawing;
    private long _bytes, _resumedBytes; // of completed files

    /// <summary>Starts to measure the time and to draw.</summary>
    /// <param name="terminal">Receives the progress.</param>
    /// <param name="verb">The verb: <c>uploading</c> or <c>downloading</c>.</param>
    /// <param name="files">The number of files.</param>
    /// <param name="total">The size of all files in bytes, or null if it is unknown.</param>
    /// <param name="formatResult">
    /// Returns the message for a finished file, given the last progress of its transfer. Returns null if there is no message.
    /// </param>
    public BatchMeter(
        Terminal terminal, string verb, int files, long? total, Func<FtpBatchResult, FtpProgress, string?> formatResult)
    {
        (_terminal, _verb, _files, _total, _formatResult) = (terminal, verb, files, total, formatResult);
        _drawing = terminal.ProgressMode == "never" ? Task.CompletedTask : DrawAsync();
    }

    /// <summary>The number of files that were transferred.</summary>
    public int CompletedFiles { get; private set; }

    /// <summary>The bytes transferred for the completed files.</summary>
    public long Bytes => _bytes;

    /// <summary>The time since the start.</summary>
    public TimeSpan Elapsed => _rate.Elapsed;

    /// <summary>Records a finished file, successful or failed.</summary>
    public void Report(FtpBatchResult value)
    {
        string? text;
        lock (_lock)
        {
            _active.Remove(value.File.RemotePath, out FtpProgress last);
            _started.Remove(value.File.RemotePath);
            if (value.Result is { } result)
            {
                CompletedFiles++;
                _bytes += result.Bytes;
                _resumedBytes += result.ResumedBytes;
            }

            bool isQuiet = value.Result is { Warning: FtpTransferWarning.None } && _files > MaxFilesListed && !_terminal.CanRedraw;
            text = isQuiet ? null : _formatResult(value, last);
            if (text is not null && _terminal.CanRedraw && _terminal.ProgressMode != "never")
            {
                // Thousands of files may finish in a second, so the drawing task writes their lines together.
                _finishedMessages.Add(text);
                return;
            }
        }

        if (text is not null)
        {
            _terminal.WriteMessage(text);
        }
    }

    /// <summary>Records the progress of one transfer.</summary>
    public void Report(FtpProgress value)
    {
        JsonOutput.Current?.WriteProgress(value);
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

    /// <summary>Stops drawing, writes the remaining messages and erases the status lines.</summary>
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
                WriteFinishedMessages();
                (string label, FtpProgress total) = SumProgress();
                double rate = _rate.AddSample(total.Bytes);
                if (Elapsed < TransferMeter.DisplayDelay && _terminal.ProgressMode != "always")
                {
                    continue;
                }

                if (_terminal.CanRedraw)
                {
                    _terminal.SetStatus([.. FormatActiveFiles(), ProgressFormatter.FormatBar(_verb, label, total, rate, Terminal.Width)]);
                    hasStatus = true;
                    continue;
                }

                bool isFirst = _logThrottle.IsFirst;
                if (_logThrottle.ShouldLog(Elapsed, ProgressFormatter.GetFraction(total) ?? (double)CompletedFiles / _files))
                {
                    _terminal.WriteMessage(ProgressFormatter.FormatLine(_verb, label, total, isFirst ? 0 : rate));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // All transfers have ended.
        }

        WriteFinishedMessages();
        if (hasStatus)
        {
            _terminal.SetStatus();
        }
    }

    /// <summary>
    /// Returns a line for each file that has been active for at least <see cref="TransferMeter.DisplayDelay"/>, the oldest first, up to the
    /// height of the terminal. The line of a file that is transferred faster would only flicker.
    /// </summary>
    private IEnumerable<string> FormatActiveFiles()
    {
        (string Path, FtpProgress Progress)[] active;
        lock (_lock)
        {
            active = [.. _active.Where(IsActive).Select(entry => (entry.Key, entry.Value))];
        }

        foreach (string ended in _rates.Keys.Except(active.Select(file => file.Path)).ToArray())
        {
            _rates.Remove(ended);
        }

        int width = Terminal.Width, maxLines = Math.Max(1, Terminal.Height - 3);
        var lines = new List<(TimeSpan Since, string Text)>();
        foreach ((string path, FtpProgress progress) in active)
        {
            (TransferRate rate, TimeSpan since) = _rates.TryGetValue(path, out var known) ? known
                : _rates[path] = (new TransferRate(), Elapsed);
            double speed = rate.AddSample(progress.Bytes);
            if (Elapsed - since >= TransferMeter.DisplayDelay)
            {
                string bar = ProgressFormatter.FormatBar("", RemoteDirectory.GetName(path).ToPrintable(), progress, speed, width - 2);
                lines.Add((since, $"  {bar}"));
            }
        }

        return lines.OrderBy(line => line.Since).Take(maxLines).Select(line => line.Text);

        bool IsActive(KeyValuePair<string, FtpProgress> entry) =>
            entry.Value.Stage != FtpTransferStage.Connecting || _started.Contains(entry.Key);
    }

    private void WriteFinishedMessages()
    {
        string text;
        lock (_lock)
        {
            if (_finishedMessages.Count == 0)
            {
                return;
            }

            text = string.Join('\n', _finishedMessages);
            _finishedMessages.Clear();
        }

        _terminal.WriteMessage(text);
    }

    /// <summary>Returns the total progress of all files, with the number of completed files as its label.</summary>
    private (string Label, FtpProgress Progress) SumProgress()
    {
        lock (_lock)
        {
            long bytes = _bytes + _active.Values.Sum(progress => progress.Bytes);
            long resumed = _resumedBytes + _active.Values.Sum(progress => progress.ResumedBytes);
            var total = new FtpProgress("", FtpTransferStage.Transferring, bytes, _total - resumed, resumed);
            return (DisplayFormat.FormatFiles(CompletedFiles, _files), total);
        }
    }
}
