using System.Net.Sockets;
using System.Text.Json;

namespace Fts.Serving.Control;

/// <summary>
/// Accepts connections on the control socket and runs their requests. Each line is a request, and each request has one response line.
/// </summary>
/// <param name="listener">The listening socket (<see cref="ControlSocket.Bind"/>). This object owns it.</param>
/// <param name="requests">The requests.</param>
/// <param name="logFailure">Logs the failure of a connection that is not the fault of its client.</param>
/// <param name="ownUser">The name of the user of this process, or null if unknown.</param>
internal sealed class ControlServer(
    Socket listener, ControlRequests requests, Action<string> logFailure, string? ownUser = null) : IAsyncDisposable
{
    /// <summary>The maximum number of bytes of a request.</summary>
    public const int MaxRequestBytes = 64 * 1024;

    /// <summary>The maximum number of connections at the same time. Further clients wait in the queue of the listener.</summary>
    private const int MaxClients = 8;

    /// <summary>How long a client may be idle, and how long it may take to receive a response.</summary>
    private static readonly TimeSpan ClientTimeout = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _slots = new(MaxClients);
    private Task _accepting = Task.CompletedTask;

    /// <summary>Starts to accept connections.</summary>
    public void Start() => _accepting = Task.Run(AcceptAsync);

    /// <summary>Closes the listener and ends the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        listener.Dispose(); // also removes the file
        await _accepting;
        for (int i = 0; i < MaxClients; i++)
        {
            await _slots.WaitAsync(); // until all connections have ended
        }

        _slots.Dispose();
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            bool hasSlot = false;
            try
            {
                await _slots.WaitAsync(_stopping.Token);
                hasSlot = true;
                Socket client = await listener.AcceptAsync(_stopping.Token);
                hasSlot = false; // the connection releases the slot
                _ = ServeAsync(client);
            }
            catch (Exception) when (_stopping.IsCancellationRequested)
            {
                return; // the wait was cancelled, or the listener was closed
            }
            catch (Exception e)
            {
                // For example, no file descriptor is left.
                logFailure($"cannot accept a connection on the control socket: {e.Message}");
                await Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None);
            }
            finally
            {
                if (hasSlot)
                {
                    _slots.Release();
                }
            }
        }
    }

    /// <summary>Serves one connection. Disposes it, and releases its slot.</summary>
    private async Task ServeAsync(Socket client)
    {
        try
        {
            using (client)
            {
                if (!ControlSocket.IsAllowedPeer(client, ownUser, out string? user))
                {
                    logFailure("a connection to the control socket was refused: it belongs to another user");
                    return;
                }

                var lines = new ControlLines(client, MaxRequestBytes);
                while (await ReadAsync(lines) is { } line)
                {
                    await SendAsync(client, await requests.RunAsync(line, user, _stopping.Token));
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException or InvalidDataException)
        {
            // The client disconnected, was idle for too long or sent too long a line, or the server stops.
        }
        catch (Exception e)
        {
            logFailure($"a request on the control socket failed: {e.GetType().Name}: {e.Message}");
        }
        finally
        {
            _slots.Release();
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(ControlLines lines)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        limit.CancelAfter(ClientTimeout);
        return await lines.ReadAsync(limit.Token);
    }

    private async ValueTask SendAsync(Socket client, ControlResponse response)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        limit.CancelAfter(ClientTimeout);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(response, ControlJson.Default.ControlResponse);
        ReadOnlyMemory<byte> bytes = (byte[])[.. json, (byte)'\n'];
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await client.SendAsync(bytes, SocketFlags.None, limit.Token)..];
        }
    }
}
