using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Fts.Server.Sessions;

/// <summary>Takes connections from a listening socket until it is told to stop; whoever closes the socket says so first.</summary>
internal static class AcceptLoop
{
    /// <summary>Hands each connection to <paramref name="onAccepted"/>, whose it is from then on, and which must not wait.</summary>
    public static async Task RunAsync(Socket listener, Action<Socket> onAccepted, ILogger logger, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            Socket? socket = null;
            try
            {
                socket = await listener.AcceptAsync(stopping);
                onAccepted(socket);
            }
            catch (Exception e) when (socket is null && e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException) when (stopping.IsCancellationRequested)
            {
                return; // the listener was closed under the call
            }
            catch (SocketException e) when (socket is null)
            {
                // A peer that left the queue, or no descriptor free: neither ends the server, and the second passes when a session ends.
                Log.AcceptFailed(logger, e.Message);
                await Task.Delay(e.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable ? 100 : 1, CancellationToken.None);
            }
            catch (Exception e)
            {
                // An error with one connection must not end the loop.
                socket?.Dispose();
                Log.LoopFailed(logger, e, "accept loop");
                await Task.Delay(1, CancellationToken.None);
            }
        }
    }
}
