using System.Net;
using System.Net.Sockets;

namespace Fts.Server.Data;

/// <summary>
/// A port of the server's range on which one session waits for one connection of its peer. Whoever reserved it disposes it, which gives the port back; the
/// connection, once taken, is the taker's.
/// </summary>
/// <param name="port">The port.</param>
/// <param name="peer">Whose connection is waited for.</param>
/// <param name="turn">When, in the order in which reservations and connections came to the port.</param>
internal sealed class Reservation(SharedPort port, IPAddress peer, long turn) : IDisposable
{
    private readonly TaskCompletionSource<Socket> _arrival = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _taken;

    public long Turn => turn;

    /// <summary>Where the connection is waited for.</summary>
    public IPEndPoint EndPoint => port.EndPoint;

    /// <summary>The peer is there.</summary>
    public bool HasArrived => _arrival.Task.IsCompletedSuccessfully;

    /// <summary>Waits for the connection.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<Socket> TakeAsync(CancellationToken cancellationToken)
    {
        Socket socket = await _arrival.Task.WaitAsync(cancellationToken);
        _taken = true;
        return socket;
    }

    /// <summary>Called by the port, once, after it has forgotten the reservation.</summary>
    public void Give(Socket socket) => _arrival.SetResult(socket);

    public void Dispose()
    {
        // Either it is forgotten before anybody came, or somebody is there, or will be in this moment.
        if (!port.Forget(this, peer) && !_taken)
        {
            _ = CloseArrivedAsync();
        }
    }

    private async Task CloseArrivedAsync() => (await _arrival.Task).Dispose();
}
