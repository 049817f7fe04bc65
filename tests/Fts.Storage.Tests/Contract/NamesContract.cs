using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Contract;

public abstract class NamesContract(Func<StoreUnderTest> create) : FileStoreContract(create)
{
    private const string Reserved = PathRules.StagingPrefix + "0123456789abcdef";

    [Theory]
    [InlineData("with spaces")]
    [InlineData(" leading and trailing ")]
    [InlineData("-rf")]
    [InlineData("--help")]
    [InlineData("\"quoted\" 'twice'")]
    [InlineData("back\\slash")]
    [InlineData("%2e%2e")]
    [InlineData("...")]
    [InlineData(".hidden")]
    [InlineData("~")]
    [InlineData("tab\tand bell\a")]
    [InlineData("*?[a]{b}")]
    [InlineData("Größe")]
    [InlineData("日本語.txt")]
    [InlineData("🦊")]
    [InlineData("cafe\u0301")]
    public async Task A_name_is_stored_unchanged(string name)
    {
        StorePath path = StorePath.Root.Child(name);
        await Store.WriteFileAsync(path, Bytes("text"), Token);
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        await Store.RenameAsync(path, At("/folder").Child(name), replace: false, Token);
        Assert.Equal([name], (await Store.ListAsync("/folder", Token)).Select(entry => entry.Name));
        Assert.Equal(Bytes("text"), await Store.ReadFileAsync(At("/folder").Child(name), Token));
        Assert.Equal(name, (await Store.GetEntryAsync(At("/folder").Child(name), Token))?.Name);
        await Store.DeleteFileAsync(At("/folder").Child(name), Token);
        await Store.CreateDirectoryAsync(At("/folder").Child(name), Token);
        await Store.DeleteDirectoryAsync(At("/folder").Child(name), Token);
    }

    [Fact]
    public async Task The_longest_name_works()
    {
        StorePath path = StorePath.Root.Child(new string('x', StorePath.MaxNameBytes));
        await Store.WriteFileAsync(path, Bytes("text"), Token);
        Assert.Equal(Bytes("text"), await Store.ReadFileAsync(path, Token));
    }

    [Fact]
    public async Task Names_that_differ_in_case_are_different_files()
    {
        await Store.WriteFileAsync("/File", "upper", Token);
        await Store.WriteFileAsync("/file", "lower", Token);
        Assert.Equal("upper", await Store.ReadFileAsync("/File", Token));
    }

    [Theory]
    [InlineData("/" + Reserved)]
    [InlineData("/folder/" + Reserved)]
    [InlineData("/" + Reserved + "/inner")]
    [InlineData("/.FTS-Pending-x")]
    [InlineData("/.ft\u017F-pending-x")]
    [InlineData("/.fts\u200C-pend\uFEFFing-x")]
    [InlineData("/folder/FTS-PE~1")]
    public async Task Reserved_names_do_not_exist_and_cannot_be_created(string path)
    {
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        await Store.WriteFileAsync("/file", "text", Token);
        Assert.Null(await GetKindAsync(path));
        Assert.Equal(StoreError.BadName, await GetWriteErrorAsync(path, WriteStart.Replace));
        Assert.Equal(StoreError.BadName, await GetStoreErrorAsync(async () => await Store.CreateDirectoryAsync(At(path), Token)));
        Assert.Equal(
            StoreError.BadName,
            await GetStoreErrorAsync(async () => await Store.RenameAsync(At("/file"), At(path), replace: true, Token)));
        Assert.Equal(
            StoreError.NotFound,
            await GetStoreErrorAsync(async () => await Store.RenameAsync(At(path), At("/new"), replace: true, Token)));
        Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await Store.OpenReadAsync(At(path), Token)));
        Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await Store.ListAsync(At(path), Token)));
        Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await Store.DeleteFileAsync(At(path), Token)));
        Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await Store.DeleteDirectoryAsync(At(path), Token)));
        Assert.Equal(
            StoreError.NotFound,
            await GetStoreErrorAsync(async () => await Store.SetMetadataAsync(At(path), new FileMetadata(DateTime.UnixEpoch), Token)));
    }
}
