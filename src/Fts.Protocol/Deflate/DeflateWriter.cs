using System.IO.Compression;

namespace Fts.Protocol.Deflate;

/// <summary>Sends one transfer in MODE Z (draft-preston-ftpext-deflate §3): one zlib stream (RFC 1950).</summary>
/// <remarks>
/// Only <see cref="FinishAsync"/> ends the stream. Without it, the receiver detects that the transfer is truncated. The writer does not own
/// the connection.
/// </remarks>
public sealed class DeflateWriter : IDisposable
{
    /// <summary>The default compression level, which is also the default of zlib: a compromise between speed and size.</summary>
    public const int DefaultLevel = 6;

    /// <summary>
    /// The zlib stream for a transfer without content. The encoder writes nothing for such a transfer, but the receiver expects a zlib
    /// stream.
    /// </summary>
    private static readonly byte[] EmptyStream = [0x78, 0x9C, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01];

    private readonly DeflateTransportStream _transport;
    private readonly ZLibStream _zlib;
    private bool _hasContent;

    /// <summary>Creates a writer.</summary>
    /// <param name="send">Sends all of the given bytes on the data connection.</param>
    /// <param name="level">The compression level, from 0 (none) to 9 (smallest result).</param>
    /// <exception cref="ArgumentOutOfRangeException">The level is not between 0 and 9.</exception>
    public DeflateWriter(Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> send, int level)
    {
        ArgumentNullException.ThrowIfNull(send);
        _transport = new DeflateTransportStream(send, null);
        _zlib = new ZLibStream(_transport, new ZLibCompressionOptions { CompressionLevel = level }, leaveOpen: true);
    }

    /// <summary>Compresses and sends content. A part of it may be buffered until more content follows or the stream ends.</summary>
    /// <param name="content">The next content of the transfer.</param>
    /// <param name="cancellationToken">Cancels the sending. The stream cannot be continued afterwards.</param>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        if (!content.IsEmpty)
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            _hasContent = true;
            _transport.CancellationToken = cancellationToken;
            await _zlib.WriteAsync(content, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sends the buffered content and the end of the stream. Must be called once, after all content was written.</summary>
    /// <param name="cancellationToken">Cancels the sending. The stream is then truncated.</param>
    public async ValueTask FinishAsync(CancellationToken cancellationToken)
    {
        _transport.CancellationToken = cancellationToken;
        if (_hasContent)
        {
            await _zlib.DisposeAsync().ConfigureAwait(false);
        }
        else
        {
            await _transport.WriteAsync(EmptyStream, cancellationToken).ConfigureAwait(false);
        }

        await _transport.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Releases the encoder. Sends nothing.</summary>
    public void Dispose()
    {
        _transport.IsAborted = true;
        _zlib.Dispose();
    }
}
