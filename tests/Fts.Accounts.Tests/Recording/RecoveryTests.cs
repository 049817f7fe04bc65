using Fts.Accounts.Events;
using Fts.Accounts.Journal;
using Fts.Accounts.Quota;
using Fts.Accounts.Recording;
using Fts.Storage;
using static Fts.Accounts.Tests.Recording.RecordedStoreTests;
using static Fts.Accounts.Tests.Recording.RecordsFixture;

namespace Fts.Accounts.Tests.Recording;

/// <summary>What a restart finds after a kill. The journal of the killed process is a copy that was made at the moment of the kill.</summary>
public sealed class RecoveryTests
{
    [Fact]
    public async Task A_settled_change_survives_a_kill_before_it_reaches_the_database()
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await fixture.SetQuotaAsync("ann", "", 1000);
        await StoreAsync(fixture.OpenSession("ann"), "/a", 100);
        await fixture.RestartAsync(fixture.CopyJournal());
        Assert.Equal(new QuotaAmount(100, 1), fixture.GetUsed(""));
        Assert.Equal(EventType.Uploaded, Assert.Single(await fixture.ReadEventsAsync()).Type);
    }

    [Fact]
    public async Task A_change_that_reached_the_database_is_not_applied_twice()
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await fixture.SetQuotaAsync("ann", "", 1000);
        await StoreAsync(fixture.OpenSession("ann"), "/a", 100);
        string journal = fixture.CopyJournal();
        await fixture.Records.FlushAsync(Token);
        await fixture.RestartAsync(journal);
        Assert.Equal(new QuotaAmount(100, 1), fixture.GetUsed(""));
        Assert.Single(await fixture.ReadEventsAsync());
    }

    [Fact]
    public async Task After_a_kill_the_journal_is_stopped_only_when_all_directories_were_counted()
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await fixture.SetQuotaAsync("ann", "/ann", 1000);
        await fixture.SetQuotaAsync("bob", "/bob", 1000);
        await fixture.Records.FlushAsync(Token);
        string journal = fixture.CopyJournal();
        Assert.False(await WasStoppedAfterCountsAsync(fixture, journal, "/ann"));
        Assert.False(await WasStoppedAfterCountsAsync(fixture, journal, "/bob"));
        Assert.True(await WasStoppedAfterCountsAsync(fixture, journal, "/ann", "/bob"));
        Assert.True(await WasStoppedAfterCountsAsync(fixture, journal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_link_has_an_event_only_if_it_was_created_before_the_kill(bool isCreated)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs symbolic links");
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await StoreAsync(fixture.OpenSession("ann"), "/a", 5);
        string? journal = null;
        IFileStore store = fixture.Records.BeginSession("ann", null, null, new(fixture.Served))
            .Wrap(new KillingStore(fixture.OpenStore(fixture.Served)!, isCreated, () => journal ??= fixture.Kill()));
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.CreateLinkAsync(At("/link"), At("/a"), Token).AsTask());
        Assert.Equal(2, AccountRecords.CountPending(journal!, 0)); // the upload and the link
        await fixture.RestartAsync(journal!);
        Assert.Equal(isCreated ? 1 : 0, (await fixture.ReadEventsAsync()).Count(each => each.Type == EventType.LinkMade));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_upload_has_an_event_only_if_it_was_published_before_the_kill(bool isPublished)
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await fixture.SetQuotaAsync("ann", "", 1000);
        string? journal = null;
        IFileStore store = fixture.Records.BeginSession("ann", null, null, new(fixture.Served))
            .Wrap(new KillingStore(fixture.OpenStore(fixture.Served)!, isPublished, () => journal ??= fixture.Kill()));
        await using (IFileWriter writer = await store.OpenWriteAsync(At("/a"), WriteStart.Replace, Token))
        {
            await writer.WriteAsync(0, new byte[100], Token);
            await Assert.ThrowsAsync<InvalidOperationException>(() => writer.CommitAsync(Token).AsTask());
        }

        await fixture.RestartAsync(journal!);
        Assert.Equal(isPublished ? new QuotaAmount(100, 1) : default, fixture.GetUsed(""));
        Assert.Equal(isPublished ? 1 : 0, (await fixture.ReadEventsAsync()).Count);
        Assert.Equal(fixture.Count(""), fixture.GetUsed(""));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_deletion_has_an_event_only_if_it_happened_before_the_kill(bool isDeleted)
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await fixture.SetQuotaAsync("ann", "", 1000);
        await StoreAsync(fixture.OpenSession("ann"), "/a", 100);
        string? journal = null;
        IFileStore store = fixture.Records.BeginSession("ann", null, null, new(fixture.Served))
            .Wrap(new KillingStore(fixture.OpenStore(fixture.Served)!, isDeleted, () => journal ??= fixture.Kill()));
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.DeleteFileAsync(At("/a"), Token).AsTask());
        await fixture.RestartAsync(journal!);
        Assert.Equal(fixture.Count(""), fixture.GetUsed(""));
        Assert.Equal(isDeleted ? 2 : 1, (await fixture.ReadEventsAsync()).Count);
    }

    [Fact]
    public async Task After_a_kill_between_the_commit_and_the_deletion_of_the_parts_the_parts_are_deleted()
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await fixture.SetQuotaAsync("ann", "", 100);
        await StoreAsync(fixture.OpenSession("ann"), "/1", 40);
        await StoreAsync(fixture.OpenSession("ann"), "/2", 60);
        string? journal = null;
        IFileStore store = fixture.Records.BeginSession("ann", null, null, new(fixture.Served))
            .Wrap(new KillingStore(fixture.OpenStore(fixture.Served)!, isAfter: true, () => journal ??= fixture.Kill()));
        var files = new UserFiles(new Account("ann", Permissions.ReadWrite), store);
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => files.CombineAsync(At("/whole"), [At("/1"), At("/2")], null, Token).AsTask());
        Assert.Equal(200, fixture.Count("").Bytes);
        await fixture.RestartAsync(journal!);
        Assert.Equal(new QuotaAmount(100, 1), fixture.Count(""));
        Assert.Equal(new QuotaAmount(100, 1), fixture.GetUsed(""));
    }

    [Fact]
    public async Task A_file_that_was_changed_from_outside_is_corrected_by_a_count()
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await fixture.SetQuotaAsync("ann", "", 1000);
        await File.WriteAllBytesAsync(Path.Combine(fixture.Served, "outside"), new byte[300], Token);
        Assert.Equal(new QuotaAmount(300, 1), await fixture.Records.RecountAsync(fixture.Served, Token));
        Assert.Equal(new QuotaAmount(300, 1), fixture.GetUsed(""));
        await fixture.RestartAsync(fixture.CopyJournal());
        Assert.Equal(new QuotaAmount(300, 1), fixture.GetUsed(""));
    }

    private static async Task<bool> WasStoppedAfterCountsAsync(RecordsFixture fixture, string journal, params string[] homes)
    {
        await using (AccountRecords records = await fixture.OpenAsync(journal))
        {
            foreach (string home in homes)
            {
                await records.RecountAsync(fixture.Served + home, Token);
            }
        }

        return RecordJournal.Inspect(journal, (await fixture.Database.ReadStateAsync(Token)).FoldedThrough).WasStopped;
    }
}
