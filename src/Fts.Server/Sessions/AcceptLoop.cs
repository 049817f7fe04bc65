using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Fts.Server.Sessions;

/// <summary>Accepts connections from a listening socket until the server stops.</summary>
internal static class AcceptLoop
{
    /// <summary>Runs the loop until <paramref name="stopping"/> is cancelled, which must happen before the listener is closed.</summary>
    /// <param name="listener">The listening socket. The caller owns it.</param>
    /// <param name="onAccepted">Receives each connection and owns it from then on. It must not block.</param>
    /// <param name="logger">The log for failures.</param>
    /// <param name="stopping">Cancelled when the server stops.</param>
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
                return; // the listener was closed during the call
            }
            catch (SocketException e) when (socket is null)
            {
                // The peer disconnected before the accept, or no file descriptor is free until a session ends.
                Log.AcceptFailed(logger, e.Message);
                bool isOutOfResources = e.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable;
                await Task.Delay(isOutOfResources ? 100 : 1, CancellationToken.None);
            }
            catch (Exception e)
            {
                // A failure of one connection must not end the loop.
                socket?.Dispose();
                Log.LoopFailed(logger, e, "accept loop");
                await Task.Delay(1, CancellationToken.None);
            }
        }
    }
}
