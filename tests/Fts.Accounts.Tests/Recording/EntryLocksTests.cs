using Fts.Accounts.Recording;

namespace Fts.Accounts.Tests.Recording;

public sealed class EntryLocksTests
{
    private readonly EntryLocks _locks = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Different_names_do_not_wait_and_the_same_name_waits()
    {
        using EntryLocks.Grant first = await _locks.AcquireAsync(new EntryKey(1, "a"), Token);
        using EntryLocks.Grant other = await _locks.AcquireAsync(new EntryKey(1, "b"), Token);
        using EntryLocks.Grant elsewhere = await _locks.AcquireAsync(new EntryKey(2, "a"), Token);
        ValueTask<EntryLocks.Grant> second = _locks.AcquireAsync(new EntryKey(1, "a"), Token);
        Assert.False(second.IsCompleted);
        first.Dispose();
        (await second).Dispose();
    }

    [Fact]
    public async Task A_directory_waits_for_its_names_and_later_names_wait_for_the_directory()
    {
        EntryLocks.Grant name = await _locks.AcquireAsync(new EntryKey(1, "a"), Token);
        ValueTask<EntryLocks.Grant> directory = _locks.AcquireAsync(new EntryKey(1, null), Token);
        ValueTask<EntryLocks.Grant> later = _locks.AcquireAsync(new EntryKey(1, "b"), Token);
        Assert.False(directory.IsCompleted || later.IsCompleted);
        (await _locks.AcquireAsync(new EntryKey(2, "b"), Token)).Dispose();
        name.Dispose();
        EntryLocks.Grant granted = await directory;
        Assert.False(later.IsCompleted);
        granted.Dispose();
        (await later).Dispose();
    }

    [Fact]
    public async Task Everything_waits_for_all_names()
    {
        EntryLocks.Grant name = await _locks.AcquireAsync(new EntryKey(1, "a"), new EntryKey(2, "b"), Token);
        ValueTask<EntryLocks.Grant> all = _locks.AcquireAsync(EntryKey.All, Token);
        Assert.False(all.IsCompleted);
        name.Dispose();
        EntryLocks.Grant granted = await all;
        ValueTask<EntryLocks.Grant> later = _locks.AcquireAsync(new EntryKey(7, "x"), Token);
        Assert.False(later.IsCompleted);
        granted.Dispose();
        (await later).Dispose();
    }

    [Fact]
    public async Task A_cancelled_request_no_longer_delays_later_requests()
    {
        using EntryLocks.Grant name = await _locks.AcquireAsync(new EntryKey(1, "a"), Token);
        using var cancellation = new CancellationTokenSource();
        ValueTask<EntryLocks.Grant> directory = _locks.AcquireAsync(new EntryKey(1, null), cancellation.Token);
        ValueTask<EntryLocks.Grant> later = _locks.AcquireAsync(new EntryKey(1, "b"), Token);
        Assert.False(later.IsCompleted);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => directory.AsTask());
        (await later).Dispose();
    }

    [Fact]
    public async Task Two_operations_that_lock_the_same_names_in_another_order_do_not_wait_for_each_other_forever()
    {
        int inside = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(number => Task.Run(
            async () =>
            {
                for (int round = 0; round < 500; round++)
                {
                    EntryKey one = new(1, "a"), two = new(2, "b");
                    using EntryLocks.Grant grant = number % 2 == 0
                        ? await _locks.AcquireAsync(one, two, Token)
                        : await _locks.AcquireAsync(two, one, Token);
                    Assert.Equal(1, Interlocked.Increment(ref inside));
                    await Task.Yield();
                    Interlocked.Decrement(ref inside);
                }
            },
            Token)));
    }
}
