using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Contract;

public abstract class RenamingContract(Func<StoreUnderTest> create) : FileStoreContract(create)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_is_renamed(bool replace)
    {
        await Store.WriteFileAsync("/old", "text", Token);
        await Store.RenameAsync(At("/old"), At("/new"), replace, Token);
        Assert.Null(await GetKindAsync("/old"));
        Assert.Equal("text", await Store.ReadFileAsync("/new", Token));
    }

    [Fact]
    public async Task A_file_is_moved_to_another_directory()
    {
        await Store.CreateDirectoryAsync(At("/a"), Token);
        await Store.CreateDirectoryAsync(At("/b"), Token);
        await Store.WriteFileAsync("/a/file", "text", Token);
        await Store.RenameAsync(At("/a/file"), At("/b/file"), replace: false, Token);
        Assert.Empty(await Store.ListAsync("/a", Token));
        Assert.Equal("text", await Store.ReadFileAsync("/b/file", Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_directory_is_renamed_with_its_contents(bool replace)
    {
        await Store.CreateDirectoryAsync(At("/old"), Token);
        await Store.CreateDirectoryAsync(At("/old/deep"), Token);
        await Store.WriteFileAsync("/old/deep/file", "text", Token);
        await Store.RenameAsync(At("/old"), At("/new"), replace, Token);
        Assert.Null(await GetKindAsync("/old"));
        Assert.Equal("text", await Store.ReadFileAsync("/new/deep/file", Token));
    }

    [Fact]
    public async Task A_rename_with_replacement_replaces_a_file()
    {
        await Store.WriteFileAsync("/old", "old", Token);
        await Store.WriteFileAsync("/new", "new and longer", Token);
        await Store.RenameAsync(At("/old"), At("/new"), replace: true, Token);
        Assert.Equal("old", await Store.ReadFileAsync("/new", Token));
        Assert.Equal(["new"], (await Store.ListAsync("/", Token)).Select(entry => entry.Name));
    }

    [Fact]
    public async Task A_rename_without_replacement_does_not_replace_an_entry()
    {
        await Store.WriteFileAsync("/old", "old", Token);
        await Store.WriteFileAsync("/new", "new", Token);
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        Assert.Equal(StoreError.Exists, await GetRenameErrorAsync("/old", "/new", replace: false));
        Assert.Equal(StoreError.Exists, await GetRenameErrorAsync("/old", "/folder", replace: false));
        Assert.Equal(StoreError.Exists, await GetRenameErrorAsync("/folder", "/new", replace: false));
        Assert.Equal(StoreError.Exists, await GetRenameErrorAsync("/old", "/old", replace: false));
        Assert.Equal("old", await Store.ReadFileAsync("/old", Token));
        Assert.Equal("new", await Store.ReadFileAsync("/new", Token));
    }

    [Fact]
    public async Task Of_many_simultaneous_renames_to_one_new_name_one_succeeds()
    {
        await UnderTest.SeedAsync(Enumerable.Range(0, 400).Select(number => $"file-{number}"), Token);
        for (int round = 0; round < 20; round++)
        {
            StorePath target = At($"/one-{round}");
            int first = round * 20, kind = round % 4, succeeded = 0;
            await Parallel.ForAsync(first, first + 20, Token, async (number, token) =>
            {
                try
                {
                    // Some rounds run one kind of call, and some rounds all kinds.
                    await ((kind == 3 ? number % 3 : kind) switch
                    {
                        0 => Store.RenameAsync(At($"/file-{number}"), target, replace: false, token).AsTask(),
                        1 => Store.CreateDirectoryAsync(target, token).AsTask(),
                        _ => CreateFileAsync(target, token),
                    });
                    Interlocked.Increment(ref succeeded);
                }
                catch (StoreException exception)
                {
                    // An upload fails only at its commit if a directory has its name.
                    Assert.True(exception.Error is StoreError.Exists or StoreError.NotAFile, exception.Message);
                }
            });
            Assert.Equal(1, succeeded);
            Assert.NotNull(await Store.GetEntryAsync(target, Token));
        }
    }

    private async Task CreateFileAsync(StorePath path, CancellationToken cancellationToken)
    {
        await using IFileWriter writer = await Store.OpenWriteAsync(path, WriteStart.Create, cancellationToken);
        await writer.CommitAsync(cancellationToken);
    }

    [Fact]
    public async Task A_directory_replaces_only_an_empty_directory()
    {
        await Store.CreateDirectoryAsync(At("/old"), Token);
        await Store.WriteFileAsync("/old/file", "text", Token);
        await Store.CreateDirectoryAsync(At("/empty"), Token);
        await Store.CreateDirectoryAsync(At("/full"), Token);
        await Store.WriteFileAsync("/full/file", "other", Token);
        Assert.Equal(StoreError.NotEmpty, await GetRenameErrorAsync("/old", "/full", replace: true));
        await Store.RenameAsync(At("/old"), At("/empty"), replace: true, Token);
        Assert.Equal("text", await Store.ReadFileAsync("/empty/file", Token));
        Assert.Equal("other", await Store.ReadFileAsync("/full/file", Token));
    }

    [Fact]
    public async Task Files_and_directories_do_not_replace_each_other()
    {
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        await Store.WriteFileAsync("/file", "text", Token);
        Assert.Equal(StoreError.NotAFile, await GetRenameErrorAsync("/file", "/folder", replace: true));
        Assert.Equal(StoreError.NotADirectory, await GetRenameErrorAsync("/folder", "/file", replace: true));
        Assert.Equal("text", await Store.ReadFileAsync("/file", Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_directory_is_not_moved_into_itself(bool replace)
    {
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        await Store.CreateDirectoryAsync(At("/folder/inner"), Token);
        Assert.Equal(StoreError.NotSupported, await GetRenameErrorAsync("/folder", "/folder/new", replace));
        Assert.Equal(StoreError.NotSupported, await GetRenameErrorAsync("/folder", "/folder/inner/new", replace));
        Assert.Equal(EntryKind.Directory, await GetKindAsync("/folder/inner"));
    }

    [Fact]
    public async Task A_rename_to_the_same_name_with_replacement_changes_nothing()
    {
        await Store.WriteFileAsync("/file", "text", Token);
        await Store.RenameAsync(At("/file"), At("/file"), replace: true, Token);
        Assert.Equal("text", await Store.ReadFileAsync("/file", Token));
    }

    [Fact]
    public async Task A_missing_entry_is_not_renamed()
    {
        await Store.WriteFileAsync("/file", "text", Token);
        Assert.Equal(StoreError.NotFound, await GetRenameErrorAsync("/missing", "/new", replace: true));
        Assert.Equal(StoreError.NotFound, await GetRenameErrorAsync("/missing/file", "/new", replace: false));
        Assert.Equal(StoreError.NotFound, await GetRenameErrorAsync("/file", "/missing/file", replace: false));
        Assert.Equal(StoreError.NotADirectory, await GetRenameErrorAsync("/file", "/file/new", replace: false));
        Assert.Equal(StoreError.Denied, await GetRenameErrorAsync("/", "/new", replace: true));
        Assert.Equal(StoreError.Denied, await GetRenameErrorAsync("/file", "/", replace: true));
        Assert.Equal("text", await Store.ReadFileAsync("/file", Token));
    }

    private Task<StoreError> GetRenameErrorAsync(string source, string target, bool replace) =>
        GetStoreErrorAsync(async () => await Store.RenameAsync(At(source), At(target), replace, Token));
}
