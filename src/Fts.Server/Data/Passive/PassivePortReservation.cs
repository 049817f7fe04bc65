using System.Net;
using System.Net.Sockets;

namespace Fts.Server.Data.Passive;

/// <summary>
/// The right of one session to accept one connection of its client on a port of the server's range. <see cref="DataConnector"/> disposes
/// the reservation, which releases the port. The caller of <see cref="AcceptAsync"/> owns the accepted connection.
/// </summary>
/// <param name="port">The port.</param>
/// <param name="peer">The client's address.</param>
/// <param name="sequence">The value of <see cref="Sequence"/>.</param>
internal sealed class PassivePortReservation(SharedPassivePort port, IPAddress peer, long sequence) : IDisposable
{
    private readonly TaskCompletionSource<Socket> _connection = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isAccepted;

    /// <summary>
    /// The number of this reservation. The port numbers its reservations and its connections in one sequence. A connection with a smaller
    /// number cannot complete the reservation.
    /// </summary>
    public long Sequence => sequence;

    /// <summary>The local address and port.</summary>
    public IPEndPoint EndPoint => port.EndPoint;

    /// <summary>Whether the client has connected.</summary>
    public bool HasConnection => _connection.Task.IsCompletedSuccessfully;

    /// <summary>Waits for the client's connection and returns its socket.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<Socket> AcceptAsync(CancellationToken cancellationToken)
    {
        Socket socket = await _connection.Task.WaitAsync(cancellationToken);
        _isAccepted = true;
        return socket;
    }

    /// <summary>Completes <see cref="AcceptAsync"/>. The port calls this method once, after it has removed the reservation.</summary>
    public void SetConnection(Socket socket) => _connection.SetResult(socket);

    /// <summary>Releases the port, and closes a connection that was not accepted.</summary>
    public void Dispose()
    {
        // If the port no longer has the reservation, the port has called SetConnection or is about to call it.
        if (!port.RemoveReservation(this, peer) && !_isAccepted)
        {
            _ = CloseConnectionAsync();
        }
    }

    private async Task CloseConnectionAsync() => (await _connection.Task).Dispose();
}
