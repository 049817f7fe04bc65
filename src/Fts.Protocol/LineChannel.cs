using System.Buffers;

namespace Fts.Protocol;

/// <summary>What a read from the control connection brought.</summary>
internal enum LineStatus
{
    /// <summary>A line, possibly empty.</summary>
    Line,
    /// <summary>A line over the limit; it was read to its end and dropped, or is not read on.</summary>
    TooLong,
    /// <summary>The peer closed its side; an unfinished line before that is dropped.</summary>
    Closed,
    /// <summary>The first byte of the connection cannot begin a text line, so the peer uses another protocol.</summary>
    Binary,
}

/// <summary>One line from the peer without its line end; the bytes are valid until the next read.</summary>
internal readonly record struct LineReadResult(LineStatus Status, ReadOnlyMemory<byte> Bytes);

/// <summary>
/// The control connection as lines: bounded, Telnet sequences taken out (RFC 854, as RFC 959 §5.3 asks), CRLF and bare LF both an end.
/// Who waits with <see cref="WaitForInputAsync"/> holds no buffer. One reader; writers may be several, their replies never interleave.
/// </summary>
/// <remarks>The channel owns the stream it is given and disposes it; <see cref="ReplaceStream"/> moves that ownership to the new one.</remarks>
/// <param name="stream">The connection.</param>
/// <param name="maxLineLength">Limit of a line in bytes, without its line end.</param>
/// <param name="stopsAtLimit">Whether a line is told to be too long as soon as it is, for a reader that leaves then: it might never end.</param>
/// <param name="refusesBinary">Whether the first read returns <see cref="LineStatus.Binary"/> if the connection does not begin with text.</param>
internal sealed class LineChannel(Stream stream, int maxLineLength, bool stopsAtLimit = false, bool refusesBinary = false) : IAsyncDisposable
{
    /// <summary>
    /// The number of queued bytes from which they are flushed before the next line is read, so that a peer that reads no replies cannot
    /// make the queue grow.
    /// </summary>
    private const int FlushThreshold = 64 * 1024;

    private readonly Lock _queueLock = new();
    private readonly SemaphoreSlim _writeLock = new(1, 1);
    private Stream _stream = stream;
    private byte[]? _input;
    private int _start, _end, _searched;
    private bool _isSkippingLine;
    private byte[]? _output;
    private int _outputLength;
    private long _writeStartedAt;
    private bool _hasBegun, _sendsIacOnce;
    private volatile bool _isBroken;

    /// <summary>
    /// The start time of the write that waits for the peer now, in <see cref="Environment.TickCount64"/> milliseconds; 0 if none waits.
    /// </summary>
    public long WriteStartedAt => Volatile.Read(ref _writeStartedAt);

    /// <summary>Whether a write failed. A part of a line may have been sent, so nothing further can be written or read.</summary>
    public bool IsBroken => _isBroken;

    /// <summary>Whether the writer should flush before it queues more bytes.</summary>
    public bool ShouldFlush => Volatile.Read(ref _outputLength) >= FlushThreshold;

    /// <summary>Bytes of the peer's that were received and not yet read as lines: at a TLS upgrade these would be an injection (CVE-2011-0411).</summary>
    public bool HasUnreadInput => _end > _start;

    /// <summary>
    /// Waits for something to read, or the peer's end, and holds no buffer meanwhile. What was queued for the peer is sent first. No state machine lies between
    /// the caller and the stream: each of many sessions that wait would keep one.
    /// </summary>
    public ValueTask<int> WaitForInputAsync(CancellationToken cancellationToken)
    {
        if (HasUnreadInput)
        {
            return default;
        }

        ReturnBuffer(ref _input);
        (_start, _end) = (0, 0);
        ValueTask flushing = FlushAsync(cancellationToken);
        return flushing.IsCompletedSuccessfully ? _stream.ReadAsync(Memory<byte>.Empty, cancellationToken) : FlushThenWaitAsync(flushing, cancellationToken);
    }

    /// <summary>
    /// Reads the next line. Queued bytes are sent before the reader has to wait, and before the next line if they are 64 KiB or more.
    /// </summary>
    /// <exception cref="IOException">The connection failed, or an earlier write did.</exception>
    public async ValueTask<LineReadResult> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ThrowIfBroken();
            if (ShouldFlush)
            {
                await FlushAsync(cancellationToken).ConfigureAwait(false);
            }

            if (TryReadBufferedLine(out LineReadResult line))
            {
                return line;
            }

            await FlushAsync(cancellationToken).ConfigureAwait(false);
            int read = await _stream.ReadAsync(GetInputBuffer(), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return new LineReadResult(LineStatus.Closed, default);
            }

            _end += read;
            if (refusesBinary && !_hasBegun && !IsStartOfText(_input![_start]))
            {
                return new LineReadResult(LineStatus.Binary, default);
            }

            _hasBegun = true;
        }
    }

    /// <summary>Queues bytes for the peer; they leave with the next flush, or when the reader next waits.</summary>
    public void Queue(ReadOnlySpan<byte> bytes)
    {
        lock (_queueLock)
        {
            if (_output is null || _output.Length - _outputLength < bytes.Length)
            {
                byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(512, _outputLength + bytes.Length));
                _output.AsSpan(0, _outputLength).CopyTo(larger);
                ReturnBuffer(ref _output);
                _output = larger;
            }

            bytes.CopyTo(_output.AsSpan(_outputLength));
            _outputLength += bytes.Length;
        }
    }

    /// <summary>Sends everything queued so far.</summary>
    /// <remarks>Cancelling ends the wait, not a write that has begun: half a line, or half a TLS record, would make the connection useless.</remarks>
    /// <exception cref="IOException">The connection failed, or an earlier write did.</exception>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _outputLength) == 0)
        {
            return;
        }

        await _writeLock.WaitAsync(cancellationToken).ConfigureAwait(false);
        ValueTask writing = WriteQueuedAsync();
        await (writing.IsCompleted ? writing : new ValueTask(writing.AsTask().WaitAsync(cancellationToken))).ConfigureAwait(false);
    }

    /// <summary>Replaces the stream by another one on top of it. No byte may be unread or unsent.</summary>
    public void ReplaceStream(Stream replacement)
    {
        if (HasUnreadInput || _outputLength > 0)
        {
            throw new InvalidOperationException("The stream was replaced with bytes still in the channel.");
        }

        _stream = replacement;
    }

    /// <summary>Closes the stream. A waiting reader or writer receives an exception of the stream.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync().ConfigureAwait(false);
        _writeLock.Dispose();
    }

    /// <summary>
    /// Returns whether a byte can begin a text line. The parser handles line ends, spaces, tabs and Telnet commands before a command's
    /// first letter.
    /// </summary>
    private static bool IsStartOfText(byte first) => first is (byte)'\r' or (byte)'\n' or (byte)'\t' or (>= (byte)' ' and <= (byte)'~') or TelnetBytes.Iac;

    /// <summary>Writes the queued bytes and then releases the write lock, which the caller has acquired.</summary>
    private async ValueTask WriteQueuedAsync()
    {
        try
        {
            ThrowIfBroken();
            byte[]? bytes;
            int length;
            lock (_queueLock)
            {
                (bytes, length, _output, _outputLength) = (_output, _outputLength, null, 0);
            }

            if (length > 0)
            {
                ValueTask writing = _stream.WriteAsync(bytes.AsMemory(0, length), CancellationToken.None);
                if (!writing.IsCompleted)
                {
                    Volatile.Write(ref _writeStartedAt, Environment.TickCount64);
                }

                await writing.ConfigureAwait(false);
                Volatile.Write(ref _writeStartedAt, 0);
            }

            ReturnBuffer(ref bytes); // after a failure the stream may still read it
        }
        catch
        {
            _isBroken = true;
            throw;
        }
        finally
        {
            _writeLock.Release();
        }
    }

    private void ThrowIfBroken()
    {
        if (_isBroken)
        {
            throw new IOException("an earlier write to the control connection failed");
        }
    }

    private bool TryReadBufferedLine(out LineReadResult line)
    {
        line = default;
        int end = _input.AsSpan(_start + _searched, _end - _start - _searched).IndexOf((byte)'\n');
        if (end < 0)
        {
            _searched = _end - _start;
            // One byte more than the limit: the CR that belongs to the line end.
            if (_isSkippingLine || _searched > maxLineLength + 1)
            {
                _isSkippingLine = true;
                (_start, _end, _searched) = (0, 0, 0);
                line = stopsAtLimit ? new LineReadResult(LineStatus.TooLong, default) : line;
            }

            return _isSkippingLine && stopsAtLimit;
        }

        int length = end + _searched;
        Memory<byte> raw = _input.AsMemory(_start, length);
        (_start, _searched) = (_start + length + 1, 0);
        if (raw.Length > 0 && raw.Span[^1] == '\r')
        {
            raw = raw[..^1];
        }

        bool tooLong = _isSkippingLine || raw.Length > maxLineLength;
        _isSkippingLine = false;
        line = tooLong ? new LineReadResult(LineStatus.TooLong, default) : new LineReadResult(LineStatus.Line, TelnetBytes.RemoveCommands(raw, ref _sendsIacOnce));
        return true;
    }

    private async ValueTask<int> FlushThenWaitAsync(ValueTask flushing, CancellationToken cancellationToken)
    {
        await flushing.ConfigureAwait(false);
        return await _stream.ReadAsync(Memory<byte>.Empty, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Where the next bytes go: behind an unfinished line, which is moved to the front when it reaches the end of its buffer, or to a larger one; the limit in
    /// <see cref="TryReadBufferedLine"/> bounds the growth.
    /// </summary>
    private Memory<byte> GetInputBuffer()
    {
        byte[] old = _input ??= ArrayPool<byte>.Shared.Rent(Math.Min(maxLineLength + 2, 1024));
        if (_start == _end)
        {
            (_start, _end) = (0, 0);
        }
        else if (_end == old.Length)
        {
            int pending = _end - _start;
            _input = pending > old.Length / 2 ? ArrayPool<byte>.Shared.Rent(Math.Max(old.Length * 2, pending + 2)) : old;
            old.AsSpan(_start, pending).CopyTo(_input);
            if (!ReferenceEquals(old, _input))
            {
                ArrayPool<byte>.Shared.Return(old);
            }

            (_start, _end) = (0, pending);
        }

        return _input.AsMemory(_end);
    }

    private static void ReturnBuffer(ref byte[]? buffer)
    {
        if (buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = null;
        }
    }
}
