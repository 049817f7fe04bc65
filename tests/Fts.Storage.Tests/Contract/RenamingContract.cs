using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Contract;

public abstract class RenamingContract(Func<StoreUnderTest> create) : FileStoreContract(create)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_is_renamed(bool replace)
    {
        await Store.PutAsync("/old", "text", Token);
        await Store.RenameAsync(At("/old"), At("/new"), replace, Token);
        Assert.Null(await KindAsync("/old"));
        Assert.Equal("text", await Store.GetAsync("/new", Token));
    }

    [Fact]
    public async Task A_file_is_moved_to_another_directory()
    {
        await Store.CreateDirectoryAsync(At("/a"), Token);
        await Store.CreateDirectoryAsync(At("/b"), Token);
        await Store.PutAsync("/a/file", "text", Token);
        await Store.RenameAsync(At("/a/file"), At("/b/file"), replace: false, Token);
        Assert.Empty(await Store.ListAsync("/a", Token));
        Assert.Equal("text", await Store.GetAsync("/b/file", Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_directory_is_renamed_with_its_contents(bool replace)
    {
        await Store.CreateDirectoryAsync(At("/old"), Token);
        await Store.CreateDirectoryAsync(At("/old/deep"), Token);
        await Store.PutAsync("/old/deep/file", "text", Token);
        await Store.RenameAsync(At("/old"), At("/new"), replace, Token);
        Assert.Null(await KindAsync("/old"));
        Assert.Equal("text", await Store.GetAsync("/new/deep/file", Token));
    }

    [Fact]
    public async Task A_rename_with_replacement_replaces_a_file()
    {
        await Store.PutAsync("/old", "old", Token);
        await Store.PutAsync("/new", "new and longer", Token);
        await Store.RenameAsync(At("/old"), At("/new"), replace: true, Token);
        Assert.Equal("old", await Store.GetAsync("/new", Token));
        Assert.Equal(["new"], (await Store.ListAsync("/", Token)).Select(entry => entry.Name));
    }

    [Fact]
    public async Task A_rename_without_replacement_does_not_replace_an_entry()
    {
        await Store.PutAsync("/old", "old", Token);
        await Store.PutAsync("/new", "new", Token);
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        Assert.Equal(StoreError.Exists, await RenameRefusalAsync("/old", "/new", replace: false));
        Assert.Equal(StoreError.Exists, await RenameRefusalAsync("/old", "/folder", replace: false));
        Assert.Equal(StoreError.Exists, await RenameRefusalAsync("/folder", "/new", replace: false));
        Assert.Equal(StoreError.Exists, await RenameRefusalAsync("/old", "/old", replace: false));
        Assert.Equal("old", await Store.GetAsync("/old", Token));
        Assert.Equal("new", await Store.GetAsync("/new", Token));
    }

    [Fact]
    public async Task Of_many_simultaneous_renames_to_one_new_name_one_succeeds()
    {
        await UnderTest.SeedAsync(Enumerable.Range(0, 400).Select(number => $"file-{number}"), Token);
        for (int round = 0; round < 20; round++)
        {
            StorePath one = At($"/one-{round}");
            int first = round * 20, of = round % 4, succeeded = 0;
            await Parallel.ForAsync(first, first + 20, Token, async (number, token) =>
            {
                try
                {
                    // Some rounds run one kind of call, and some rounds all kinds.
                    await ((of == 3 ? number % 3 : of) switch
                    {
                        0 => Store.RenameAsync(At($"/file-{number}"), one, replace: false, token).AsTask(),
                        1 => Store.CreateDirectoryAsync(one, token).AsTask(),
                        _ => CreateFileAsync(one, token),
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
            Assert.NotNull(await Store.GetEntryAsync(one, Token));
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
        await Store.PutAsync("/old/file", "text", Token);
        await Store.CreateDirectoryAsync(At("/empty"), Token);
        await Store.CreateDirectoryAsync(At("/full"), Token);
        await Store.PutAsync("/full/file", "other", Token);
        Assert.Equal(StoreError.NotEmpty, await RenameRefusalAsync("/old", "/full", replace: true));
        await Store.RenameAsync(At("/old"), At("/empty"), replace: true, Token);
        Assert.Equal("text", await Store.GetAsync("/empty/file", Token));
        Assert.Equal("other", await Store.GetAsync("/full/file", Token));
    }

    [Fact]
    public async Task Files_and_directories_do_not_replace_each_other()
    {
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        await Store.PutAsync("/file", "text", Token);
        Assert.Equal(StoreError.NotAFile, await RenameRefusalAsync("/file", "/folder", replace: true));
        Assert.Equal(StoreError.NotADirectory, await RenameRefusalAsync("/folder", "/file", replace: true));
        Assert.Equal("text", await Store.GetAsync("/file", Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_directory_is_not_moved_into_itself(bool replace)
    {
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        await Store.CreateDirectoryAsync(At("/folder/inner"), Token);
        Assert.Equal(StoreError.NotSupported, await RenameRefusalAsync("/folder", "/folder/new", replace));
        Assert.Equal(StoreError.NotSupported, await RenameRefusalAsync("/folder", "/folder/inner/new", replace));
        Assert.Equal(EntryKind.Directory, await KindAsync("/folder/inner"));
    }

    [Fact]
    public async Task A_rename_to_the_same_name_with_replacement_changes_nothing()
    {
        await Store.PutAsync("/file", "text", Token);
        await Store.RenameAsync(At("/file"), At("/file"), replace: true, Token);
        Assert.Equal("text", await Store.GetAsync("/file", Token));
    }

    [Fact]
    public async Task A_missing_entry_is_not_renamed()
    {
        await Store.PutAsync("/file", "text", Token);
        Assert.Equal(StoreError.NotFound, await RenameRefusalAsync("/missing", "/new", replace: true));
        Assert.Equal(StoreError.NotFound, await RenameRefusalAsync("/missing/file", "/new", replace: false));
        Assert.Equal(StoreError.NotFound, await RenameRefusalAsync("/file", "/missing/file", replace: false));
        Assert.Equal(StoreError.NotADirectory, await RenameRefusalAsync("/file", "/file/new", replace: false));
        Assert.Equal(StoreError.Denied, await RenameRefusalAsync("/", "/new", replace: true));
        Assert.Equal(StoreError.Denied, await RenameRefusalAsync("/file", "/", replace: true));
        Assert.Equal("text", await Store.GetAsync("/file", Token));
    }

    private Task<StoreError> RenameRefusalAsync(string source, string target, bool replace) =>
        GetStoreErrorAsync(async () => await Store.RenameAsync(At(source), At(target), replace, Token));
}
