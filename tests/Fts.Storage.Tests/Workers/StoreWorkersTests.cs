using Fts.Storage.Workers;

namespace Fts.Storage.Tests.Workers;

/// <summary>Calls on the threads of a store: their limits, their order, and cancellation while they hang.</summary>
public sealed class StoreWorkersTests : IDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);

    private readonly ManualResetEventSlim _gate = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _gate.Set(); // the threads of the hung calls end, and may still use the event
    }

    [Fact]
    public async Task A_call_runs_on_a_thread_that_is_not_of_the_pool()
    {
        Task<bool> isPoolThread = Run(new StoreWorkers(), () => Thread.CurrentThread.IsThreadPoolThread);
        Assert.False(await isPoolThread.WaitAsync(s_deadline, Cancellation));
    }

    [Fact]
    public async Task The_next_call_of_a_continuation_runs_on_the_same_thread()
    {
        var workers = new StoreWorkers();
        Task<(int First, int Next)> calls = ContinueAsync();
        _gate.Set();

        (int first, int next) = await calls.WaitAsync(s_deadline, Cancellation);
        Assert.Equal(first, next);

        async Task<(int First, int Next)> ContinueAsync()
        {
            int first = await Run(workers, WaitAndGetThread).ConfigureAwait(false);
            return (first, await Run(workers, () => Environment.CurrentManagedThreadId).ConfigureAwait(false));
        }
    }

    [Fact]
    public async Task A_continuation_that_blocks_until_its_calls_end_gets_their_results()
    {
        var workers = new StoreWorkers();
        Task<(int Own, int First, int Second)> calls = ContinueAsync();
        _gate.Set();

        (int own, int first, int second) = await calls.WaitAsync(s_deadline, Cancellation);
        Assert.NotEqual(own, first);
        Assert.NotEqual(own, second);

        async Task<(int Own, int First, int Second)> ContinueAsync()
        {
            int own = await Run(workers, WaitAndGetThread).ConfigureAwait(false);
            Task<int> first = Run(workers, () => Environment.CurrentManagedThreadId);
            Task<int> second = Run(workers, () => Environment.CurrentManagedThreadId);
#pragma warning disable xUnit1031 // The blocking wait is what is tested.
            Task.WaitAll(first, second);
            return (own, first.Result, second.Result);
#pragma warning restore xUnit1031
        }
    }

    [Fact]
    public async Task The_next_call_of_a_continuation_waits_behind_the_calls_of_others()
    {
        var workers = new StoreWorkers(maxThreads: 1);
        var order = new List<string>();
        Task continued = ContinueAsync();
        Task<bool> other = Run(workers, () => Add("other"));
        _gate.Set();

        await Task.WhenAll(continued, other).WaitAsync(s_deadline, Cancellation);
        Assert.Equal(["other", "next"], order);

        async Task ContinueAsync()
        {
            await Run(workers, WaitAndGetThread).ConfigureAwait(false);
            await Run(workers, () => Add("next")).ConfigureAwait(false);
        }

        bool Add(string call)
        {
            order.Add(call); // one thread at a time
            return true;
        }
    }

    [Fact]
    public async Task A_cancelled_call_returns_while_it_hangs_and_its_late_result_is_released()
    {
        var workers = new StoreWorkers();
        using var cancellation = new CancellationTokenSource();
        var released = new TaskCompletionSource<string>();
        var started = new TaskCompletionSource();
        Task<string> call = workers.RunAsync(
            0,
            _ =>
            {
                started.SetResult();
                _gate.Wait();
                return "late";
            },
            released.SetResult,
            cancellation.Token);
        await started.Task.WaitAsync(s_deadline, Cancellation);

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(s_deadline, Cancellation));
        Assert.False(released.Task.IsCompleted);

        _gate.Set();
        Assert.Equal("late", await released.Task.WaitAsync(s_deadline, Cancellation));
    }

    [Fact]
    public async Task A_call_that_is_cancelled_in_the_queue_does_not_run()
    {
        var workers = new StoreWorkers(maxThreads: 1);
        Task<bool> hung = Run(workers, Hang);
        using var cancellation = new CancellationTokenSource();
        bool hasRun = false;
        Task<bool> queued = workers.RunAsync(0, _ => hasRun = true, discard: null, cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => queued.WaitAsync(s_deadline, Cancellation));

        _gate.Set();
        await hung.WaitAsync(s_deadline, Cancellation);
        Assert.True(await Run(workers, () => true).WaitAsync(s_deadline, Cancellation));
        Assert.False(hasRun);
    }

    [Fact]
    public async Task Hung_calls_of_one_store_do_not_delay_another_store()
    {
        var hanging = new StoreWorkers();
        Task[] hung = [.. Enumerable.Range(0, StoreWorkers.DefaultMaxThreads * 2).Select(_ => Run(hanging, Hang))];
        Assert.Equal("ok", await Run(new StoreWorkers(), () => "ok").WaitAsync(s_deadline, Cancellation));
        Assert.All(hung, task => Assert.False(task.IsCompleted));

        _gate.Set();
        await Task.WhenAll(hung).WaitAsync(s_deadline, Cancellation);
    }

    [Fact]
    public async Task A_call_beyond_both_limits_is_refused_as_busy()
    {
        var workers = new StoreWorkers(maxThreads: 1, maxWaiting: 1);
        Task<bool> hung = Run(workers, Hang), waiting = Run(workers, () => true);
        StoreException refused = await Assert.ThrowsAsync<StoreException>(() => Run(workers, () => true));
        Assert.Equal(StoreError.Busy, refused.Error);

        _gate.Set();
        await Task.WhenAll(hung, waiting).WaitAsync(s_deadline, Cancellation);
    }

    [Fact]
    public async Task Calls_of_one_file_run_in_order_even_after_a_cancelled_one()
    {
        var calls = new OrderedCalls(new StoreWorkers(), TimeProvider.System);
        var order = new List<string>();
        using var cancellation = new CancellationTokenSource();
        Task<bool> write = calls.RunAsync(
            order,
            order =>
            {
                _gate.Wait();
                order.Add("write");
                return true;
            },
            discard: null,
            cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write.WaitAsync(s_deadline, Cancellation));

        Task<bool> close = calls.RunAsync(
            order,
            order =>
            {
                order.Add("close");
                return true;
            },
            discard: null,
            CancellationToken.None);
        Assert.False(close.IsCompleted);
        _gate.Set();
        await close.WaitAsync(s_deadline, Cancellation);
        Assert.Equal(["write", "close"], order);
    }

    [Fact]
    public async Task A_cleanup_behind_a_hung_call_returns_and_runs_later()
    {
        var calls = new OrderedCalls(new StoreWorkers(), TimeProvider.System);
        using var cancellation = new CancellationTokenSource();
        Task<bool> write = calls.RunAsync(0, _ => Hang(), discard: null, cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write.WaitAsync(s_deadline, Cancellation));

        var closed = new TaskCompletionSource();
        Assert.Null(await calls.RunCleanupAsync<int, long?>(0, _ =>
        {
            closed.SetResult();
            return 1;
        }).WaitAsync(s_deadline, Cancellation));
        Assert.False(closed.Task.IsCompleted);
        _gate.Set();
        await closed.Task.WaitAsync(s_deadline, Cancellation);
    }

    private static Task<T> Run<T>(StoreWorkers workers, Func<T> call) =>
        workers.RunAsync(call, static call => call(), discard: null, CancellationToken.None);

    private int WaitAndGetThread()
    {
        _gate.Wait();
        return Environment.CurrentManagedThreadId;
    }

    private bool Hang()
    {
        _gate.Wait();
        return true;
    }
}
