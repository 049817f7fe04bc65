using System.Buffers;
using System.Collections.Concurrent;
using System.Text;

namespace Fts.Serving.Logging;

/// <summary>
/// Writes lines on a thread of its own, so that a session never waits for a terminal. If the output is read too slowly, the bounded queue
/// fills, and further lines are discarded and counted. If writing fails, for example because the disk is full, the lines of that write are
/// discarded and counted, and later lines are tried again.
/// </summary>
/// <remarks>
/// After each write, the thread pauses and then writes all lines that have arrived. Waking the thread for each line would cost more than
/// writing the line. On the thread pool, workers would spin between lines (bench: small-put, 0.20 ms of processor time per upload instead
/// of 0.13).
/// </remarks>
internal sealed class BackgroundLineWriter : IAsyncDisposable
{
    /// <summary>The maximum number of queued lines.</summary>
    private const int Capacity = 8192;

    /// <summary>The number of bytes after which the buffered lines are written.</summary>
    private const int MaxWriteBytes = 64 * 1024;

    /// <summary>The pause between writes. Users do not notice a delay of this length.</summary>
    private static readonly TimeSpan WriteInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>The time limit for writing the last lines, in case the output is no longer read.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(1);

    private readonly ConcurrentQueue<Entry> _entries = new();
    private readonly SemaphoreSlim _wakeSignal = new(0);
    private readonly ManualResetEventSlim _stopping = new();
    private readonly TaskCompletionSource _writeLoopEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<ReadOnlyMemory<byte>> _write;
    private readonly Func<int, string, string?> _formatNotice;
    private readonly ArrayBufferWriter<byte> _buffer = new(16 * 1024);
    private int _queuedCount;
    private int _isAwake; // 1 from the call that wakes the thread until no line is queued
    private int _discardedCount;
    private int _bufferedCount; // the lines in the buffer, and those that a notice in the buffer reports; only the thread uses it
    private int _unwrittenCount; // the lines of failed writes; only the thread uses it
    private string _failure = "";

    /// <summary>Starts the thread that writes the lines.</summary>
    /// <param name="write">
    /// Writes the bytes of whole lines. Throws <see cref="IOException"/> if the bytes cannot be written. Only the thread calls it.
    /// </param>
    /// <param name="formatNotice">
    /// Returns the line that reports a number of discarded lines and the reason. Returns null for no line. Only the thread calls it.
    /// </param>
    public BackgroundLineWriter(Action<ReadOnlyMemory<byte>> write, Func<int, string, string?> formatNotice)
    {
        (_write, _formatNotice) = (write, formatNotice);
        new Thread(RunWriteLoop) { IsBackground = true, Name = "fts log" }.Start();
    }

    /// <summary>Queues a line, or discards it if the queue is full. Never blocks.</summary>
    public void Write(string line)
    {
        if (Interlocked.Increment(ref _queuedCount) > Capacity)
        {
            Interlocked.Decrement(ref _queuedCount);
            Interlocked.Increment(ref _discardedCount);
            return;
        }

        _entries.Enqueue(new Entry(line, null));
        WakeWriter();
    }

    /// <summary>
    /// Queues an action that the thread runs between the lines queued before and the lines queued afterwards. It is not discarded if the
    /// queue is full. It must not throw. It does not run if the writer is disposed meanwhile.
    /// </summary>
    public void RunBetweenLines(Action action)
    {
        _entries.Enqueue(new Entry(null, action));
        WakeWriter();
    }

    /// <summary>Waits until the queued lines are written, for up to <see cref="DrainTimeout"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        _stopping.Set();
        WakeWriter();
        await Task.WhenAny(_writeLoopEnded.Task, Task.Delay(DrainTimeout));
    }

    private void WakeWriter()
    {
        if (Interlocked.Exchange(ref _isAwake, 1) == 0)
        {
            _wakeSignal.Release();
        }
    }

    private void RunWriteLoop()
    {
        while (!_stopping.IsSet)
        {
            _wakeSignal.Wait();
            do
            {
                WriteQueuedLines();
                _stopping.Wait(WriteInterval);
            }
            while (!_entries.IsEmpty);

            Volatile.Write(ref _isAwake, 0);
            if (!_entries.IsEmpty || _stopping.IsSet)
            {
                WakeWriter(); // a line was queued, or the writer was disposed, before the flag was cleared
            }
        }

        WriteQueuedLines();
        _writeLoopEnded.TrySetResult();
    }

    private void WriteQueuedLines()
    {
        // The notice about lost lines is written first. If its write fails, the lines are counted again.
        int lost = _unwrittenCount + Interlocked.Exchange(ref _discardedCount, 0);
        if (lost > 0 && _formatNotice(lost, _unwrittenCount > 0 ? _failure : "the output is too slow") is { } notice)
        {
            Append(notice);
            _bufferedCount = lost;
        }

        _unwrittenCount = 0;
        while (_entries.TryDequeue(out Entry entry))
        {
            if (entry.Line is null)
            {
                WriteBuffer();
                entry.Action!();
                continue;
            }

            Interlocked.Decrement(ref _queuedCount);
            Append(entry.Line);
            _bufferedCount++;
            if (_buffer.WrittenCount >= MaxWriteBytes)
            {
                WriteBuffer();
            }
        }

        WriteBuffer();
    }

    /// <summary>Writes the buffer and clears it. If that fails, for example because the disk is full, counts its lines.</summary>
    private void WriteBuffer()
    {
        if (_buffer.WrittenCount == 0)
        {
            return;
        }

        try
        {
            _write(_buffer.WrittenMemory);
        }
        catch (IOException e)
        {
            // The server continues without these lines.
            _failure = e.Message;
            _unwrittenCount += _bufferedCount;
        }

        _buffer.ResetWrittenCount();
        _bufferedCount = 0;
    }

    private void Append(string line)
    {
        Encoding.UTF8.GetBytes(line, _buffer);
        _buffer.Write("\n"u8);
    }

    /// <summary>A line, or an action between lines.</summary>
    private readonly record struct Entry(string? Line, Action? Action);
}
