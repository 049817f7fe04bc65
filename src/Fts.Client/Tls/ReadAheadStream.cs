using System.Net.Security;

namespace Fts.Client.Tls;

/// <summary>
/// A TLS stream that can report whether the server sent data. The socket cannot report that, because session tickets (RFC 8446 §4.6.1)
/// arrive without application data. This stream therefore reads one byte ahead and returns it with the next read.
/// </summary>
/// <remarks>Owns the TLS stream. Supports one reader at a time; <see cref="HasUnreadData"/> counts as a reader.</remarks>
internal sealed class ReadAheadStream(SslStream inner) : Stream
{
    private readonly byte[] _buffer = new byte[1];
    private Task<int>? _readAhead;

    /// <summary>
    /// Returns true if a read would complete immediately, with data, the end of the data or an error. Starts to read ahead if needed.
    /// </summary>
    public bool HasUnreadData => StartReadAhead().IsCompleted;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Reads bytes into the buffer. With an empty buffer, waits until a byte is available and leaves it unread.</summary>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_readAhead is null && !buffer.IsEmpty)
        {
            return await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }

        int read = await StartReadAhead().WaitAsync(cancellationToken).ConfigureAwait(false);
        if (buffer.IsEmpty || read == 0)
        {
            return 0;
        }

        _readAhead = null;
        buffer.Span[0] = _buffer[0];
        return 1;
    }

    /// <summary>Sends close_notify, which marks the end of the sent data.</summary>
    public Task SendCloseNotifyAsync() => inner.ShutdownAsync();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("The stream supports asynchronous calls only.");

    public override void Write(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("The stream supports asynchronous calls only.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    private Task<int> StartReadAhead()
    {
        if (_readAhead is null)
        {
            _readAhead = inner.ReadAsync(_buffer).AsTask();
            // Observes the exception, because a read that disposal interrupts may have no caller that awaits it.
            _readAhead.ContinueWith(
                static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }

        return _readAhead;
    }
}
