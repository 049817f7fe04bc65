using Fts.Accounts.Events;
using Fts.Accounts.Quota;
using Fts.Storage;
using static Fts.Accounts.Tests.Recording.RecordsFixture;

namespace Fts.Accounts.Tests.Recording;

public sealed class RecordedStoreTests
{
    [Fact]
    public async Task Every_change_of_a_file_changes_the_usage_by_exactly_its_size()
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await fixture.SetQuotaAsync("ann", "/ann", 1000);
        IFileStore store = fixture.OpenSession("ann", "/ann");
        await StoreAsync(store, "/a", 100);
        Assert.Equal(new QuotaAmount(100, 1), fixture.GetUsed("/ann"));
        await StoreAsync(store, "/a", 40); // overwrites
        Assert.Equal(new QuotaAmount(40, 1), fixture.GetUsed("/ann"));
        await StoreAsync(store, "/a", 60, WriteStart.Append);
        Assert.Equal(new QuotaAmount(100, 1), fixture.GetUsed("/ann"));
        await StoreAsync(store, "/a", 10, WriteStart.FromOffset(20)); // overwrites in the middle, and keeps the rest
        Assert.Equal(new QuotaAmount(100, 1), fixture.GetUsed("/ann"));
        await StoreAsync(store, "/a", 30, WriteStart.FromOffset(100));
        Assert.Equal(new QuotaAmount(130, 1), fixture.GetUsed("/ann"));
        await StoreAsync(store, "/b", 5);
        await store.RenameAsync(At("/b"), At("/a"), replace: true, Token);
        Assert.Equal(new QuotaAmount(5, 1), fixture.GetUsed("/ann"));
        await store.DeleteFileAsync(At("/a"), Token);
        Assert.Equal(default, fixture.GetUsed("/ann"));
        Assert.Equal(default, fixture.GetReserved("/ann"));
    }

    [Fact]
    public async Task A_created_link_has_an_event_with_its_target_and_a_refused_one_has_none()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs symbolic links");
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        IFileStore store = fixture.OpenSession("ann");
        await StoreAsync(store, "/a", 5);
        await store.CreateLinkAsync(At("/link"), At("/a"), Token);
        await Assert.ThrowsAsync<StoreException>(() => store.CreateLinkAsync(At("/link"), At("/a"), Token).AsTask());
        await Assert.ThrowsAsync<StoreException>(() => store.CreateLinkAsync(At("/no/link"), At("/a"), Token).AsTask());
        Assert.Equal("a", new FileInfo(fixture.Served + "/link").LinkTarget);
        AccountEvent made = Assert.Single(await fixture.ReadEventsAsync(), each => each.Type == EventType.LinkMade);
        Assert.Equal(("ann", "/link", "/a"), (made.Account!, made.Path!, made.Target!));
    }

    [Fact]
    public async Task An_upload_beyond_the_quota_is_refused_before_its_bytes_are_written()
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await fixture.SetQuotaAsync("ann", "", 1000);
        IFileStore store = fixture.OpenSession("ann");
        await StoreAsync(store, "/a", 900);
        await using IFileWriter writer = await store.OpenWriteAsync(At("/b"), WriteStart.Replace, Token);
        StoreException exception = await Assert.ThrowsAsync<StoreException>(
            () => writer.WriteAsync(0, new byte[200], Token).AsTask());
        Assert.Equal(StoreError.QuotaExceeded, exception.Error);
        Assert.Equal("quota.bytes", exception.Rule);
        Assert.Equal("Quota exceeded (quota.bytes): 900 of 1000 bytes used, 200 more needed.", exception.Explanation);
        await writer.WriteAsync(0, new byte[100], Token);
        await writer.CommitAsync(Token);
        Assert.Equal(new QuotaAmount(1000, 2), fixture.GetUsed(""));
    }

    [Fact]
    public async Task Running_uploads_share_the_rest_of_the_quota()
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await fixture.SetQuotaAsync("ann", "", 1000);
        IFileStore store = fixture.OpenSession("ann");
        IFileWriter first = await store.OpenWriteAsync(At("/a"), WriteStart.Replace, Token);
        await first.WriteAsync(0, new byte[600], Token);
        await using IFileWriter second = await store.OpenWriteAsync(At("/b"), WriteStart.Replace, Token);
        StoreException exception = await Assert.ThrowsAsync<StoreException>(
            () => second.WriteAsync(0, new byte[500], Token).AsTask());
        Assert.Equal(
            "Quota exceeded (quota.bytes): 0 of 1000 bytes used and 600 reserved by running uploads, 500 more needed.",
            exception.Explanation);
        await first.DisposeAsync(); // the upload is discarded
        await second.WriteAsync(0, new byte[500], Token);
        Assert.Equal(new QuotaAmount(500, 1), fixture.GetReserved(""));
    }

    [Fact]
    public async Task Overwriting_a_file_needs_only_the_difference()
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await fixture.SetQuotaAsync("ann", "", 1000, files: 1);
        IFileStore store = fixture.OpenSession("ann");
        await StoreAsync(store, "/a", 900);
        await StoreAsync(store, "/a", 1000);
        Assert.Equal(new QuotaAmount(1000, 1), fixture.GetUsed(""));
        StoreException exception = await Assert.ThrowsAsync<StoreException>(() => StoreAsync(store, "/b", 0));
        Assert.Equal("Quota exceeded (quota.files): 1 of 1 files used, 1 more needed.", exception.Explanation);
    }

    [Fact]
    public async Task A_commit_is_refused_if_the_file_that_it_was_to_replace_is_gone_and_the_quota_is_full()
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await fixture.SetQuotaAsync("ann", "", 1000);
        IFileStore store = fixture.OpenSession("ann");
        await StoreAsync(store, "/a", 600);
        await using IFileWriter writer = await store.OpenWriteAsync(At("/a"), WriteStart.Replace, Token);
        await writer.WriteAsync(0, new byte[600], Token);
        await store.DeleteFileAsync(At("/a"), Token);
        await StoreAsync(store, "/b", 600);
        StoreException exception = await Assert.ThrowsAsync<StoreException>(() => writer.CommitAsync(Token).AsTask());
        Assert.Equal("Quota exceeded (quota.bytes): 600 of 1000 bytes used, 600 more needed.", exception.Explanation);
    }

    [Fact]
    public async Task A_rename_between_the_directories_of_accounts_moves_the_usage()
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await fixture.SetQuotaAsync("bob", "/bob", 1000);
        await fixture.SetQuotaAsync("eve", "/eve", 100);
        await fixture.SetQuotaAsync("admin", "", 5000);
        IFileStore store = fixture.OpenSession("admin");
        await store.CreateDirectoryAsync(At("/bob/d"), Token);
        await StoreAsync(store, "/bob/d/a", 70);
        await StoreAsync(store, "/bob/b", 200);
        Assert.Equal(new QuotaAmount(270, 2), fixture.GetUsed("/bob"));
        await store.RenameAsync(At("/bob/d"), At("/eve/d"), replace: false, Token);
        Assert.Equal(new QuotaAmount(200, 1), fixture.GetUsed("/bob"));
        Assert.Equal(new QuotaAmount(70, 1), fixture.GetUsed("/eve"));
        Assert.Equal(new QuotaAmount(270, 2), fixture.GetUsed(""));
        StoreException exception = await Assert.ThrowsAsync<StoreException>(
            () => store.RenameAsync(At("/bob/b"), At("/eve/b"), replace: false, Token).AsTask());
        Assert.Equal("Quota exceeded (quota.bytes): 70 of 100 bytes used, 200 more needed.", exception.Explanation);
        Assert.Equal(fixture.Count("/eve"), fixture.GetUsed("/eve"));
    }

    [Fact]
    public async Task Combining_parts_needs_no_quota_for_their_bytes_again()
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await fixture.SetQuotaAsync("ann", "", 100, files: 2);
        var files = new UserFiles(new Account("ann", Permissions.ReadWrite), fixture.OpenSession("ann"));
        await StoreAsync(fixture.OpenSession("ann"), "/1", 40);
        await StoreAsync(fixture.OpenSession("ann"), "/2", 60);
        await files.CombineAsync(At("/whole"), [At("/1"), At("/2")], null, Token);
        Assert.Equal(new QuotaAmount(100, 1), fixture.GetUsed(""));
        Assert.Equal(new QuotaAmount(100, 1), fixture.Count(""));
        Assert.Equal(
            [EventType.Uploaded, EventType.Uploaded, EventType.Uploaded, EventType.Deleted, EventType.Deleted],
            (await fixture.ReadEventsAsync()).Select(happened => happened.Type));
    }

    [Fact]
    public async Task Deleting_or_renaming_a_link_does_not_change_the_usage()
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await fixture.SetQuotaAsync("ann", "", 1000);
        IFileStore store = fixture.OpenSession("ann");
        await StoreAsync(store, "/a", 100);
        await store.CreateLinkAsync(At("/link"), At("/a"), Token);
        await StoreAsync(store, "/link", 50); // replaces the target of the link
        Assert.Equal(new QuotaAmount(50, 1), fixture.GetUsed(""));
        await store.RenameAsync(At("/link"), At("/other"), replace: false, Token);
        await store.DeleteFileAsync(At("/other"), Token);
        Assert.Equal(new QuotaAmount(50, 1), fixture.GetUsed(""));
        Assert.Equal(fixture.Count(""), fixture.GetUsed(""));
    }

    [Fact]
    public async Task Free_space_is_the_rest_of_the_quota()
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await fixture.SetQuotaAsync("ann", "", 1000);
        IFileStore store = fixture.OpenSession("ann");
        await StoreAsync(store, "/a", 300);
        Assert.Equal(700, await store.GetFreeSpaceAsync(StorePath.Root, Token));
    }

    [Fact]
    public async Task Each_change_has_one_event()
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        IFileStore store = fixture.OpenSession("ann");
        await store.CreateDirectoryAsync(At("/d"), Token);
        await StoreAsync(store, "/d/a", 10);
        await store.RenameAsync(At("/d/a"), At("/d/b\u0007"), replace: false, Token);
        await Assert.ThrowsAsync<StoreException>(() => store.DeleteFileAsync(At("/d/missing"), Token).AsTask());
        await Assert.ThrowsAsync<StoreException>(() => store.DeleteDirectoryAsync(At("/d"), Token).AsTask());
        await store.DeleteFileAsync(At("/d/b\u0007"), Token);
        await store.DeleteDirectoryAsync(At("/d"), Token);
        IReadOnlyList<AccountEvent> events = await fixture.ReadEventsAsync();
        Assert.Equal(
            [
                ("directory_made", "/d", null, null),
                ("uploaded", "/d/a", null, 10L),
                ("renamed", "/d/a", "/d/b\\x07", null),
                ("deleted", "/d/b\\x07", null, 10L),
                ("directory_removed", "/d", null, null),
            ],
            events.Select(happened => (EventTypes.GetName(happened.Type), happened.Path, happened.Target, happened.Bytes)));
        Assert.All(events, happened => Assert.Equal(("ann", "192.0.2.1", 7L), (happened.Account, happened.Address, happened.Session)));
    }

    internal static async Task StoreAsync(IFileStore store, string path, int length, WriteStart? start = null)
    {
        await using IFileWriter writer = await store.OpenWriteAsync(At(path), start ?? WriteStart.Replace, Token);
        await writer.WriteAsync(writer.StartOffset, new byte[length], Token);
        await writer.CommitAsync(Token);
    }
}
