using Fts.Client.Sync;

namespace Fts.Client.Tests.Sync;

/// <summary>Which directories can be taken from the queue of a mirror, and when a wait for them ends.</summary>
public sealed class MirrorQueueTests
{
    private static readonly MirrorDirectory Root = new("local", "top", true, null, null);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_directory_is_taken_without_a_wait_and_counts_as_taken()
    {
        var queue = new MirrorQueue(Root);
        Assert.True(queue.TryTake(out MirrorDirectory? taken));
        Assert.Same(Root, taken);
        Assert.False(queue.TryTake(out _));
        ValueTask<MirrorDirectory?> waiting = queue.TakeAsync(Token);
        Assert.False(waiting.IsCompleted);
        queue.Complete([]);
        Assert.Null(await waiting);
    }

    [Fact]
    public async Task A_cancelled_call_takes_no_directory()
    {
        var queue = new MirrorQueue(Root);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await queue.TakeAsync(new CancellationToken(canceled: true)));
        Assert.True(queue.TryTake(out MirrorDirectory? taken));
        Assert.Same(Root, taken);
    }

    [Fact]
    public async Task A_call_that_is_cancelled_during_its_wait_takes_no_directory()
    {
        var queue = new MirrorQueue(Root);
        Assert.True(queue.TryTake(out _));
        using var cancelled = new CancellationTokenSource();
        ValueTask<MirrorDirectory?> waiting = queue.TakeAsync(cancelled.Token);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
        queue.Complete([Root]);
        Assert.True(queue.TryTake(out _));
    }

    [Fact]
    public void After_the_stop_no_directory_can_be_taken()
    {
        var queue = new MirrorQueue(Root);
        queue.Stop();
        Assert.False(queue.TryTake(out _));
    }
}
