using System.Net.Security;

namespace Fts.Server.Tls;

/// <summary>The encrypted side of one data connection. Owned by it, and with it the socket's stream.</summary>
internal sealed class DataTls(SslStream stream, TlsTap tap) : IAsyncDisposable
{
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => stream.WriteAsync(bytes, cancellationToken);

    /// <summary>Reads some bytes; 0 once the peer has said that it sent all.</summary>
    /// <exception cref="IOException">The connection ended without that: somebody may have cut it (RFC 4217 §11).</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int read = await stream.ReadAsync(buffer, cancellationToken);
        return read == 0 && tap.HasEnded ? throw new IOException("the data connection ended without a TLS close_notify") : read;
    }

    /// <summary>Says that all was sent (close_notify).</summary>
    public async ValueTask FinishAsync() => await stream.ShutdownAsync();

    public ValueTask DisposeAsync() => stream.DisposeAsync();
}
