using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Fts.Serving.Control;

/// <summary>Sends requests to the server that uses a state directory. Not thread-safe.</summary>
internal sealed class ControlClient : IDisposable
{
    /// <summary>The maximum number of bytes of a response: the status of 100,000 sessions has about half of them.</summary>
    private const int MaxResponseBytes = 64 * 1024 * 1024;

    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(30);

    private readonly Socket _socket;
    private readonly ControlLines _lines;

    private ControlClient(Socket socket) => (_socket, _lines) = (socket, new ControlLines(socket, MaxResponseBytes));

    /// <summary>Connects to the running server. Returns null if no server uses the state directory.</summary>
    /// <exception cref="SocketException">The user may not access the socket, or another error occurred.</exception>
    public static ControlClient? TryConnect(string stateDirectory) =>
        ControlSocket.TryConnect(stateDirectory) is { } socket ? new ControlClient(socket) : null;

    /// <summary>
    /// Requests that the running server applies changes of the accounts and the bans at once. Does nothing if no server runs.
    /// </summary>
    /// <returns>Whether a server has applied the changes.</returns>
    /// <remarks>Errors are ignored, because a running server applies the changes within seconds without this request.</remarks>
    public static async ValueTask<bool> TryRefreshAsync(string stateDirectory, CancellationToken cancellationToken)
    {
        try
        {
            using ControlClient? client = TryConnect(stateDirectory);
            if (client is null)
            {
                return false;
            }

            await client.SendAsync(
                "refresh", new ControlNothing(), ControlJson.Default.ControlNothing, ControlJson.Default.ControlNothing, cancellationToken);
            return true;
        }
        catch (Exception e) when (e is SocketException or ControlException)
        {
            return false;
        }
    }

    /// <summary>Sends a request, and returns its result.</summary>
    /// <param name="request">The name of the request.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="parametersType">The type of the parameters.</param>
    /// <param name="resultType">The type of the result.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <param name="timeout">How long the server may take. Null for 30 seconds.</param>
    /// <exception cref="ControlException">The request failed, or the server did not respond.</exception>
    public async ValueTask<TResult> SendAsync<TParameters, TResult>(
        string request, TParameters parameters, JsonTypeInfo<TParameters> parametersType, JsonTypeInfo<TResult> resultType,
        CancellationToken cancellationToken, TimeSpan? timeout = null)
    {
        var message = new ControlRequest(
            ControlRequest.CurrentVersion, request, JsonSerializer.SerializeToElement(parameters, parametersType));
        ControlResponse? response;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout ?? ResponseTimeout);
        try
        {
            byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(message, ControlJson.Default.ControlRequest), (byte)'\n'];
            for (int sent = 0; sent < line.Length;)
            {
                sent += await _socket.SendAsync(line.AsMemory(sent), SocketFlags.None, limit.Token);
            }

            ReadOnlyMemory<byte> received = await _lines.ReadAsync(limit.Token)
                ?? throw new ControlException(ControlErrorCode.Failed, "the server closed the control connection");
            response = JsonSerializer.Deserialize(received.Span, ControlJson.Default.ControlResponse);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ControlException(
                ControlErrorCode.Failed, $"the server did not respond within {(timeout ?? ResponseTimeout).TotalSeconds} s");
        }
        catch (Exception e) when (e is SocketException or InvalidDataException or JsonException)
        {
            throw new ControlException(ControlErrorCode.Failed, $"the request to the server failed: {e.Message}");
        }

        if (response?.Error is { } error)
        {
            throw new ControlException(error.Code, error.Message);
        }

        return response?.Result is { } result && result.Deserialize(resultType) is { } value
            ? value
            : throw new ControlException(ControlErrorCode.Failed, "the server sent a response without a result");
    }

    public void Dispose() => _socket.Dispose();
}
