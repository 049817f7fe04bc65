using Fts.Storage.Workers;

namespace Fts.Storage.Local;

/// <summary>
/// Chooses the thread of each call on one open file, as <see cref="LocalCalls"/> does. Calls on worker threads run one after another.
/// </summary>
internal sealed class LocalFileCalls(LocalCalls calls)
{
    private OrderedCalls? _ordered;

    private OrderedCalls Ordered => _ordered ??= new OrderedCalls(calls.Workers, calls.Clock);

    /// <summary>
    /// Runs a short call: inline on a memory file system if <see cref="LocalCalls.InlinePolicy"/> allows it, otherwise on a worker thread.
    /// </summary>
    public ValueTask RunAsync<TState>(TState state, Action<TState> action, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        if (calls.Kind != FileSystemKind.Memory)
        {
            return new(Ordered.RunAsync((state, action), static x => Run(x.state, x.action), discard: null, cancellationToken));
        }

        if (!calls.InlinePolicy.TryBeginCall(out InlineCall call))
        {
            return new(Ordered.RunAsync(
                (calls.InlinePolicy, state, action),
                static x => x.InlinePolicy.RunMeasured((x.state, x.action), static y => Run(y.state, y.action)),
                discard: null,
                cancellationToken));
        }

        try
        {
            action(state);
            return default;
        }
        catch (Exception e)
        {
            return ValueTask.FromException(e);
        }
        finally
        {
            calls.InlinePolicy.EndCall(call);
        }
    }

    /// <summary>Runs on a worker thread a call that can take a long time.</summary>
    public Task RunOnWorkerAsync(Action action, CancellationToken cancellationToken) =>
        Ordered.RunAsync(action, static action => Run(action, static action => action()), discard: null, cancellationToken);

    /// <inheritdoc cref="OrderedCalls.RunCleanupAsync{TState, TResult}"/>
    public Task<TResult?> RunCleanupAsync<TResult>(Func<TResult> function) =>
        Ordered.RunCleanupAsync(function, static function => function());

    /// <summary>Runs an action. Returns true, because the calls on worker threads need a result.</summary>
    private static bool Run<TState>(TState state, Action<TState> action)
    {
        action(state);
        return true;
    }
}
