namespace Fts.Storage.Workers;

/// <summary>
/// Runs the calls of one open file or listing on worker threads, one after another. The file is therefore closed only after the blocking
/// part of a cancelled call has ended.
/// </summary>
internal sealed class OrderedCalls(StoreWorkers workers, TimeProvider clock)
{
    /// <summary>
    /// The maximum time for which a session waits until a file is closed or a partial upload is kept. A longer call ends in the background.
    /// </summary>
    private static readonly TimeSpan s_maxCleanupWait = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Queue<WorkerCall> _waiting = new();
    private bool _isRunning;

    /// <inheritdoc cref="StoreWorkers.RunAsync{TState, TResult}"/>
    public Task<TResult> RunAsync<TState, TResult>(
        TState state, Func<TState, TResult> function, Action<TResult>? discard, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<TResult>(cancellationToken);
        }

        var call = new WorkerCall<TState, TResult>(state, function, discard) { Ended = StartNext };
        call.RegisterCancellation(workers, cancellationToken);
        Start(call);
        return call.Task;
    }

    /// <summary>
    /// Runs a call after all earlier calls of the file, and returns its result. If an earlier call still runs, or if this call takes longer
    /// than 5 seconds, the method returns the default value and the call ends in the background.
    /// </summary>
    public async Task<TResult?> RunCleanupAsync<TState, TResult>(TState state, Func<TState, TResult> function)
    {
        bool isBehindHungCall;
        lock (_lock)
        {
            isBehindHungCall = _isRunning; // a call can still run now only if its caller was cancelled
        }

        Task<TResult> cleanup = RunAsync(state, function, discard: null, CancellationToken.None);
        if (isBehindHungCall)
        {
            return default;
        }

        try
        {
            return await cleanup.WaitAsync(s_maxCleanupWait, clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return default;
        }
    }

    /// <summary>Starts a call, or queues it if another call of the file is running.</summary>
    private void Start(WorkerCall call)
    {
        lock (_lock)
        {
            if (_isRunning)
            {
                _waiting.Enqueue(call);
                return;
            }

            _isRunning = true;
        }

        workers.Start(call);
    }

    /// <summary>Starts the next queued call after a call has ended.</summary>
    private void StartNext()
    {
        WorkerCall? next;
        lock (_lock)
        {
            _isRunning = _waiting.TryDequeue(out next);
        }

        if (next is not null)
        {
            workers.Start(next);
        }
    }
}
