using Fts.Storage.Memory;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Memory;

/// <summary>The capacity, an option of the memory store only.</summary>
public sealed class MemoryFileStoreTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_store_refuses_writes_and_keeps_its_files()
    {
        var store = new MemoryFileStore(capacity: 10);
        await store.WriteFileAsync("/file", "0123456789", Token);
        Assert.Equal(StoreError.NoSpace, await GetStoreErrorAsync(() => store.WriteFileAsync("/other", "x", Token)));
        Assert.Equal(["file"], (await store.ListAsync("/", Token)).Select(entry => entry.Name));
    }

    [Fact]
    public async Task Space_is_freed_by_deletions_replacements_renames_and_discarded_uploads()
    {
        var store = new MemoryFileStore(capacity: 10);
        for (int round = 0; round < 5; round++)
        {
            await store.WriteFileAsync("/file", "01234", Token);
            await store.WriteFileAsync("/other", "01234", Token);
            await store.RenameAsync(At("/other"), At("/file"), replace: true, Token);
            await using (IFileWriter writer = await store.OpenWriteAsync(At("/file"), WriteStart.Append, Token))
            {
                Assert.Equal(StoreError.NoSpace, await GetStoreErrorAsync(async () => await writer.WriteAsync(5, Bytes("012345"), Token)));
            }

            await store.WriteFileAsync("/file", "0", Token);
            await store.DeleteFileAsync(At("/file"), Token);
            await store.WriteFileAsync("/whole", "0123456789", Token);
            await store.DeleteFileAsync(At("/whole"), Token);
        }
    }

    [Fact]
    public async Task A_commit_to_a_deleted_directory_is_not_found()
    {
        var store = new MemoryFileStore();
        await store.CreateDirectoryAsync(At("/folder"), Token);
        await using IFileWriter writer = await store.OpenWriteAsync(At("/folder/file"), WriteStart.Replace, Token);
        await store.DeleteDirectoryAsync(At("/folder"), Token);
        Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await writer.CommitAsync(Token)));
    }

    [Fact]
    public async Task A_store_without_a_capacity_has_no_limit()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new MemoryFileStore(-1));
        var store = new MemoryFileStore();
        await store.WriteFileAsync(At("/file"), RandomBytes(5_000_000), Token);
        Assert.Equal(5_000_000, (await store.GetEntryAsync(At("/file"), Token))?.Length);
    }
}
