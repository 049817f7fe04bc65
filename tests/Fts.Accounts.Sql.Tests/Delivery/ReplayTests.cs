using Fts.Accounts.Delivery;
using Fts.Accounts.Sql.Delivery;

namespace Fts.AccountsSqlTests.Delivery;

public sealed class ReplayTests : IDisposable
{
    private readonly DeliveryFixture _fixture = new();
    private readonly ScriptedTarget _target = new(_ => null);

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Replayed_events_are_delivered_again_in_order_by_a_running_delivery()
    {
        await using EventDelivery delivery = await StartAndDeliverAsync("ann", "bob", "ann", "ann");
        Assert.Equal(3, Replay(new ReplaySelection { Since = new DateTimeOffset(2030, 1, 1, 0, 0, 1, TimeSpan.Zero) }));
        string[] calls = await _fixture.ReadCallsAsync(_target, 3);
        Assert.Equal(["ann:3", "ann:4", "bob:2"], calls.Order());
        Assert.Equal(["ann:3", "ann:4"], calls.Where(call => call != "bob:2"));
        await _fixture.WaitForMarksAsync(7);
        Assert.Equal(0, Assert.Single(_fixture.Administration.ReadTargets()).Pending);
    }

    [Fact]
    public async Task One_event_is_replayed_by_its_number_and_an_unknown_number_replays_nothing()
    {
        await using EventDelivery delivery = await StartAndDeliverAsync("ann", "ann");
        Assert.Equal(0, Replay(new ReplaySelection { Id = 3 }));
        Assert.Equal(1, Replay(new ReplaySelection { Id = 2 }));
        Assert.Equal(["ann:2"], await _fixture.ReadCallsAsync(_target, 1));
    }

    [Fact]
    public async Task Dead_letters_of_one_target_are_replayed_with_all_their_attempts()
    {
        bool isBroken = true;
        var target = new ScriptedTarget(_ => Volatile.Read(ref isBroken) ? "broken" : null);
        await using EventDelivery delivery = await _fixture.StartAsync(target, maxAttempts: 2);
        await _fixture.AddEventsAsync("ann", "ann");
        await _fixture.WaitForMarksAsync(4);
        _ = await _fixture.ReadCallsAsync(target, 4);
        Assert.Equal(0, Replay(new ReplaySelection { IsDeadOnly = true, Target = "webhook" }));
        Assert.Equal(1, Replay(new ReplaySelection { IsDeadOnly = true, Id = 1 }));
        Assert.Equal(["ann:1", "ann:1"], await _fixture.ReadCallsAsync(target, 2));
        await _fixture.WaitForMarksAsync(6);
        Volatile.Write(ref isBroken, false);
        Assert.Equal(2, Replay(new ReplaySelection { IsDeadOnly = true }));
        Assert.Equal(["ann:1", "ann:2"], await _fixture.ReadCallsAsync(target, 2));
        await _fixture.WaitForMarksAsync(8);
        Assert.Empty(_fixture.Administration.ReadDead(null));
    }

    [Fact]
    public async Task A_replay_ends_the_pause_of_a_waiting_event()
    {
        var target = new ScriptedTarget(_ => "broken");
        await using (await _fixture.StartAsync(target))
        {
            await _fixture.AddEventsAsync("ann");
            await _fixture.WaitForMarksAsync(8);
        }

        TargetState before = Assert.Single(_fixture.Administration.ReadTargets());
        Assert.Equal((1L, "broken"), (before.Pending, before.LastError));
        Replay(new ReplaySelection { Id = 1 });
        DueQueues due = await _fixture.Database.ReadDueAsync(
            "program", _fixture.Clock.GetUtcNow(), 10, TestContext.Current.CancellationToken);
        Assert.Equal(["ann"], due.Accounts);
        Assert.Null(Assert.Single(_fixture.Administration.ReadTargets()).LastError);
    }

    [Fact]
    public async Task A_clock_that_is_set_back_does_not_stop_the_events()
    {
        await using (await _fixture.StartAsync(new ScriptedTarget(_ => "broken")))
        {
            await _fixture.AddEventsAsync("ann");
            await _fixture.WaitForMarksAsync(8);
        }

        DateTimeOffset now = _fixture.Clock.GetUtcNow();
        Assert.Empty((await ReadDueAsync(now)).Accounts);
        Assert.Equal(["ann"], (await ReadDueAsync(now.AddDays(-1))).Accounts);
        Assert.Null((await ReadDueAsync(now.AddDays(-1))).NextTime);
    }

    private ValueTask<DueQueues> ReadDueAsync(DateTimeOffset now) =>
        _fixture.Database.ReadDueAsync("program", now, 10, TestContext.Current.CancellationToken);

    private int Replay(ReplaySelection selection) => _fixture.Administration.Replay(selection, _fixture.Clock.GetUtcNow());

    private async Task<EventDelivery> StartAndDeliverAsync(params string[] accounts)
    {
        EventDelivery delivery = await _fixture.StartAsync(_target);
        await _fixture.AddEventsAsync(accounts);
        _ = await _fixture.ReadCallsAsync(_target, accounts.Length);
        await _fixture.WaitForMarksAsync(accounts.Length);
        return delivery;
    }
}
