using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Contract;

public abstract class ListingContract(Func<StoreUnderTest> create) : FileStoreContract(create)
{
    [Fact]
    public async Task A_listing_returns_the_same_entries_as_GetEntryAsync()
    {
        await Store.WriteFileAsync("/file", "text", Token);
        await Store.WriteFileAsync("/empty", "", Token);
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        await Store.WriteFileAsync("/folder/inner", "more text", Token);
        await Store.SetMetadataAsync(At("/file"), new FileMetadata(new DateTime(2001, 2, 3, 4, 5, 6, 789, DateTimeKind.Utc)), Token);

        List<FileEntry> entries = await Store.ListAsync("/", Token);
        Assert.Equal(["empty", "file", "folder"], entries.Select(entry => entry.Name).Order(StringComparer.Ordinal));
        foreach (FileEntry entry in entries)
        {
            FileEntry found = Assert.NotNull(await Store.GetEntryAsync(StorePath.Root.Child(entry.Name), Token));
            Assert.Equal(
                (entry.Name, entry.Kind, entry.Length, entry.LastModified),
                (found.Name, found.Kind, found.Length, found.LastModified));
            Assert.Equal(DateTimeKind.Utc, entry.LastModified.Kind);
        }

        Assert.Equal(
            [("inner", EntryKind.File, 9L)],
            (await Store.ListAsync("/folder", Token)).Select(entry => (entry.Name, entry.Kind, entry.Length)));
    }

    [Fact]
    public async Task The_listing_of_an_empty_directory_is_empty()
    {
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        Assert.Empty(await Store.ListAsync("/folder", Token));
    }

    [Fact]
    public async Task A_directory_that_cannot_be_listed_is_refused_before_the_first_entry()
    {
        await Store.WriteFileAsync("/file", "text", Token);
        Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await Store.ListAsync(At("/missing"), Token)));
        Assert.Equal(StoreError.NotADirectory, await GetStoreErrorAsync(async () => await Store.ListAsync(At("/file"), Token)));
        Assert.Equal(StoreError.NotADirectory, await GetStoreErrorAsync(async () => await Store.ListAsync(At("/file/x"), Token)));
    }

    [Fact]
    public async Task A_hundred_thousand_entries_are_listed_once_each()
    {
        const int Count = 100_000;
        await UnderTest.SeedAsync(Enumerable.Range(0, Count).Select(number => $"file-{number}"), Token);

        IAsyncEnumerable<FileEntry> entries = await Store.ListAsync(StorePath.Root, Token);
        var wasListed = new bool[Count];
        await using IAsyncEnumerator<FileEntry> reading = entries.GetAsyncEnumerator(Token);
        for (int number = 0; number < Count; number++)
        {
            Assert.True(await reading.MoveNextAsync());
            Assert.Equal(EntryKind.File, reading.Current.Kind);
            ref bool mark = ref wasListed[int.Parse(reading.Current.Name.AsSpan(5), System.Globalization.CultureInfo.InvariantCulture)];
            Assert.False(mark);
            mark = true;
        }

        Assert.False(await reading.MoveNextAsync());
    }

    [Fact]
    public async Task A_listing_reads_a_large_directory_in_batches()
    {
        await UnderTest.SeedAsync(Enumerable.Range(0, 6000).Select(number => $"file-{number}"), Token);
        await using IAsyncEnumerator<FileEntry> reading = (await Store.ListAsync(StorePath.Root, Token)).GetAsyncEnumerator(Token);
        Assert.True(await reading.MoveNextAsync());
        for (int number = 0; number < 6000; number++)
        {
            await Store.DeleteFileAsync(At($"/file-{number}"), Token);
        }

        // If the whole directory had been read in advance, all entries would still be listed.
        int rest = 0;
        while (await reading.MoveNextAsync())
        {
            rest++;
        }

        Assert.InRange(rest, 0, 3000);
    }

    [Fact]
    public async Task Entries_that_stay_are_listed_while_others_are_created_and_deleted()
    {
        await UnderTest.SeedAsync(Enumerable.Range(0, 3000).Select(number => $"stays-{number}"), Token);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task changing = Task.Run(
            async () =>
            {
                for (int number = 0; !done.IsCancellationRequested; number = (number + 1) % 100)
                {
                    await Store.WriteFileAsync($"/goes-{number}", "text", Token);
                    await Store.RenameAsync(At($"/goes-{number}"), At($"/gone-{number}"), replace: true, Token);
                    await Store.DeleteFileAsync(At($"/gone-{number}"), Token);
                }
            },
            Token);

        for (int round = 0; round < 20; round++)
        {
            List<FileEntry> entries = await Store.ListAsync("/", Token);
            Assert.Equal(
                3000,
                entries.Where(entry => entry.Name.StartsWith("stays-", StringComparison.Ordinal)).DistinctBy(entry => entry.Name).Count());
            Assert.All(entries, entry => Assert.Matches("^(stays|goes|gone)-[0-9]+$", entry.Name));
        }

        await done.CancelAsync();
        await changing;
    }

    [Fact]
    public async Task A_listing_stops_when_it_is_cancelled()
    {
        await UnderTest.SeedAsync(Enumerable.Range(0, 10).Select(number => $"file-{number}"), Token);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        IAsyncEnumerable<FileEntry> entries = await Store.ListAsync(StorePath.Root, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (FileEntry entry in entries.WithCancellation(Token))
            {
                Assert.Fail(entry.Name);
            }
        });
    }
}
