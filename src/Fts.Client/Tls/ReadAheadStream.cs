using System.Net.Security;

namespace Fts.Client.Tls;

/// <summary>
/// A TLS control connection that can be asked whether the server said something. The socket cannot tell: session tickets (RFC 8446 §4.6.1) arrive there
/// unasked, and mean nothing. Only reading on tells, so one byte is read ahead and kept for whoever reads next. One reader at a time.
/// </summary>
/// <remarks>Owns the TLS stream.</remarks>
internal sealed class ReadAheadStream(SslStream inner) : Stream
{
    private readonly byte[] _buffer = new byte[1];
    private Task<int>? _readAhead;

    /// <summary>Whether a byte, the end or an error is there to be read.</summary>
    public bool HasUnreadData => StartReadAhead().IsCompleted;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Reads some bytes; into an empty buffer, waits until there are any.</summary>
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

    /// <summary>Says that nothing more will be sent (close_notify).</summary>
    public Task SendCloseNotifyAsync() => inner.ShutdownAsync();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => inner.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Asynchronous only.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Asynchronous only.");

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
            // Closed while it reads, nobody may be left to look at its error.
            _readAhead.ContinueWith(static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }

        return _readAhead;
    }
}
