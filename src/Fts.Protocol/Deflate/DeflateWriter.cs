using System.IO.Compression;

namespace Fts.Protocol.Deflate;

/// <summary>
/// The sending side of MODE Z (draft-preston-ftpext-deflate §3): one zlib stream (RFC 1950) for one transfer. Only <see cref="FinishAsync"/> ends it;
/// disposed without that, what was sent stays a fragment that no receiver takes for a whole.
/// </summary>
internal sealed class DeflateWriter : IDisposable
{
    /// <summary>What zlib itself takes for the best of speed and size.</summary>
    public const int DefaultLevel = 6;

    /// <summary>The encoder writes nothing for nothing, and a receiver waits for the end of a stream that never began.</summary>
    private static readonly byte[] EmptyStream = [0x78, 0x9C, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01];

    private readonly DeflateTransportStream _transport;
    private readonly ZLibStream _zlib;
    private bool _hasContent;

    /// <summary>A stream over what <paramref name="send"/> sends.</summary>
    /// <param name="send">Sends all of the bytes.</param>
    /// <param name="level">0, no compression, to 9, the smallest.</param>
    public DeflateWriter(Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> send, int level)
    {
        _transport = new DeflateTransportStream(send, null);
        _zlib = new ZLibStream(_transport, new ZLibCompressionOptions { CompressionLevel = level }, leaveOpen: true);
    }

    /// <summary>Sends content; some of it may wait for more, or for the end.</summary>
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

    /// <summary>Sends what waited, and the end of the stream.</summary>
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

    public void Dispose()
    {
        _transport.IsAborted = true;
        _zlib.Dispose();
    }
}
