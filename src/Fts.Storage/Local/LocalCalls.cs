using Fts.Native;
using Fts.Storage.Local.Linux;
using Fts.Storage.Workers;

namespace Fts.Storage.Local;

/// <summary>Tries to answer a call from the kernel's caches. Returns false if the ordinary call must be made.</summary>
internal delegate bool CachedCall<TState, TResult>(LinuxCachedCalls cached, TState state, out TResult result);

/// <summary>
/// Chooses the thread of each call of a local store: the caller's thread if the call is not expected to block, otherwise a worker thread.
/// </summary>
/// <param name="kind">The kind of the root's file system (<see cref="IRootDirectory.FileSystemKind"/>).</param>
/// <param name="cached">The calls that the kernel answers from its caches, or null if the system has none.</param>
/// <param name="clock">The clock for the duration of calls.</param>
internal sealed class LocalCalls(FileSystemKind kind, LinuxCachedCalls? cached, TimeProvider clock)
{
    /// <summary>The threads for calls that can block.</summary>
    public StoreWorkers Workers { get; } = new();

    /// <summary>Decides whether a call runs inline if it is not expected to block.</summary>
    public InlineCallPolicy InlinePolicy { get; } = new(clock, ProcessCalls.GetWaitCount);

    /// <summary>The clock for the duration of calls.</summary>
    public TimeProvider Clock => clock;

    /// <summary>The kind of the root's file system (<see cref="IRootDirectory.FileSystemKind"/>).</summary>
    public FileSystemKind Kind => kind;

    /// <summary>
    /// Runs a short call: inline on a memory file system if <see cref="InlinePolicy"/> allows it, otherwise on a worker thread.
    /// </summary>
    /// <param name="state">The argument of the call.</param>
    /// <param name="function">The call.</param>
    /// <param name="discard">Releases the result if the caller was cancelled. Null if the result owns nothing.</param>
    /// <param name="cancellationToken">Its cancellation ends the wait for a call on a worker thread half a second later.</param>
    public ValueTask<TResult> RunAsync<TState, TResult>(
        TState state, Func<TState, TResult> function, Action<TResult>? discard, CancellationToken cancellationToken)
    {
        if (kind != FileSystemKind.Memory)
        {
            return new(Workers.RunAsync(state, function, discard, cancellationToken));
        }

        if (!InlinePolicy.TryBeginCall(out InlineCall call))
        {
            return new(Workers.RunAsync(
                (InlinePolicy, State: state, Function: function),
                static x => x.InlinePolicy.RunMeasured(x.State, x.Function),
                discard,
                cancellationToken));
        }

        try
        {
            return new(function(state));
        }
        finally
        {
            InlinePolicy.EndCall(call);
        }
    }

    /// <summary>Runs a short call without a result, as <see cref="RunAsync{TState, TResult}"/> does.</summary>
    public async ValueTask RunAsync<TState>(TState state, Action<TState> action, CancellationToken cancellationToken) => await RunAsync(
        (State: state, Action: action),
        static x =>
        {
            x.Action(x.State);
            return true;
        },
        discard: null,
        cancellationToken).ConfigureAwait(false);

    /// <summary>
    /// Runs a call inline if <see cref="InlinePolicy"/> allows it and the kernel can answer it from its caches, otherwise on a worker
    /// thread. If the kernel has no calls that use only its caches, runs the call as <see cref="RunAsync{TState, TResult}"/> does.
    /// </summary>
    /// <param name="state">The argument of the call.</param>
    /// <param name="fromCache">The attempt that uses only the kernel's caches and cannot wait for a disk.</param>
    /// <param name="function">The ordinary call, which runs if the attempt fails.</param>
    /// <param name="discard">Releases the result if the caller was cancelled. Null if the result owns nothing.</param>
    /// <param name="cancellationToken">Its cancellation ends the wait for a call on a worker thread half a second later.</param>
    public ValueTask<TResult> RunCachedFirstAsync<TState, TResult>(
        TState state, CachedCall<TState, TResult> fromCache, Func<TState, TResult> function, Action<TResult>? discard,
        CancellationToken cancellationToken)
    {
        if (cached is null)
        {
            return RunAsync(state, function, discard, cancellationToken);
        }

        if (!InlinePolicy.TryBeginCall(out InlineCall call))
        {
            return new(Workers.RunAsync(
                (Calls: this, State: state, FromCache: fromCache, Function: function),
                static x => x.Calls.RunMeasured(x.State, x.FromCache, x.Function),
                discard,
                cancellationToken));
        }

        try
        {
            if (fromCache(cached, state, out TResult result))
            {
                return new(result);
            }
        }
        finally
        {
            InlinePolicy.EndCall(call);
        }

        return new(Workers.RunAsync(state, function, discard, cancellationToken));
    }

    /// <summary>Runs on a worker thread a call that can take a long time.</summary>
    public Task<TResult> RunOnWorkerAsync<TResult>(Func<TResult> function, CancellationToken cancellationToken) =>
        Workers.RunAsync(function, static function => function(), discard: null, cancellationToken);

    /// <summary>Runs on a worker thread a call that can take a long time and has no result.</summary>
    public Task RunOnWorkerAsync(Action action, CancellationToken cancellationToken) => Workers.RunAsync(action, cancellationToken);

    /// <summary>
    /// Called on a worker thread: runs the attempt from the caches, and then the ordinary call if the attempt fails. The duration of the
    /// attempt decides whether later calls run inline.
    /// </summary>
    private TResult RunMeasured<TState, TResult>(TState state, CachedCall<TState, TResult> fromCache, Func<TState, TResult> function)
    {
        (bool isAnswered, TResult answer) = InlinePolicy.RunMeasured(
            (cached, state, fromCache), static x => (x.fromCache(x.cached!, x.state, out TResult result), result));
        return isAnswered ? answer : function(state);
    }
}
