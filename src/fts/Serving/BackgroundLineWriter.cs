using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Fts.Serving;

/// <summary>
/// Lines written by a thread of their own: whoever has something to say leaves it here and goes on. When the reader of the output is slow the queue fills
/// up to its bound, and then lines are left out and counted, for a session must never wait for somebody's terminal.
/// </summary>
/// <remarks>
/// After a line the thread rests for a moment, and then writes all that has come meanwhile: to be woken for each line of a busy server costs more than the line,
/// and on the thread pool its workers spin between them (bench: small-put, 0.20 ms of processor time became 0.13).
/// </remarks>
internal sealed class BackgroundLineWriter : IAsyncDisposable
{
    private const int Capacity = 8192;

    /// <summary>Nobody sees a line come so much later.</summary>
    private static readonly TimeSpan WriteInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>At the end a reader that has stopped reading is given up.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(1);

    private readonly ConcurrentQueue<string> _lines = new();
    private readonly SemaphoreSlim _arrival = new(0);
    private readonly ManualResetEventSlim _stopping = new();
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StreamWriter _writer;
    private int _queued;
    private int _isAwake;
    private int _discarded;

    public BackgroundLineWriter(Stream stream)
    {
        _writer = new StreamWriter(stream, new UTF8Encoding(false), 16 * 1024, leaveOpen: true);
        new Thread(RunWriteLoop) { IsBackground = true, Name = "fts log" }.Start();
    }

    /// <summary>Leaves a line to be written.</summary>
    public void Write(string line)
    {
        if (Interlocked.Increment(ref _queued) > Capacity)
        {
            Interlocked.Decrement(ref _queued);
            Interlocked.Increment(ref _discarded);
            return;
        }

        _lines.Enqueue(line);
        Wake();
    }

    /// <summary>Writes what is left.</summary>
    public async ValueTask DisposeAsync()
    {
        _stopping.Set();
        Wake();
        await Task.WhenAny(_finished.Task, Task.Delay(DrainTimeout));
    }

    private void Wake()
    {
        if (Interlocked.Exchange(ref _isAwake, 1) == 0)
        {
            _arrival.Release();
        }
    }

    private void RunWriteLoop()
    {
        try
        {
            while (!_stopping.IsSet)
            {
                _arrival.Wait();
                do
                {
                    WriteQueuedLines();
                    _stopping.Wait(WriteInterval);
                }
                while (!_lines.IsEmpty);

                Volatile.Write(ref _isAwake, 0);
                if (!_lines.IsEmpty || _stopping.IsSet)
                {
                    Wake(); // left between the look and the word that nobody is awake
                }
            }

            WriteQueuedLines();
        }
        catch (IOException)
        {
            // Nobody reads any more. The server goes on.
        }

        _finished.TrySetResult();
    }

    private void WriteQueuedLines()
    {
        while (_lines.TryDequeue(out string? line))
        {
            Interlocked.Decrement(ref _queued);
            _writer.Write(line);
            _writer.Write('\n');
        }

        int discarded = Interlocked.Exchange(ref _discarded, 0);
        if (discarded > 0)
        {
            _writer.Write(string.Create(CultureInfo.InvariantCulture, $"({discarded} line{(discarded == 1 ? "" : "s")} discarded, because standard error is read too slowly)\n"));
        }

        _writer.Flush();
    }
}
