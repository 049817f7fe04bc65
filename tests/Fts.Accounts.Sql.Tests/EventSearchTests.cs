using System.Net;
using Fts.Accounts.Events;
using Fts.Accounts.Recording;
using Fts.Accounts.Sql.Records;
using Fts.Accounts.Sql.Sqlite;
using Fts.Storage;

namespace Fts.AccountsSqlTests;

/// <summary>Searches for events.</summary>
public sealed class EventSearchTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 0, 0, TimeSpan.Zero);

    private readonly TemporaryDatabase _temporary = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private SqlRecordDatabase Records => new(_temporary.Database);

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public async Task Each_property_excludes_events()
    {
        await AddAsync(
            Create(EventType.Login, "ann", "192.0.2.1"),
            Create(EventType.Uploaded, "ann", "192.0.2.1", "/a"),
            Create(EventType.Login, "bob", "2001:db8::1"),
            Create(EventType.Banned, "bob", "2001:db8::/64"),
            Create(EventType.Uploaded, "ann", "192.0.2.2", "/b"));
        Assert.Equal([1, 2, 3, 4, 5], await FindAsync(new EventFilter()));
        Assert.Equal([1, 2, 5], await FindAsync(new EventFilter { Account = "ann" }));
        Assert.Equal([1, 2], await FindAsync(new EventFilter { Address = IPAddress.Parse("192.0.2.1") }));
        Assert.Equal([1, 2], await FindAsync(new EventFilter { Address = IPAddress.Parse("::ffff:192.0.2.1") }));
        Assert.Equal([3, 4], await FindAsync(new EventFilter { Address = IPAddress.Parse("2001:db8::1") }));
        Assert.Equal([1, 3, 4], await FindAsync(new EventFilter { Types = [EventType.Login, EventType.Banned] }));
        Assert.Equal([3, 4, 5], await FindAsync(new EventFilter { Since = Start.AddMinutes(2) }));
        Assert.Equal([1, 2], await FindAsync(new EventFilter { Until = Start.AddMinutes(2) }));
        Assert.Equal([2], await FindAsync(new EventFilter
        {
            Account = "ann",
            Types = [EventType.Uploaded],
            Since = Start.AddMinutes(1),
            Until = Start.AddMinutes(4),
            Address = IPAddress.Parse("192.0.2.1"),
        }));
        Assert.Empty(await FindAsync(new EventFilter { Since = Start.AddDays(1) }));
        Assert.Empty(await FindAsync(new EventFilter { Until = Start }));
        Assert.Empty(await FindAsync(new EventFilter { Account = "an" }));
    }

    [Fact]
    public async Task The_newest_events_are_selected_and_older_ones_reported()
    {
        await AddAsync(
            [.. Enumerable.Range(0, 2500).Select(number => Create(EventType.Login, number % 2 == 0 ? "ann" : "bob", "192.0.2.1"))]);
        EventSelection newest = await Records.FindEventsAsync(new EventFilter { Account = "ann", Limit = 2 }, Token);
        Assert.Equal([2497, 2499], newest.Ids);
        Assert.True(newest.HasOlder);
        EventSelection all = await Records.FindEventsAsync(new EventFilter { Limit = 2500 }, Token);
        Assert.Equal(2500, all.Ids.Count);
        Assert.False(all.HasOlder);
        var read = new List<long>();
        await foreach (StoredEvent stored in Records.ReadEventsAsync([7, 9999, .. all.Ids], Token))
        {
            read.Add(stored.Id);
        }

        Assert.Equal([7, .. all.Ids], read);
    }

    [Fact]
    public async Task A_path_selects_the_entry_and_all_entries_below_it()
    {
        await AddAsync(
            Create(EventType.DirectoryMade, "ann", null, "/in"),
            Create(EventType.Uploaded, "ann", null, "/in/a"),
            Create(EventType.Uploaded, "bob", null, "/in0"),
            Create(EventType.Uploaded, "bob", null, "/in!"),
            Create(EventType.Uploaded, "bob", null, "/x/in/a"),
            Create(EventType.Renamed, "bob", null, "/x/in/a", "/in/b"),
            Create(EventType.Uploaded, "bob", null, "/in/\\x0A"),
            Create(EventType.Login, "bob", "192.0.2.1"));
        Assert.Equal([1, 2, 6, 7], await FindAsync(At("/in")));
        Assert.Equal([5, 6], await FindAsync(At("/in/b")));
        Assert.Equal([2], await FindAsync(At("/in/a")));
        Assert.Equal([7], await FindAsync(At("/in/\\x0A")));
        Assert.Equal([1, 2], await FindAsync(At("/in") with { Account = "ann" }));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], await FindAsync(At("/")));
        Assert.Equal([7], await FindAsync(At("/in") with { Limit = 1 }));
    }

    [Fact]
    public async Task The_earlier_names_of_a_file_and_of_its_directories_are_followed()
    {
        await AddAsync(
            Create(EventType.Uploaded, "ann", null, "/old/draft"), // 1: the file
            Create(EventType.Uploaded, "bob", null, "/old/other"),
            Create(EventType.Renamed, "ann", null, "/old/draft", "/old/report"), // 3
            Create(EventType.Uploaded, "bob", null, "/old/draft"), // 4: a later file with the old name
            Create(EventType.Downloaded, "bob", null, "/old/report"), // 5
            Create(EventType.Renamed, "ann", null, "/old", "/new"), // 6: the directory
            Create(EventType.Uploaded, "bob", null, "/old/report"), // 7: a file in another directory with the old name
            Create(EventType.Deleted, "bob", null, "/new/report")); // 8
        Assert.Equal([1, 3, 5, 6, 8], await FindAsync(At("/new/report")));
        Assert.Equal([3, 5, 7], await FindAsync(At("/old/report") with { Since = Start.AddMinutes(1) }));
        Assert.Equal([1, 3, 6], await FindAsync(At("/new/report") with { Account = "ann" }));
    }

    [Fact]
    public async Task Renames_in_a_circle_end()
    {
        await AddAsync(
            Create(EventType.Uploaded, "ann", null, "/a"),
            Create(EventType.Renamed, "ann", null, "/a", "/b"),
            Create(EventType.Renamed, "ann", null, "/b", "/a"),
            Create(EventType.Renamed, "ann", null, "/a", "/b"));
        Assert.Equal([1, 2, 3, 4], await FindAsync(At("/b")));
    }

    [Fact]
    public async Task An_event_that_was_stored_late_is_found_by_its_time()
    {
        await AddAsync(Create(EventType.Login, "ann", null), Create(EventType.Login, "ann", null));
        await Records.AddAsync(new RecordBatch(null, [new AccountEvent(EventType.Uploaded, Start) { Path = "/a" }], []), Token);
        Assert.Equal([1, 3], await FindAsync(new EventFilter { Until = Start.AddSeconds(1) }));
        Assert.Equal([2], await FindAsync(new EventFilter { Since = Start.AddSeconds(1) }));
    }

    [Theory]
    [InlineData("UPDATE events SET id = 0 - id WHERE id IN (5, 6)", -6)]
    [InlineData("DELETE FROM events WHERE id = 4", 4)]
    [InlineData("UPDATE events SET path = '/z' WHERE id = 9", 9)]
    [InlineData("UPDATE events SET hash = (SELECT hash FROM events WHERE id = 1) WHERE id = 3", 3)]
    [InlineData(Swap, 5)]
    [InlineData("UPDATE record_state SET last_event_id = 9", 10)]
    [InlineData("UPDATE record_state SET last_event_id = 11", 11)]
    public async Task Verification_names_the_first_wrong_event(string sql, long expectedId)
    {
        await AddAsync([.. Enumerable.Range(0, 10).Select(number => Create(EventType.Uploaded, "ann", null, $"/{number}"))]);
        (EventChainFault? fault, EventChainHead head) = await Records.VerifyEventsAsync(Token);
        Assert.Null(fault);
        Assert.Equal(10, head.Id);
        _temporary.Database.Write(session =>
        {
            foreach (string statement in sql.Split(';'))
            {
                session.Execute(statement);
            }

            return true;
        });
        (fault, _) = await Records.VerifyEventsAsync(Token);
        Assert.Equal(expectedId, fault?.Id);
    }

    [Fact]
    public async Task Events_that_a_server_adds_meanwhile_do_not_disturb_the_verification()
    {
        await AddAsync(Create(EventType.Login, "ann", null));
        using var second = SqliteDatabase.Open(_temporary.Path);
        var server = new SqlRecordDatabase(second);
        Task adding = Task.Run(
            async () =>
            {
                for (int batch = 0; batch < 50; batch++)
                {
                    await server.AddAsync(new RecordBatch(null, [Create(EventType.Login, "ann", null)], []), Token);
                }
            },
            Token);
        bool isLast;
        do
        {
            isLast = adding.IsCompleted;
            (EventChainFault? fault, _) = await Records.VerifyEventsAsync(Token);
            Assert.Null(fault);
        }
        while (!isLast);
        await adding;
        Assert.Equal(51, (await Records.VerifyEventsAsync(Token)).Head.Id);
    }

    /// <summary>Exchanges two events.</summary>
    private const string Swap =
        "UPDATE events SET id = 100 WHERE id = 5;UPDATE events SET id = 5 WHERE id = 6;UPDATE events SET id = 6 WHERE id = 100";

    private static EventFilter At(string path) => new() { Path = StorePath.Root.Resolve(path) };

    private static AccountEvent Create(EventType type, string? account, string? address, string? path = null, string? target = null) =>
        new(type, Start) { Account = account, Address = address, Path = path, Target = target };

    /// <summary>Adds events, each one minute after the one before.</summary>
    private async Task AddAsync(params AccountEvent[] events) => await Records.AddAsync(
        new RecordBatch(null, [.. events.Select((each, at) => each with { Time = Start.AddMinutes(at) })], []), Token);

    private async Task<IReadOnlyList<long>> FindAsync(EventFilter filter) => (await Records.FindEventsAsync(filter, Token)).Ids;
}
