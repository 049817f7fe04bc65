using System.Net.Sockets;
using Fts.Server.Data.Copy;

namespace Fts.Server.Sessions;

/// <summary>
/// A network stream that tries a non-blocking call first (<see cref="NonBlockingSocket"/>), and starts an asynchronous operation only if it
/// must wait. An idle session therefore holds the memory of one asynchronous operation (its read), not of two.
/// </summary>
internal sealed class NonBlockingFirstStream(Socket socket, bool ownsSocket) : NetworkStream(socket, ownsSocket)
{
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int sent = cancellationToken.IsCancellationRequested ? 0 : Socket.TrySend(buffer.Span);
        return sent > 0 && sent == buffer.Length ? default : base.WriteAsync(buffer[sent..], cancellationToken);
    }

    /// <summary>Reads bytes. With an empty buffer, only waits until bytes have arrived.</summary>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty || cancellationToken.IsCancellationRequested)
        {
            return base.ReadAsync(buffer, cancellationToken);
        }

        try
        {
            return Socket.TryReceive(buffer.Span) is >= 0 and var received ? new(received) : base.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException e)
        {
            return ValueTask.FromException<int>(e);
        }
    }
}
