using Fts.Storage;
using Fts.Storage.Memory;

namespace Fts.Accounts.Tests;

/// <summary>Directories that are nested more deeply than a path can express.</summary>
public sealed class DirectoryTreeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_tree_deeper_than_the_longest_path_is_neither_measured_nor_deleted()
    {
        var store = new MemoryFileStore();
        StorePath top = StorePath.Root.Child("top"), path = top;
        for (int depth = 0; depth <= StorePath.MaxDepth; depth++, path = path.Child("d"))
        {
            await store.CreateDirectoryAsync(path, Token);
        }

        var files = new UserFiles(new Account("some", Permissions.ReadWrite), store);
        Assert.Equal(
            StoreError.NotSupported,
            (await Assert.ThrowsAsync<StoreException>(() => files.GetTreeSizeAsync(top, null, Token).AsTask())).Error);
        Assert.Equal(
            StoreError.NotSupported,
            (await Assert.ThrowsAsync<StoreException>(() => files.DeleteTreeAsync(top, null, Token).AsTask())).Error);
        Assert.NotNull(await store.GetEntryAsync(path.Parent, Token));
    }
}
