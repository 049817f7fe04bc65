using Fts.Accounts.Passwords.Verification;

namespace Fts.Accounts.Tests.Passwords;

/// <summary>The queue of verifications, with computations that wait for the test.</summary>
public sealed class VerificationQueueTests : IDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);

    private readonly ManualResetEventSlim _gate = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _gate.Set();

    [Fact]
    public async Task Computations_run_in_the_order_of_their_arrival_on_one_thread()
    {
        using var queue = new VerificationQueue(1, 100, 0);
        var order = new List<int>();
        Task first = await BlockAsync(queue);
        Task<int>[] tasks = [.. Enumerable.Range(0, 20).Select(i => queue.TryRun(() => Add(order, i), 0, Token)!)];
        Assert.Equal(20, queue.WaitingCount);
        _gate.Set();
        await Task.WhenAll([first, .. tasks]).WaitAsync(s_deadline, Token);
        Assert.Equal(Enumerable.Range(0, 20), order);

        static int Add(List<int> order, int value)
        {
            order.Add(value);
            return value;
        }
    }

    [Fact]
    public async Task A_full_queue_refuses_a_computation()
    {
        using var queue = new VerificationQueue(1, 2, 0);
        Task running = await BlockAsync(queue);
        Task<int>? second = queue.TryRun(() => 2, 0, Token), third = queue.TryRun(() => 3, 0, Token);
        Assert.NotNull(second);
        Assert.NotNull(third);
        Assert.Null(queue.TryRun(() => 4, 0, Token));
        _gate.Set();
        await running.WaitAsync(s_deadline, Token);
        Assert.Equal([2, 3], await Task.WhenAll(second, third).WaitAsync(s_deadline, Token));
        Assert.Equal(5, await queue.TryRun(() => 5, 0, Token)!.WaitAsync(s_deadline, Token));
    }

    [Fact]
    public async Task A_cancelled_computation_leaves_the_queue_and_never_runs()
    {
        using var queue = new VerificationQueue(1, 1, 0);
        Task running = await BlockAsync(queue);
        using var cancellation = new CancellationTokenSource();
        bool hasRun = false;
        Task<bool> waiting = queue.TryRun(() => hasRun = true, 0, cancellation.Token)!;
        Assert.Null(queue.TryRun(() => true, 0, Token));
        await cancellation.CancelAsync();
        Assert.Equal(cancellation.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting)).CancellationToken);
        Assert.Equal(0, queue.WaitingCount);
        Task<bool> next = queue.TryRun(() => true, 0, Token)!;
        _gate.Set();
        await running.WaitAsync(s_deadline, Token);
        Assert.True(await next.WaitAsync(s_deadline, Token));
        Assert.False(hasRun);
    }

    [Fact]
    public async Task The_caller_of_a_running_computation_returns_when_it_is_cancelled()
    {
        using var queue = new VerificationQueue(1, 1, 0);
        using var cancellation = new CancellationTokenSource();
        Task running = await BlockAsync(queue, cancellationToken: cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(s_deadline, Token));
        _gate.Set();
        Assert.Equal(1, await queue.TryRun(() => 1, 0, Token)!.WaitAsync(s_deadline, Token));
    }

    [Fact]
    public async Task Computations_run_at_the_same_time_up_to_the_number_of_threads()
    {
        using var queue = new VerificationQueue(3, 100, 0);
        using var barrier = new Barrier(3);
        // Each computation waits for the two others.
        Task<bool>[] tasks = [.. Enumerable.Range(0, 3).Select(_ => queue.TryRun(() => barrier.SignalAndWait(s_deadline, Token), 0, Token)!)];
        Assert.All(await Task.WhenAll(tasks), isComplete => Assert.True(isComplete));

        Task[] running = [await BlockAsync(queue), await BlockAsync(queue), await BlockAsync(queue)];
        Task<int> fourth = queue.TryRun(() => 4, 0, Token)!;
        Assert.Equal(1, queue.WaitingCount);
        _gate.Set();
        await Task.WhenAll([.. running, fourth]).WaitAsync(s_deadline, Token);
    }

    [Fact]
    public async Task A_computation_waits_for_its_memory_and_the_next_ones_wait_behind_it()
    {
        using var queue = new VerificationQueue(3, 100, maxMemory: 10);
        var order = new List<int>();
        Task running = await BlockAsync(queue, memory: 6);
        Task<int> large = queue.TryRun(() => Add(1), 5, Token)!, small = queue.TryRun(() => Add(2), 0, Token)!;
        Assert.Equal(2, queue.WaitingCount);
        _gate.Set();
        await Task.WhenAll(running, large, small).WaitAsync(s_deadline, Token);
        Assert.Equal([1, 2], order.Order());

        int Add(int value)
        {
            lock (order)
            {
                order.Add(value);
                return value;
            }
        }
    }

    [Fact]
    public async Task An_exception_reaches_the_caller_and_the_thread_continues()
    {
        using var queue = new VerificationQueue(1, 100, 0);
        await Assert.ThrowsAsync<FormatException>(() => queue.TryRun<int>(() => throw new FormatException(), 0, Token)!);
        Assert.Equal(1, await queue.TryRun(() => 1, 0, Token)!.WaitAsync(s_deadline, Token));
    }

    [Fact]
    public async Task Disposal_cancels_the_waiting_computations()
    {
        using var queue = new VerificationQueue(1, 100, 0);
        Task running = await BlockAsync(queue);
        Task<int> waiting = queue.TryRun(() => 1, 0, Token)!;
        queue.Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Throws<ObjectDisposedException>(() => { _ = queue.TryRun(() => 1, 0, Token); });
        _gate.Set();
        await running.WaitAsync(s_deadline, Token);
    }

    /// <summary>Starts a computation that waits for the gate, and returns when it runs.</summary>
    private async Task<Task> BlockAsync(VerificationQueue queue, long memory = 0, CancellationToken cancellationToken = default)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task task = queue.TryRun(
            () =>
            {
                started.SetResult();
                return _gate.Wait(s_deadline, CancellationToken.None);
            },
            memory,
            cancellationToken)!;
        await started.Task.WaitAsync(s_deadline, Token);
        return task;
    }
}
