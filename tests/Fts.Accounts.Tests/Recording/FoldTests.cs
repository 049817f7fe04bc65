using Fts.Accounts.Events;

namespace Fts.Accounts.Tests.Recording;

/// <summary>How settled events are moved to the database.</summary>
public sealed class FoldTests
{
    [Fact]
    public async Task Events_that_are_settled_during_a_transaction_are_added_by_the_next_call()
    {
        await using RecordsFixture records = await RecordsFixture.CreateAsync();
        List<int> batches = [];
        records.Database.Adding = batch =>
        {
            batches.Add(batch.Events.Count);
            Record(records, 2);
        };
        Record(records, 3);
        await records.Records.FlushAsync(RecordsFixture.Token);
        Assert.Equal([3], batches);
        await records.Records.FlushAsync(RecordsFixture.Token);
        Assert.Equal([3, 2], batches);
        records.Database.Adding = null;
    }

    [Fact]
    public async Task One_call_adds_all_settled_events_in_batches_and_only_the_last_can_wait()
    {
        await using RecordsFixture records = await RecordsFixture.CreateAsync();
        List<(int Count, bool CanWait)> batches = [];
        records.Database.Adding = batch => batches.Add((batch.Events.Count, batch.CanWait));
        Record(records, 4500);
        await records.Records.FlushAsync(RecordsFixture.Token);
        Assert.Equal([(2000, false), (2000, false), (500, true)], batches);
        Assert.Equal(4500, records.Database.Events.Count);
    }

    private static void Record(RecordsFixture records, int count)
    {
        for (int at = 0; at < count; at++)
        {
            records.Records.Record(new AccountEvent(EventType.Login, DateTimeOffset.UnixEpoch));
        }
    }
}
