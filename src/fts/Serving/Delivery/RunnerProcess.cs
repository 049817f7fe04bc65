using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text.Json;
using Fts.Accounts.Delivery;
using Fts.Accounts.Events;
using Fts.Native;

namespace Fts.Serving.Delivery;

/// <summary>
/// The runner process, as the server uses it. It is started before the sandbox, because the sandboxed server cannot start programs.
/// Thread-safe after <see cref="ConnectAsync"/>. The caller disposes it after the delivery has stopped.
/// </summary>
internal sealed class RunnerProcess : IAsyncDisposable
{
    /// <summary>How long the runner may take to kill its programs and to end.</summary>
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(5);

    private readonly int _process;
    private readonly SafeSocketHandle _handle;
    private readonly ConcurrentDictionary<long, TaskCompletionSource<DeliveryResult>> _requests = [];
    private readonly CancellationTokenSource _closing = new();
    private Socket? _socket;
    private RunnerLines? _lines;
    private Task _reading = Task.CompletedTask;
    private long _lastNumber;

    private RunnerProcess(int process, SafeSocketHandle handle) => (_process, _handle) = (process, handle);

    /// <summary>Starts the process. Starts no thread.</summary>
    /// <param name="program">The path of this program.</param>
    /// <exception cref="IOException">The process cannot be started.</exception>
    public static RunnerProcess Start(string program)
    {
        (int own, int other) = ChildProcess.CreatePair(isSocket: true);
        try
        {
            // The socket of the runner is its standard input.
            int process = ChildProcess.Start([program, RunnerCommand.Name], ChildProcess.CreateEnvironment(), (other, 0));
            return new RunnerProcess(process, new SafeSocketHandle(own, ownsHandle: true));
        }
        catch
        {
            _ = SpawnCalls.Close(own);
            throw;
        }
        finally
        {
            _ = SpawnCalls.Close(other);
        }
    }

    /// <summary>Sends the settings, and starts to receive results. Called once, after the sandbox.</summary>
    /// <param name="setup">The settings.</param>
    /// <param name="ended">Called if the process ends while the server needs it.</param>
    /// <exception cref="IOException">The process has ended.</exception>
    public async Task ConnectAsync(RunnerSetup setup, Action ended)
    {
        _socket = new Socket(_handle);
        _lines = new RunnerLines(_socket);
        try
        {
            await _lines.SendAsync(setup, RunnerJson.Default.RunnerSetup);
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e);
        }

        _reading = Task.Run(() => ReadAsync(_lines, ended));
    }

    /// <summary>
    /// Delivers an event once. If the process has ended, the call waits until it is cancelled, so that the event stays in its queue.
    /// </summary>
    /// <param name="target">The name of the target.</param>
    /// <param name="stored">The event.</param>
    /// <param name="cancellationToken">Stops waiting for the result. The runner may still deliver the event.</param>
    public async Task<DeliveryResult> DeliverAsync(string target, StoredEvent stored, CancellationToken cancellationToken)
    {
        long number = Interlocked.Increment(ref _lastNumber);
        TaskCompletionSource<DeliveryResult> result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _requests[number] = result;
        try
        {
            var request = new RunnerRequest(
                number, target, stored.Id, EventTypes.GetName(stored.Event.Type), EventPayload.Serialize(stored));
            try
            {
                await _lines!.SendAsync(request, RunnerJson.Default.RunnerRequest);
            }
            catch (SocketException)
            {
                // The task that reads reports the end of the process.
            }

            return await result.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            _requests.TryRemove(number, out _);
        }
    }

    /// <summary>Ends the process and the programs that it runs.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        try
        {
            _socket?.Shutdown(SocketShutdown.Send); // the runner then closes its end
            await _reading.WaitAsync(EndTimeout);
        }
        catch (Exception e) when (e is SocketException or TimeoutException)
        {
            // The process has ended before, or it is killed now.
        }

        _ = SpawnCalls.Kill(_process, SpawnCalls.SIGKILL);
        Reap();
        _handle.Dispose();
        _socket?.Dispose();
        _lines?.Dispose();
        _closing.Dispose();
    }

    /// <summary>Receives results until the process ends.</summary>
    private async Task ReadAsync(RunnerLines lines, Action ended)
    {
        try
        {
            while (await lines.ReadAsync(RunnerJson.Default.RunnerResponse) is { } response)
            {
                if (_requests.TryRemove(response.Number, out TaskCompletionSource<DeliveryResult>? result))
                {
                    result.TrySetResult(new DeliveryResult(response.Error, response.Output));
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidDataException)
        {
            // The runner never sends such a message. It is treated as ended.
        }

        if (!_closing.IsCancellationRequested)
        {
            ended();
        }
    }

    private unsafe void Reap()
    {
        int status;
        _ = SpawnCalls.Waitpid(_process, &status, 0);
    }
}
