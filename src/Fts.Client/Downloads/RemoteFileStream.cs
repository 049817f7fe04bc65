using Fts.Client.Pool;
using Fts.Protocol;

namespace Fts.Client.Downloads;

/// <summary>
/// Reads a remote file. The read that reaches the end also reads the final reply, so that the caller cannot mistake a truncated file for a
/// complete file.
/// </summary>
/// <remarks>Owns the data connection and the lease of the control connection.</remarks>
/// <param name="lease">The lease of the control connection.</param>
/// <param name="data">The data of the transfer.</param>
/// <param name="path">The remote path.</param>
/// <param name="isWhole">Whether the transfer starts at the beginning of the file, so that the length of the file can be verified.</param>
/// <param name="clientDisposed">Cancelled if the client is disposed.</param>
internal sealed class RemoteFileStream(
    PoolLease lease, FtpDataStream data, string path, bool isWhole, CancellationToken clientDisposed) : Stream
{
    private long _position;
    private bool _isCompleted;
    private bool _isCancelled;
    private bool _isDisposed;

    public override bool CanRead => !_isDisposed;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => _position; set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_isCompleted || buffer.IsEmpty)
        {
            return 0;
        }

        try
        {
            int read = await data.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            _position += read;
            if (read == 0)
            {
                await CompleteAsync(cancellationToken).ConfigureAwait(false);
            }

            return read;
        }
        catch (OperationCanceledException)
        {
            _isCancelled = true;
            throw;
        }
        catch (FtpException e) when (clientDisposed.IsCancellationRequested)
        {
            throw new ObjectDisposedException("The client of this stream is disposed.", e);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            if (!_isCompleted)
            {
                await EndEarlyAsync().ConfigureAwait(false);
            }

            await data.DisposeAsync().ConfigureAwait(false);
            await lease.DisposeAsync().ConfigureAwait(false);
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("Only asynchronous reads are supported.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isDisposed)
        {
            _isDisposed = true;
            data.Dispose();
            // The transfer is complete, or its connection is closed, so the release completes without waiting.
            _ = lease.DisposeAsync().AsTask();
        }

        base.Dispose(disposing);
    }

    /// <summary>Reads the final reply. Throws if the reply is negative, or if the file is or may be truncated.</summary>
    private async Task CompleteAsync(CancellationToken cancellationToken)
    {
        FtpReply reply = await data.CompleteAsync(cancellationToken).ConfigureAwait(false);
        _isCompleted = true;
        if (!reply.IsCompletion)
        {
            throw new FtpReplyException(reply, data.CommandText);
        }

        if (data.IsTruncated && !(isWhole && data.AnnouncedLength >= _position))
        {
            throw FtpTlsException.CreateTruncated(path.ToPrintable());
        }

        // A file that grows during the transfer is longer than announced, which is not an error.
        if (isWhole && data.AnnouncedLength is { } expected && expected > _position)
        {
            throw new FtpIntegrityException(path, expected, _position);
        }
    }

    /// <summary>
    /// Completes the transfer if the caller has read all bytes, but not the end of the stream. Otherwise closes the connection.
    /// </summary>
    private async Task EndEarlyAsync()
    {
        if (_isCancelled || clientDisposed.IsCancellationRequested)
        {
            // After a cancellation or disposal, the caller must not wait for a server that does not reply.
            lease.Connection.CloseImmediately();
            return;
        }

        using var budget = new CancellationTokenSource(lease.Connection.Options.Timeouts.Resync);
        try
        {
            if (await data.ReadAsync(new byte[1], budget.Token).ConfigureAwait(false) == 0)
            {
                await data.CompleteAsync(budget.Token).ConfigureAwait(false);
                return;
            }
        }
        catch (Exception e) when (e is FtpException or OperationCanceledException or ObjectDisposedException)
        {
            // The caller has disposed the stream, so it needs neither the remaining bytes nor the final reply.
        }

        lease.Connection.CloseImmediately();
    }
}
