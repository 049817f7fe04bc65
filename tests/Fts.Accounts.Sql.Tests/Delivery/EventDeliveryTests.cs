using Fts.Accounts.Delivery;
using Fts.Accounts.Events;
using Fts.Accounts.Sql.Delivery;
using Fts.Server.Tests.Support;

namespace Fts.AccountsSqlTests.Delivery;

public sealed class EventDeliveryTests : IDisposable
{
    private readonly DeliveryFixture _fixture = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Events_of_an_account_are_delivered_in_order_and_new_ones_follow()
    {
        var target = new ScriptedTarget(_ => null);
        await using EventDelivery delivery = await _fixture.StartAsync(target);
        await _fixture.AddEventsAsync("ann", "ann", "ann");
        Assert.Equal(["ann:1", "ann:2", "ann:3"], await _fixture.ReadCallsAsync(target, 3));
        await _fixture.AddEventsAsync("-", "-");
        Assert.Equal(["-:4", "-:5"], await _fixture.ReadCallsAsync(target, 2));
    }

    [Fact]
    public async Task A_failing_event_delays_only_the_later_events_of_its_account()
    {
        bool isBroken = true;
        var target = new ScriptedTarget(stored => Volatile.Read(ref isBroken) && stored.Event.Account == "ann" ? "broken" : null);
        await using EventDelivery delivery = await _fixture.StartAsync(target);
        await _fixture.AddEventsAsync("ann", "ann", "bob", "bob", "-");
        var delivered = new List<string>();
        while (!delivered.Contains("bob:4") || !delivered.Contains("-:5") || delivered.Count(call => call == "ann:1") < 3)
        {
            delivered.AddRange(await _fixture.ReadCallsAsync(target, 1));
        }

        Assert.DoesNotContain("ann:2", delivered);
        Assert.Equal(["bob:3", "bob:4"], delivered.Where(call => call.StartsWith("bob", StringComparison.Ordinal)));
        Volatile.Write(ref isBroken, false);
        string[] next;
        do
        {
            next = await _fixture.ReadCallsAsync(target, 1);
        }
        while (next is ["ann:1"]);

        Assert.Equal(["ann:2"], next);
    }

    [Fact]
    public async Task Pauses_grow_and_after_the_last_attempt_the_event_is_a_dead_letter()
    {
        var target = new ScriptedTarget(stored => stored.Id == 1 ? "exit code 3" : null);
        await using (EventDelivery delivery = await _fixture.StartAsync(target, maxAttempts: 4))
        {
            await _fixture.AddEventsAsync("ann", "ann");
            await _fixture.WaitForMarksAsync(5);
        }

        Assert.Equal(
            ["ann:1 Failed 1", "ann:1 Failed 2", "ann:1 Failed 4", "ann:1 Dead", "ann:2 Delivered"], _fixture.Database.Marks);
        DeadLetter dead = Assert.Single(_fixture.Administration.ReadDead(null));
        Assert.Equal(("program", 1L, 4, "exit code 3"), (dead.Target, dead.Stored.Id, dead.Attempts, dead.Error));
        Assert.Equal(new TargetState("program", 0, 1, null, null), Assert.Single(_fixture.Administration.ReadTargets()));
    }

    [Fact]
    public async Task A_new_target_receives_later_events_and_a_known_one_continues()
    {
        await _fixture.AddEventsAsync("ann");
        var target = new ScriptedTarget(_ => null);
        await using (await _fixture.StartAsync(target))
        {
            await _fixture.AddEventsAsync("ann");
            Assert.Equal(["ann:2"], await _fixture.ReadCallsAsync(target, 1));
        }

        await _fixture.AddEventsAsync("ann");
        Assert.Equal(1, Assert.Single(_fixture.Administration.ReadTargets()).Pending);
        await using (await _fixture.StartAsync(target))
        {
            Assert.Equal(["ann:3"], await _fixture.ReadCallsAsync(target, 1));
        }
    }

    [Fact]
    public async Task Only_the_selected_types_are_delivered_even_after_a_replay()
    {
        var target = new ScriptedTarget(_ => null);
        await using EventDelivery delivery = await _fixture.StartAsync(target, types: [EventType.Deleted]);
        await _fixture.AddEventsAsync(EventType.Uploaded, "ann");
        await _fixture.AddEventsAsync(EventType.Deleted, "ann");
        Assert.Equal(["ann:2"], await _fixture.ReadCallsAsync(target, 1));
        await _fixture.WaitForMarksAsync(1);
        Assert.Equal(1, _fixture.Administration.Replay(new ReplaySelection { Id = 1 }, _fixture.Clock.GetUtcNow()));
        await _fixture.AddEventsAsync(EventType.Deleted, "ann");
        Assert.Equal(["ann:3"], await _fixture.ReadCallsAsync(target, 1));
    }

    [Fact]
    public async Task A_delivery_that_a_stop_cancels_is_repeated_by_the_next_start()
    {
        var hanging = new ScriptedTarget("program", async (_, token) =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return DeliveryResult.Delivered;
        });
        EventDelivery stopped = await _fixture.StartAsync(hanging);
        await _fixture.AddEventsAsync("ann", "ann");
        Assert.Equal(["ann:1"], await _fixture.ReadCallsAsync(hanging, 1));
        await _fixture.AdvanceUntilAsync(Task.Run(async () =>
        {
            await stopped.DisposeAsync();
            return true;
        }));
        Assert.Empty(_fixture.Database.Marks);
        var target = new ScriptedTarget(_ => null);
        await using EventDelivery next = await _fixture.StartAsync(target);
        Assert.Equal(["ann:1", "ann:2"], await _fixture.ReadCallsAsync(target, 2));
    }

    [Fact]
    public async Task If_the_outcome_cannot_be_stored_it_is_stored_later_without_another_delivery()
    {
        _fixture.Database.FailuresOfMark = 3;
        var target = new ScriptedTarget(_ => null);
        await using EventDelivery delivery = await _fixture.StartAsync(target);
        await _fixture.AddEventsAsync("ann", "ann");
        Assert.Equal(["ann:1", "ann:2"], await _fixture.ReadCallsAsync(target, 2));
        await _fixture.Database.MarkFailed.Task.WithDeadline();
        await _fixture.WaitForMarksAsync(2);
        Assert.Equal(["ann:1 Delivered", "ann:2 Delivered"], _fixture.Database.Marks);
        Assert.False(target.Calls.TryRead(out _));
    }

    [Fact]
    public async Task A_target_that_throws_has_failed()
    {
        int calls = 0;
        var target = new ScriptedTarget(_ => Interlocked.Increment(ref calls) == 1 ? throw new InvalidOperationException("bug") : null);
        await using EventDelivery delivery = await _fixture.StartAsync(target);
        await _fixture.AddEventsAsync("ann");
        Assert.Equal(["ann:1", "ann:1"], await _fixture.ReadCallsAsync(target, 2));
    }

    [Fact]
    public async Task A_deleted_event_does_not_block_its_queue()
    {
        var broken = new ScriptedTarget(_ => "broken");
        await using (await _fixture.StartAsync(broken))
        {
            await _fixture.AddEventsAsync("ann", "ann");
            await _fixture.WaitForMarksAsync(1);
        }

        _fixture.Execute("DELETE FROM events WHERE id = 1");
        var target = new ScriptedTarget(_ => null);
        await using EventDelivery next = await _fixture.StartAsync(target);
        Assert.Equal(["ann:2"], await _fixture.ReadCallsAsync(target, 1));
    }

    [Fact]
    public async Task At_most_the_permitted_number_of_deliveries_runs_at_once_and_a_long_queue_lets_others_pass()
    {
        var gate = new SemaphoreSlim(0);
        var target = new ScriptedTarget("program", async (_, token) =>
        {
            await gate.WaitAsync(token);
            return DeliveryResult.Delivered;
        });
        await using EventDelivery delivery = await _fixture.StartAsync(target);
        string[] accounts = ["a", "b", "c", "d", "e"];
        await _fixture.AddEventsAsync([.. accounts.SelectMany(account => Enumerable.Repeat(account, 100))]);
        string[] first = await _fixture.ReadCallsAsync(target, 4);
        Assert.Equal(["a:1", "b:101", "c:201", "d:301"], first.Order());
        Assert.False(target.Calls.TryRead(out _));
        gate.Release(500);
        var calls = new List<string>();
        while (!calls.Contains("e:401"))
        {
            calls.AddRange(await _fixture.ReadCallsAsync(target, 1));
        }

        Assert.DoesNotContain("a:100", calls);
    }

    [Theory]
    [InlineData(400, "ann:1 ann:2 ann:3 bob:5 bob:6 ann:4")] // the third event ends after one second
    [InlineData(1001, "ann:1 bob:5 ann:2 bob:6 ann:3 ann:4")]
    [InlineData(100, "ann:1 ann:2 ann:3 ann:4 bob:5 bob:6")]
    public async Task After_one_second_the_turn_of_an_account_ends_and_another_account_follows(int milliseconds, string order)
    {
        var target = new ScriptedTarget(_ =>
        {
            _fixture.Clock.Advance(TimeSpan.FromMilliseconds(milliseconds)); // the delivery takes this time
            return null;
        });
        await using (await _fixture.StartAsync(target))
        {
            // The target is known from now on.
        }

        await _fixture.AddEventsAsync("ann", "ann", "ann", "ann", "bob", "bob");
        await using EventDelivery delivery = await _fixture.StartAsync(target, maxParallel: 1);
        var calls = new List<string>();
        while (calls.Count < 6)
        {
            calls.Add(await target.Calls.ReadAsync(Token).AsTask().WithDeadline()); // only the deliveries move the clock
        }

        Assert.Equal(order.Split(' '), calls);
    }
}
