using System.Buffers;

namespace Fts.Protocol;

/// <summary>The result of reading a line from the control connection.</summary>
public enum LineStatus
{
    /// <summary>A line was read. It may be empty.</summary>
    Line,
    /// <summary>
    /// The line exceeds the limit and was discarded. If the channel stops at the limit, the end of the line may not have been received yet.
    /// </summary>
    TooLong,
    /// <summary>The peer closed its sending side. Received bytes without a line end are discarded.</summary>
    Closed,
    /// <summary>The first byte of the connection cannot start a text line, so the peer uses another protocol.</summary>
    Binary,
}

/// <summary>One line from the peer.</summary>
/// <param name="Status">Whether a line was read, and if not, why.</param>
/// <param name="Bytes">The line without its line end, valid until the next read. Empty if no line was read.</param>
public readonly record struct LineReadResult(LineStatus Status, ReadOnlyMemory<byte> Bytes);

/// <summary>
/// Reads and writes the lines of a control connection. A line ends with CRLF or LF. Telnet commands are removed (RFC 959 §5.3, RFC 854).
/// </summary>
/// <remarks>
/// One reader and any number of writers may use the channel at the same time. Bytes that one call queues are sent together, without bytes
/// of other calls between them. The channel owns its stream and disposes it. After <see cref="ReplaceStream"/> it owns the replacement.
/// </remarks>
/// <param name="stream">The connection.</param>
/// <param name="maxLineLength">The maximum length of a line in bytes, without its line end.</param>
/// <param name="stopsAtLimit">
/// Whether a read returns <see cref="LineStatus.TooLong"/> as soon as a line exceeds the limit, without waiting for the end of the line.
/// Set it if the reader closes the connection after such a line.
/// </param>
/// <param name="refusesBinary">
/// Whether the first read returns <see cref="LineStatus.Binary"/> if the connection does not start with text.
/// </param>
public sealed class LineChannel(Stream stream, int maxLineLength, bool stopsAtLimit = false, bool refusesBinary = false) : IAsyncDisposable
{
    /// <summary>
    /// If at least this many bytes are queued, a read sends them before it returns a line. Without this limit, a peer that sends commands
    /// but receives no replies could make the queue grow without end.
    /// </summary>
    private const int FlushThreshold = 64 * 1024;

    private readonly Lock _queueLock = new();
    private readonly SemaphoreSlim _writeLock = new(1, 1);
    private Stream _stream = stream;
    // The unread bytes are _input[_start.._end]. The first _searched of these bytes contain no line feed.
    private byte[]? _input;
    private int _start, _end, _searched;
    private bool _isSkippingLine;
    private byte[]? _output;
    private int _outputLength;
    private long _writeStartedAt;
    private bool _hasReceivedText, _peerSendsSingleIac;
    private volatile bool _isBroken;

    /// <summary>
    /// The start time of the write that waits for the peer, in milliseconds of <see cref="Environment.TickCount64"/>, or 0 if no write
    /// waits.
    /// </summary>
    public long WriteStartedAt => Volatile.Read(ref _writeStartedAt);

    /// <summary>
    /// Whether a write failed. The peer may have received only part of a line, so further reads and writes throw an exception.
    /// </summary>
    public bool IsBroken => _isBroken;

    /// <summary>Whether 64 KiB or more are queued. The writer should then flush before it queues more bytes.</summary>
    public bool ShouldFlush => Volatile.Read(ref _outputLength) >= FlushThreshold;

    /// <summary>
    /// Whether the channel holds received bytes that no read has returned yet. If it does so before a TLS handshake, an attacker may have
    /// injected these bytes (CVE-2011-0411).
    /// </summary>
    public bool HasUnreadInput => _end > _start;

    /// <summary>
    /// Sends the queued bytes, then waits until the peer sends bytes or closes its sending side. If received bytes are unread, returns
    /// immediately and sends nothing.
    /// </summary>
    /// <remarks>
    /// The channel holds no input buffer during the wait. The method is not <c>async</c>, because an <c>async</c> method would keep a state
    /// machine in memory for every idle session.
    /// </remarks>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>Always 0, the result of a read into an empty buffer.</returns>
    /// <exception cref="IOException">The connection failed, or bytes are queued although an earlier write failed.</exception>
    public ValueTask<int> WaitForInputAsync(CancellationToken cancellationToken)
    {
        if (HasUnreadInput)
        {
            return default;
        }

        ReturnBuffer(ref _input);
        (_start, _end) = (0, 0);
        ValueTask flushing = FlushAsync(cancellationToken);
        return flushing.IsCompletedSuccessfully
            ? _stream.ReadAsync(Memory<byte>.Empty, cancellationToken)
            : FlushThenWaitAsync(flushing, cancellationToken);
    }

    /// <summary>
    /// Reads the next line. Sends the queued bytes first if it has to wait for the line, or if 64 KiB or more are queued.
    /// </summary>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="IOException">The connection failed, or an earlier write failed.</exception>
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
            if (refusesBinary && !_hasReceivedText && !IsStartOfText(_input![_start]))
            {
                return new LineReadResult(LineStatus.Binary, default);
            }

            _hasReceivedText = true;
        }
    }

    /// <summary>Queues bytes for the peer. The next flush sends them, and a read flushes before it waits.</summary>
    /// <param name="bytes">Whole lines with their line ends. The channel copies them.</param>
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

    /// <summary>Sends the queued bytes.</summary>
    /// <remarks>
    /// Cancellation ends the wait, but not a write that has started, because an incomplete line or TLS record would make the connection
    /// unusable.
    /// </remarks>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="IOException">The connection failed, or bytes are queued although an earlier write failed.</exception>
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

    /// <summary>Replaces the stream, for example by a TLS stream over the old stream. The channel then owns the replacement.</summary>
    /// <param name="replacement">The new stream.</param>
    /// <exception cref="InvalidOperationException">Received bytes are unread, or queued bytes are unsent.</exception>
    public void ReplaceStream(Stream replacement)
    {
        if (HasUnreadInput || _outputLength > 0)
        {
            throw new InvalidOperationException("The stream cannot be replaced while bytes are unread or unsent.");
        }

        _stream = replacement;
    }

    /// <summary>Closes the stream. Pending reads and writes fail with an exception from the stream.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync().ConfigureAwait(false);
        _writeLock.Dispose();
    }

    /// <summary>Returns whether a byte can start a text line. Line ends, spaces, tabs and Telnet commands may precede a command.</summary>
    private static bool IsStartOfText(byte first) =>
        first is (byte)'\r' or (byte)'\n' or (byte)'\t' or (>= (byte)' ' and <= (byte)'~') or TelnetBytes.Iac;

    /// <summary>Writes the queued bytes, then releases the write lock, which the caller has acquired.</summary>
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
            }

            ReturnBuffer(ref bytes); // Not after a failure: the stream may still read the buffer.
        }
        catch
        {
            _isBroken = true;
            throw;
        }
        finally
        {
            Volatile.Write(ref _writeStartedAt, 0);
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
            // The first byte after the limit may be the CR of the line end.
            if (_isSkippingLine || _searched > maxLineLength + 1)
            {
                _isSkippingLine = true;
                (_start, _end, _searched) = (0, 0, 0);
                if (stopsAtLimit)
                {
                    line = new LineReadResult(LineStatus.TooLong, default);
                }
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

        bool isTooLong = _isSkippingLine || raw.Length > maxLineLength;
        _isSkippingLine = false;
        line = isTooLong
            ? new LineReadResult(LineStatus.TooLong, default)
            : new LineReadResult(LineStatus.Line, TelnetBytes.RemoveCommands(raw, ref _peerSendsSingleIac));
        return true;
    }

    private async ValueTask<int> FlushThenWaitAsync(ValueTask flushing, CancellationToken cancellationToken)
    {
        await flushing.ConfigureAwait(false);
        return await _stream.ReadAsync(Memory<byte>.Empty, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Returns the free space of the input buffer, after the bytes of an unfinished line. If there is no free space, first moves these
    /// bytes to the start of the buffer or to a larger buffer. The buffer cannot grow without end, because
    /// <see cref="TryReadBufferedLine"/> discards lines that are too long.
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
