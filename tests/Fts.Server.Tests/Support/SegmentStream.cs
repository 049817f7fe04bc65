namespace Fts.Server.Tests.Support;

/// <summary>
/// A connection in memory whose received segments the test delivers. A read returns bytes of one segment. Sent bytes are passed to an
/// action. One reader, one writer.
/// </summary>
internal sealed class SegmentStream : Stream
{
    private readonly Lock _lock = new();
    private readonly Queue<byte[]> _segments = new();
    private TaskCompletionSource? _arrival;
    private int _start;
    private bool _isComplete;

    /// <summary>Receives the sent bytes.</summary>
    public Action<byte[]>? Sent { get; set; }

    /// <summary>The largest buffer with which a read has waited.</summary>
    public int LargestWait { get; private set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public void Deliver(byte[] segment) => Change(() => _segments.Enqueue(segment));

    /// <summary>Ends the connection after the delivered segments.</summary>
    public void Complete() => Change(() => _isComplete = true);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            TaskCompletionSource arrival;
            lock (_lock)
            {
                if (_segments.TryPeek(out byte[]? segment))
                {
                    int count = Math.Min(segment.Length - _start, buffer.Length);
                    segment.AsSpan(_start, count).CopyTo(buffer.Span);
                    _start += count;
                    if (_start == segment.Length)
                    {
                        _segments.Dequeue();
                        _start = 0;
                    }

                    return count;
                }

                if (_isComplete)
                {
                    return 0;
                }

                LargestWait = Math.Max(LargestWait, buffer.Length);
                arrival = _arrival ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            await arrival.Task.WaitAsync(cancellationToken);
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Sent?.Invoke(buffer.ToArray());
        return default;
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Asynchronous only.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Asynchronous only.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Change(Action change)
    {
        TaskCompletionSource? arrival;
        lock (_lock)
        {
            change();
            (arrival, _arrival) = (_arrival, null);
        }

        arrival?.SetResult();
    }
}
