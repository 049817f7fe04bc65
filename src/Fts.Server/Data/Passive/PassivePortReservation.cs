using System.Net;
using System.Net.Sockets;

namespace Fts.Server.Data.Passive;

/// <summary>
/// A port of the server's range on which one session waits for one connection of its peer. Whoever reserved it disposes it, which gives the port back; the
/// connection, once taken, is the taker's.
/// </summary>
/// <param name="port">The port.</param>
/// <param name="peer">Whose connection is waited for.</param>
/// <param name="sequence">When, in the order in which reservations and connections came to the port.</param>
internal sealed class PassivePortReservation(SharedPassivePort port, IPAddress peer, long sequence) : IDisposable
{
    private readonly TaskCompletionSource<Socket> _connection = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isAccepted;

    public long Sequence => sequence;

    /// <summary>Where the connection is waited for.</summary>
    public IPEndPoint EndPoint => port.EndPoint;

    /// <summary>The peer is there.</summary>
    public bool HasConnection => _connection.Task.IsCompletedSuccessfully;

    /// <summary>Waits for the connection.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<Socket> AcceptAsync(CancellationToken cancellationToken)
    {
        Socket socket = await _connection.Task.WaitAsync(cancellationToken);
        _isAccepted = true;
        return socket;
    }

    /// <summary>Called by the port, once, after it has forgotten the reservation.</summary>
    public void SetConnection(Socket socket) => _connection.SetResult(socket);

    public void Dispose()
    {
        // Either it is forgotten before anybody came, or somebody is there, or will be in this moment.
        if (!port.RemoveReservation(this, peer) && !_isAccepted)
        {
            _ = CloseConnectionAsync();
        }
    }

    private async Task CloseConnectionAsync() => (await _connection.Task).Dispose();
}
