using Fts.Storage.Local.Staging;

namespace Fts.Storage.Tests.Local.Staging;

/// <summary>Appends to the same file wait for each other; appends to different files do not.</summary>
public sealed class AppendQueueTests
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);

    private readonly ManualTimerClock _clock = new();
    private readonly StorePath _log = StorePath.Root.Child("log"), _other = StorePath.Root.Child("other");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_appends_to_the_same_file_wait_and_they_keep_their_order()
    {
        var queue = new AppendQueue(_clock);
        IDisposable first = await queue.WaitForTurnAsync(_log, Cancellation);
        Task<IDisposable> second = queue.WaitForTurnAsync(_log, Cancellation).AsTask();
        Task<IDisposable> third = queue.WaitForTurnAsync(_log, Cancellation).AsTask();
        using (await queue.WaitForTurnAsync(_other, Cancellation))
        {
            Assert.False(second.IsCompleted);
        }

        first.Dispose();
        IDisposable secondTurn = await second.WaitAsync(s_deadline, Cancellation);
        Assert.False(third.IsCompleted);
        secondTurn.Dispose();
        (await third.WaitAsync(s_deadline, Cancellation)).Dispose();
    }

    [Fact]
    public async Task A_cancelled_append_leaves_the_queue()
    {
        var queue = new AppendQueue(_clock);
        using var cancellation = new CancellationTokenSource();
        IDisposable first = await queue.WaitForTurnAsync(_log, Cancellation);
        Task<IDisposable> second = queue.WaitForTurnAsync(_log, cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second.WaitAsync(s_deadline, Cancellation));

        first.Dispose();
        (await queue.WaitForTurnAsync(_log, Cancellation)).Dispose();
    }

    [Fact]
    public async Task An_append_that_waits_for_too_long_is_refused_as_busy()
    {
        var queue = new AppendQueue(_clock);
        using IDisposable first = await queue.WaitForTurnAsync(_log, Cancellation);
        Task<IDisposable> second = queue.WaitForTurnAsync(_log, Cancellation).AsTask();
        Assert.Equal(TimeSpan.FromSeconds(10), _clock.DueTime);

        _clock.FireTimer();
        StoreException exception = await Assert.ThrowsAsync<StoreException>(() => second.WaitAsync(s_deadline, Cancellation));
        Assert.Equal(StoreError.Busy, exception.Error);
        Assert.Equal("Another session or process has kept log locked for 10 seconds.", exception.Message);
    }

    /// <summary>A clock whose last timer fires when the test says so.</summary>
    private sealed class ManualTimerClock : TimeProvider
    {
        private (TimerCallback Callback, object? State) _timer;

        /// <summary>The due time of the last timer.</summary>
        public TimeSpan DueTime { get; private set; }

        /// <summary>Runs the callback of the last timer.</summary>
        public void FireTimer() => _timer.Callback(_timer.State);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_timer, DueTime) = ((callback, state), dueTime);
            return new UnusedTimer();
        }

        private sealed class UnusedTimer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => default;
        }
    }
}
