using System.Buffers;
using System.Net.Security;
using System.Runtime.CompilerServices;
using Fts.Server.Data;

namespace Fts.Server.Tls;

/// <summary>
/// The TLS layer of one data connection. <see cref="DataConnection"/> disposes this object. In block mode,
/// <see cref="Data.BlockMode.BlockConnection"/> disposes it. Disposal also closes the socket's stream.
/// </summary>
internal sealed class DataConnectionTls(SslStream stream, TlsRecordStream recordStream) : IAsyncDisposable
{
    /// <summary>
    /// The maximum number of bytes that SslStream encrypts and sends with one write to the socket.
    /// </summary>
    private const int MaxSingleWriteBytes = 32 * 1024;

    private const string NoCloseNotify = "the data connection ended without a TLS close_notify";

    /// <summary>The maximum content of a TLS record, and an upper limit of what a cipher adds to a record, in bytes.</summary>
    private const int RecordBytes = 16 * 1024, MaxRecordOverhead = 256;

    private IOException? _readFailure;
    private bool _hasReceivedEnd;

    /// <summary>
    /// Sends all of the bytes. The TLS records of a large write are gathered and sent together, which saves a tenth of the CPU time
    /// (bench: get-tls).
    /// </summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        bytes.Length <= MaxSingleWriteBytes ? stream.WriteAsync(bytes, cancellationToken) : WriteGatheredAsync(bytes, cancellationToken);

    /// <summary>Whether the peer has closed its side of the connection without close_notify, after a complete TLS record.</summary>
    public bool EndedWithoutCloseNotify { get; private set; }

    /// <summary>
    /// Reads some bytes and returns their number. Returns 0 after the peer's close_notify. If the peer has closed the TCP connection
    /// without close_notify, returns 0 and sets <see cref="EndedWithoutCloseNotify"/>.
    /// </summary>
    /// <remarks>
    /// Decrypts all received records that fit into the buffer, so that the caller writes their content to the file with one call. The state
    /// of the asynchronous call is pooled, because a large upload makes one call for every few records.
    /// </remarks>
    /// <exception cref="DataConnectionException">The connection ended within a TLS record.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_readFailure is not null)
        {
            throw _readFailure;
        }

        int total = 0;
        try
        {
            do
            {
                int read = _hasReceivedEnd ? 0 : await stream.ReadAsync(buffer[total..], cancellationToken);
                if (read == 0)
                {
                    _hasReceivedEnd = true;
                    EndedWithoutCloseNotify |= recordStream.HasEnded;
                    break;
                }

                total += read;
            }
            while (recordStream.HasBufferedRecord && buffer.Length - total >= RecordBytes);
        }
        catch (IOException e) when (recordStream.HasEnded || total > 0)
        {
            // SslStream throws if the connection ends within a record. If this call has bytes to return, the next call throws.
            _readFailure = recordStream.HasEnded ? new DataConnectionException(NoCloseNotify, e) : e;
            if (total == 0)
            {
                throw _readFailure;
            }
        }

        return total;
    }

    /// <summary>
    /// Throws if the connection ended without close_notify, because an attacker may have truncated the transfer (RFC 4217 §11).
    /// </summary>
    /// <exception cref="DataConnectionException">The connection ended without close_notify.</exception>
    public void ThrowIfEndedWithoutCloseNotify()
    {
        if (EndedWithoutCloseNotify)
        {
            throw new DataConnectionException(NoCloseNotify);
        }
    }

    /// <summary>Sends close_notify. If no data was sent before, also sends the session tickets, which are still held.</summary>
    public async ValueTask FinishAsync() => await stream.ShutdownAsync();

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private async ValueTask WriteGatheredAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        int overhead = ((bytes.Length / RecordBytes) + 1) * MaxRecordOverhead;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(recordStream.HeldBytes + bytes.Length + overhead);
        try
        {
            recordStream.Gather(buffer);
            await stream.WriteAsync(bytes, cancellationToken);
            await recordStream.SendGatheredAsync(cancellationToken);
        }
        finally
        {
            recordStream.Gather(null);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
