using System.Net.Sockets;
using Fts.Server.Data.Copy;

namespace Fts.Server.Sessions;

/// <summary>
/// A socket's stream that does at once what can be done at once (<see cref="NonBlockingSocket"/>) and waits only for the rest. An idle session holds what waiting takes for
/// the one direction it waits in.
/// </summary>
internal sealed class NonBlockingFirstStream(Socket socket, bool ownsSocket) : NetworkStream(socket, ownsSocket)
{
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int sent = cancellationToken.IsCancellationRequested ? 0 : Socket.TrySend(buffer.Span);
        return sent > 0 && sent == buffer.Length ? default : base.WriteAsync(buffer[sent..], cancellationToken);
    }

    /// <summary>Without a buffer it only waits until there is something.</summary>
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
