using Fts.Accounts.Events;
using Fts.Accounts.Quota;
using Fts.Accounts.Recording;
using Fts.Accounts.Sql.Records;
using Fts.Accounts.Sql.Sqlite;

namespace Fts.AccountsSqlTests;

public sealed class SqlRecordDatabaseTests : IDisposable
{
    private static readonly DateTimeOffset Time = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly TemporaryDatabase _temporary = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public async Task Events_are_chained_over_several_batches_and_read_back_unchanged()
    {
        var records = new SqlRecordDatabase(_temporary.Database);
        AccountEvent full = new(EventType.Uploaded, Time.AddMicroseconds(7))
        {
            Account = "ann",
            Address = "192.0.2.1",
            Session = 3,
            Path = "/a\\xFF 😀",
            Target = "/b",
            Bytes = long.MaxValue,
            Verdict = "complete",
            Sha256 = new string('a', 64),
            Rule = "quota.bytes",
            Detail = "",
        };
        await records.AddAsync(new RecordBatch(4, [full, new AccountEvent(EventType.Login, Time)], []), Token);
        await records.AddAsync(new RecordBatch(null, [new AccountEvent(EventType.AccountChanged, Time)], []), Token);
        StoredEvent[] stored = await ReadAsync(records);
        Assert.Equal([1, 2, 3], stored.Select(each => each.Id));
        Assert.Equal([full, new(EventType.Login, Time), new(EventType.AccountChanged, Time)], stored.Select(each => each.Event));
        Assert.Null(await VerifyAsync(records));
        Assert.Equal([3L], (await ReadAsync(records, afterId: 2)).Select(each => each.Id));
    }

    [Fact]
    public async Task A_batch_of_the_journal_is_added_once()
    {
        var records = new SqlRecordDatabase(_temporary.Database);
        var batch = new RecordBatch(
            9, [new AccountEvent(EventType.Login, Time)], [new StoredUsage("/srv", new QuotaAmount(100, 1), null)]);
        await records.AddAsync(batch, Token);
        await records.AddAsync(batch, Token);
        await records.AddAsync(new RecordBatch(12, [], [new StoredUsage("/srv", new QuotaAmount(-40, 2), Time)]), Token);
        await records.AddAsync(new RecordBatch(13, [], [new StoredUsage("/srv", default, null)]), Token);
        RecordState state = await records.ReadStateAsync(Token);
        Assert.Equal(13, state.FoldedThrough);
        Assert.Equal([new StoredUsage("/srv", new QuotaAmount(60, 3), Time)], state.Usage);
        Assert.Single(await ReadAsync(records));
    }

    [Theory]
    [InlineData("UPDATE events SET bytes = 1 WHERE id = 700", 700)]
    [InlineData("UPDATE events SET account = NULL WHERE id = 1", 1)]
    [InlineData("UPDATE events SET time = time + 1 WHERE id = 1500", 1500)]
    [InlineData("UPDATE events SET hash = 'x' WHERE id = 5", 5)]
    [InlineData("DELETE FROM events WHERE id = 42", 42)]
    [InlineData("DELETE FROM events WHERE id > 1990", 1991)]
    [InlineData("DELETE FROM events", 1)]
    [InlineData("UPDATE events SET id = 5000 WHERE id = 2000", 2000)]
    public async Task A_change_by_another_program_is_found(string sql, long expectedId)
    {
        var records = new SqlRecordDatabase(_temporary.Database);
        AccountEvent[] events = [.. Enumerable.Range(0, 2000).Select(
            number => new AccountEvent(EventType.Deleted, Time.AddSeconds(number)) { Account = "ann", Bytes = number + 100 })];
        await records.AddAsync(new RecordBatch(1, events, []), Token);
        Assert.Null(await VerifyAsync(records));
        _temporary.Database.Write(session => session.Execute(sql));
        Assert.Equal(expectedId, (await VerifyAsync(records))?.Id);
    }

    [Fact]
    public async Task Two_connections_that_add_events_at_once_make_one_chain()
    {
        _ = _temporary.Database;
        using var second = SqliteDatabase.Open(_temporary.Path);
        SqlRecordDatabase[] writers = [new(_temporary.Database), new(second)];
        await Task.WhenAll(writers.Select((writer, number) => Task.Run(
            async () =>
            {
                for (int batch = 0; batch < 20; batch++)
                {
                    await writer.AddAsync(
                        new RecordBatch(null, [new AccountEvent(EventType.Login, Time) { Session = number }], []), Token);
                }
            },
            Token)));
        Assert.Equal(40, (await ReadAsync(writers[0])).Length);
        Assert.Null(await VerifyAsync(writers[1]));
    }

    private static async Task<StoredEvent[]> ReadAsync(SqlRecordDatabase records, long afterId = 0)
    {
        var events = new List<StoredEvent>();
        await foreach (StoredEvent stored in records.ReadEventsAsync(afterId, Token))
        {
            events.Add(stored);
        }

        return [.. events];
    }

    private static async Task<EventChainFault?> VerifyAsync(SqlRecordDatabase records) =>
        await EventChain.VerifyAsync(records.ReadEventsAsync(0, Token), await records.ReadHeadAsync(Token), Token);
}
