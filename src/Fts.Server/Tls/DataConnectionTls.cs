using System.Buffers;
using System.Net.Security;
using Fts.Server.Data;

namespace Fts.Server.Tls;

/// <summary>The encrypted side of one data connection. Owned by it, and with it the socket's stream.</summary>
internal sealed class DataConnectionTls(SslStream stream, TlsRecordStream tap) : IAsyncDisposable
{
    /// <summary>SslStream encrypts so much at a time, and would have each piece sent by itself.</summary>
    private const int PieceBytes = 32 * 1024;

    private const string NoCloseNotify = "the data connection ended without a TLS close_notify";

    /// <summary>More than any cipher adds to a record of 16 KiB.</summary>
    private const int RecordBytes = 16 * 1024, MaxRecordOverhead = 256;

    /// <summary>Sends all of the bytes. A large part of a file leaves in one piece: a tenth less processor time (bench: get-tls).</summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        bytes.Length <= PieceBytes ? stream.WriteAsync(bytes, cancellationToken) : WriteGatheredAsync(bytes, cancellationToken);

    /// <summary>Whether the peer has closed its side of the connection without close_notify, after a complete TLS record.</summary>
    public bool EndedWithoutCloseNotify { get; private set; }

    /// <summary>Reads some bytes. Returns 0 at the peer's close_notify, or with <see cref="EndedWithoutCloseNotify"/> set.</summary>
    /// <exception cref="DataConnectionException">The connection ended within a TLS record.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int read;
        try
        {
            read = await stream.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException e) when (tap.HasEnded)
        {
            throw new DataConnectionException(NoCloseNotify, e); // it ended within a TLS record
        }

        EndedWithoutCloseNotify |= read == 0 && tap.HasEnded;
        return read;
    }

    /// <summary>Throws if the connection ended without close_notify: an attacker may have truncated the transfer (RFC 4217 §11).</summary>
    /// <exception cref="DataConnectionException">The connection ended without close_notify.</exception>
    public void ThrowIfEndedWithoutCloseNotify()
    {
        if (EndedWithoutCloseNotify)
        {
            throw new DataConnectionException(NoCloseNotify);
        }
    }

    /// <summary>Sends close_notify, and with it the session tickets if nothing was sent before.</summary>
    public async ValueTask FinishAsync() => await stream.ShutdownAsync();

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private async ValueTask WriteGatheredAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        byte[] room = ArrayPool<byte>.Shared.Rent(tap.HeldBytes + bytes.Length + (((bytes.Length / RecordBytes) + 1) * MaxRecordOverhead));
        try
        {
            tap.Gather(room);
            await stream.WriteAsync(bytes, cancellationToken);
            await tap.SendGatheredAsync(cancellationToken);
        }
        finally
        {
            tap.Gather(null);
            ArrayPool<byte>.Shared.Return(room);
        }
    }
}
