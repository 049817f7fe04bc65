namespace Fts.Storage.Workers;

/// <summary>A call that waits for a worker thread, runs on it, or has ended.</summary>
internal abstract class WorkerCall
{
    private const int Waiting = 0, Started = 1, Cancelled = 2;

    /// <summary>
    /// The maximum time for which a cancelled caller still waits for its call. Ordinary calls end within this time. Therefore, for example,
    /// the last received bytes of an aborted upload are written.
    /// </summary>
    private static readonly TimeSpan s_maxWaitAfterCancellation = TimeSpan.FromSeconds(0.5);

    private int _state;
    private CancellationTokenRegistration _registration;

    /// <summary>
    /// The position in the queue of <see cref="StoreWorkers"/>, guarded by the lock of that class. Null if the call is not in the queue.
    /// </summary>
    public LinkedListNode<WorkerCall>? QueueNode { get; set; }

    /// <summary>
    /// Called once after the call has ended, or after it was cancelled or refused before its start. Called even if the caller no longer
    /// waits.
    /// </summary>
    public Action? Ended { get; init; }

    /// <summary>
    /// Completes the caller's task as cancelled half a second after the token is cancelled. Must be called before the call is queued.
    /// </summary>
    public void RegisterCancellation(StoreWorkers workers, CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
        {
            _registration = cancellationToken.UnsafeRegister(
                static (state, token) =>
                {
                    (WorkerCall call, StoreWorkers workers) = ((WorkerCall, StoreWorkers))state!;
                    _ = call.CancelAsync(workers, token);
                },
                (this, workers));
        }
    }

    /// <summary>
    /// Executes the call and stores its result or its exception. Returns false, and does not execute the call, if it was cancelled before
    /// its start.
    /// </summary>
    public bool TryExecute()
    {
        bool canStart = Interlocked.CompareExchange(ref _state, Started, Waiting) == Waiting;
        if (canStart)
        {
            Execute();
            _registration.Unregister();
        }

        // Ended is called before the continuations, which may take a while, so that the next call of the same file can start.
        Ended?.Invoke();
        return canStart;
    }

    /// <summary>Completes the caller's task with the stored result or exception. The continuations run on this thread.</summary>
    public abstract void Complete();

    /// <summary>Completes the call with an exception instead of running it.</summary>
    public void Refuse(StoreException exception)
    {
        Interlocked.CompareExchange(ref _state, Cancelled, Waiting);
        _registration.Unregister();
        Ended?.Invoke();
        Fail(exception);
    }

    /// <summary>Executes the call and stores its result or its exception.</summary>
    protected abstract void Execute();

    /// <summary>Completes the caller's task with an exception.</summary>
    protected abstract void Fail(Exception exception);

    /// <summary>Completes the caller's task as cancelled. The call itself may still be running.</summary>
    protected abstract void CompleteAsCancelled(CancellationToken cancellationToken);

    /// <summary>
    /// Waits half a second, removes the call from the queue if it has not started, and completes the caller's task as cancelled.
    /// </summary>
    private async Task CancelAsync(StoreWorkers workers, CancellationToken cancellationToken)
    {
        await Task.Delay(s_maxWaitAfterCancellation, CancellationToken.None).ConfigureAwait(false);
        if (Interlocked.CompareExchange(ref _state, Cancelled, Waiting) == Waiting && workers.TryRemove(this))
        {
            Ended?.Invoke();
        }

        CompleteAsCancelled(cancellationToken);
    }
}

/// <summary>A call with a result.</summary>
/// <param name="state">The argument of the call.</param>
/// <param name="function">The call.</param>
/// <param name="discard">Releases the result if the caller no longer waits for it. Null if the result owns nothing.</param>
internal sealed class WorkerCall<TState, TResult>(TState state, Func<TState, TResult> function, Action<TResult>? discard) : WorkerCall
{
    // Continuations run on the worker thread, so that each call needs only one change of threads.
    private readonly TaskCompletionSource<TResult> _completion = new();
    private TResult? _result;
    private Exception? _exception;

    /// <summary>
    /// The caller's task. It completes with the result, or as cancelled half a second after the caller's token is cancelled.
    /// </summary>
    public Task<TResult> Task => _completion.Task;

    protected override void Execute()
    {
        try
        {
            _result = function(state);
        }
        catch (Exception e)
        {
            _exception = e; // Complete passes it to the caller.
        }
    }

    public override void Complete()
    {
        if (_exception is not null)
        {
            Fail(_exception);
        }
        else if (!_completion.TrySetResult(_result!))
        {
            Discard(_result!);
        }
    }

    /// <summary>Releases a result for which the caller no longer waits.</summary>
    private void Discard(TResult result)
    {
        try
        {
            discard?.Invoke(result);
        }
        catch (StoreException)
        {
            // The caller no longer waits, and an unhandled exception would end the process.
        }
    }

    protected override void Fail(Exception exception) => _completion.TrySetException(exception);

    protected override void CompleteAsCancelled(CancellationToken cancellationToken) => _completion.TrySetCanceled(cancellationToken);
}
