using Fts.Accounts.Events;
using Fts.Accounts.Quota;
using Fts.Storage;
using static Fts.Accounts.Tests.Recording.RecordsFixture;

namespace Fts.Accounts.Tests.Recording;

/// <summary>Sessions that change the same files at the same time. The usage is exact at the end, and never exceeds the limit.</summary>
public sealed class ConcurrentQuotaTests
{
    private const int Sessions = 8, Operations = 150, Limit = 20_000;

    [Fact]
    public async Task The_usage_never_exceeds_the_limit_and_equals_the_files_on_disk()
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await PrepareAsync(fixture);
        Task[] sessions = [.. Enumerable.Range(0, Sessions).Select(number => Task.Run(() => ChangeAsync(fixture, number), Token))];
        Task all = Task.WhenAll(sessions);
        while (!all.IsCompleted)
        {
            QuotaUsage usage = fixture.Records.Ledger.GetUsage(fixture.Served, "admin")!;
            Assert.InRange(usage.Used.Bytes + usage.Reserved.Bytes, 0, Limit);
            await Task.Yield();
        }

        await all;
        AssertExact(fixture);
    }

    [Fact]
    public async Task A_count_during_changes_gives_the_exact_usage()
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await PrepareAsync(fixture);
        Task all = Task.WhenAll(Enumerable.Range(0, Sessions).Select(number => Task.Run(() => ChangeAsync(fixture, number), Token)));
        while (!all.IsCompleted)
        {
            try
            {
                Assert.Equal(default(QuotaAmount), await fixture.Records.RecountAsync(fixture.Served, Token));
                Assert.Equal(default(QuotaAmount), await fixture.Records.RecountAsync(fixture.Served + "/a", Token));
            }
            catch (StoreException e) when (e.Error == StoreError.Busy)
            {
                // Directories were moved during all attempts.
            }
        }

        await all;
        AssertExact(fixture);
    }

    [Fact]
    public async Task A_journal_that_is_copied_at_any_time_gives_the_usage_of_the_files_at_a_restart()
    {
        for (int round = 0; round < 10; round++)
        {
            await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
            await PrepareAsync(fixture);
            // Before its random number of operations, each session stops where it is: between two operations.
            await Task.WhenAll(Enumerable.Range(0, Sessions)
                .Select(number => Task.Run(() => ChangeAsync(fixture, (round * Sessions) + number, operations: 20 + (round * 5)), Token)));
            int events = (await fixture.ReadEventsAsync()).Count;
            await fixture.RestartAsync(fixture.CopyJournal());
            AssertExact(fixture);
            Assert.Equal(events, (await fixture.ReadEventsAsync()).Count);
            Assert.Null(await EventChain.VerifyAsync(
                fixture.Database.ReadEventsAsync(0, Token), await fixture.Database.ReadHeadAsync(Token), Token));
        }
    }

    private static async Task PrepareAsync(RecordsFixture fixture)
    {
        await fixture.SetQuotaAsync("admin", "", Limit);
        await fixture.SetQuotaAsync("ann", "/a", 8000, files: 12);
        Directory.CreateDirectory(fixture.Served + "/b/sub");
    }

    private static void AssertExact(RecordsFixture fixture)
    {
        Assert.Equal(fixture.Count(""), fixture.GetUsed(""));
        Assert.Equal(fixture.Count("/a"), fixture.GetUsed("/a"));
        Assert.Equal(default, fixture.GetReserved(""));
        Assert.Equal(default, fixture.GetReserved("/a"));
    }

    private static async Task ChangeAsync(RecordsFixture fixture, int seed, int operations = Operations)
    {
        var random = new Random(seed);
        IFileStore store = fixture.OpenSession("admin");
        var files = new UserFiles(new Account("admin", Permissions.ReadWrite), store);
        string Any() => random.GetItems(new[] { "/a", "/b", "/b/sub" }, 1)[0] + "/" + random.Next(6);
        for (int at = 0; at < operations; at++)
        {
            try
            {
                switch (random.Next(10))
                {
                    case < 3:
                        await RecordedStoreTests.StoreAsync(store, Any(), random.Next(3000));
                        break;
                    case 3:
                        await RecordedStoreTests.StoreAsync(store, Any(), random.Next(1000), WriteStart.Append);
                        break;
                    case 4:
                        await RecordedStoreTests.StoreAsync(store, Any(), random.Next(1000), WriteStart.FromOffset(random.Next(500)));
                        break;
                    case 5:
                        await store.DeleteFileAsync(At(Any()), Token);
                        break;
                    case 6:
                        await store.RenameAsync(At(Any()), At(Any()), replace: random.Next(2) == 0, Token);
                        break;
                    case 7:
                        await files.CombineAsync(At(Any()), [At(Any()), At(Any())], null, Token);
                        break;
                    case 8:
                        await files.CopyAsync(At(Any()), At(Any()), null, Token);
                        break;
                    default:
                        await store.RenameAsync(At("/b/sub"), At("/a/sub"), replace: false, Token);
                        await store.RenameAsync(At("/a/sub"), At("/b/sub"), replace: false, Token);
                        break;
                }
            }
            catch (StoreException)
            {
                // The file is missing or busy, or the quota is full.
            }
        }
    }
}
