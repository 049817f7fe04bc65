using Fts.Protocol;

namespace Fts.Client;

/// <summary>STUB</summary>
public sealed class FtpDataStream : Stream
{
    /// <summary>The reply that opened it.</summary>
    public Reply Preliminary => throw new NotImplementedException();
    /// <summary>Final.</summary>
    public Task<Reply> CompleteAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
    /// <inheritdoc/>
    public override bool CanRead => throw new NotImplementedException();
    /// <inheritdoc/>
    public override bool CanWrite => throw new NotImplementedException();
    /// <inheritdoc/>
    public override bool CanSeek => false;
    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();
    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    /// <inheritdoc/>
    public override void Flush() => throw new NotSupportedException();
    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();
}
