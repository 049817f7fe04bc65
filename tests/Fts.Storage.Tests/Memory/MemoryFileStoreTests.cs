using Fts.Storage.Memory;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Memory;

/// <summary>What only memory has: a capacity.</summary>
public sealed class MemoryFileStoreTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_store_says_so_and_keeps_what_it_has()
    {
        var store = new MemoryFileStore(capacity: 10);
        await store.PutAsync("/file", "0123456789", Token);
        Assert.Equal(StoreError.NoSpace, await GetStoreErrorAsync(() => store.PutAsync("/other", "x", Token)));
        Assert.Equal(["file"], (await store.ListAsync("/", Token)).Select(entry => entry.Name));
    }

    [Fact]
    public async Task Space_comes_back_from_what_is_removed_replaced_renamed_over_or_never_committed()
    {
        var store = new MemoryFileStore(capacity: 10);
        for (int round = 0; round < 5; round++)
        {
            await store.PutAsync("/file", "01234", Token);
            await store.PutAsync("/other", "01234", Token);
            await store.RenameAsync(At("/other"), At("/file"), replace: true, Token);
            await using (IFileWriter writer = await store.OpenWriteAsync(At("/file"), WriteStart.Append, Token))
            {
                Assert.Equal(StoreError.NoSpace, await GetStoreErrorAsync(async () => await writer.WriteAsync(5, Bytes("x"), Token)));
            }

            await store.PutAsync("/file", "0", Token);
            await store.DeleteFileAsync(At("/file"), Token);
            await store.PutAsync("/whole", "0123456789", Token);
            await store.DeleteFileAsync(At("/whole"), Token);
        }
    }

    [Fact]
    public async Task A_folder_gone_during_an_upload_is_not_found_at_its_commit()
    {
        var store = new MemoryFileStore();
        await store.CreateDirectoryAsync(At("/folder"), Token);
        await using IFileWriter writer = await store.OpenWriteAsync(At("/folder/file"), WriteStart.Replace, Token);
        await store.DeleteDirectoryAsync(At("/folder"), Token);
        Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await writer.CommitAsync(Token)));
    }

    [Fact]
    public async Task A_store_without_capacity_takes_what_memory_takes()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new MemoryFileStore(-1));
        var store = new MemoryFileStore();
        await store.PutAsync(At("/file"), Pattern(5_000_000), Token);
        Assert.Equal(5_000_000, (await store.GetEntryAsync(At("/file"), Token))?.Length);
    }
}
