using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Contract;

/// <summary>A refused call changes nothing: the partial uploads of all uploaders stay.</summary>
public abstract class RefusalContract(Func<StoreUnderTest> create) : FileStoreContract(create)
{
    private static readonly WriteStart Anns = WriteStart.Replace.AsUpload("ann"), Bobs = WriteStart.Replace.AsUpload("bob");

    [Fact]
    public async Task A_folder_that_is_not_empty_keeps_its_partial_uploads()
    {
        await Store.CreateFolderAsync(At("/in"), Token);
        await InterruptAsync("/in/one", Anns, "ann's");
        await InterruptAsync("/in/two", Bobs, "of bob");
        await Store.PutAsync("/in/file", "text", Token);
        Assert.Equal(StoreError.NotEmpty, await RefusalAsync(async () => await Store.DeleteFolderAsync(At("/in"), Token)));
        await AssertPartialUploadsAsync("/in");

        await Store.DeleteFileAsync(At("/in/file"), Token);
        await Store.DeleteFolderAsync(At("/in"), Token);
        Assert.Null(await KindAsync("/in"));
        await AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task A_folder_with_an_upload_in_progress_keeps_its_partial_uploads()
    {
        await Store.CreateFolderAsync(At("/in"), Token);
        await InterruptAsync("/in/one", Anns, "ann's");
        await InterruptAsync("/in/two", Bobs, "of bob");
        await using (await OpenWriteAsync("/in/three", Anns))
        {
            Assert.Equal(StoreError.NotEmpty, await RefusalAsync(async () => await Store.DeleteFolderAsync(At("/in"), Token)));
            await AssertPartialUploadsAsync("/in");
        }

        await Store.DeleteFolderAsync(At("/in"), Token);
        await AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task A_folder_that_is_not_replaced_keeps_its_partial_uploads()
    {
        await Store.CreateFolderAsync(At("/old"), Token);
        await Store.PutAsync("/old/file", "text", Token);
        await Store.CreateFolderAsync(At("/in"), Token);
        await InterruptAsync("/in/one", Anns, "ann's");
        await InterruptAsync("/in/two", Bobs, "of bob");
        await Store.PutAsync("/in/file", "text", Token);
        Assert.Equal(StoreError.NotEmpty, await RefusalAsync(async () => await Store.RenameAsync(At("/old"), At("/in"), replace: true, Token)));
        Assert.Equal(StoreError.Exists, await RefusalAsync(async () => await Store.RenameAsync(At("/old"), At("/in"), replace: false, Token)));
        await AssertPartialUploadsAsync("/in");

        await Store.DeleteFileAsync(At("/in/file"), Token);
        Assert.Equal(StoreError.Exists, await RefusalAsync(async () => await Store.RenameAsync(At("/old"), At("/in"), replace: false, Token)));
        Assert.Equal(StoreError.NotAFile, await RefusalAsync(async () => await Store.RenameAsync(At("/old/file"), At("/in"), replace: true, Token)));
        await AssertPartialUploadsAsync("/in");

        await Store.RenameAsync(At("/old"), At("/in"), replace: true, Token);
        Assert.Equal("text", await Store.GetAsync("/in/file", Token));
        await Store.DeleteFileAsync(At("/in/file"), Token);
        await Store.DeleteFolderAsync(At("/in"), Token);
        await AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task A_file_that_is_not_deleted_keeps_its_partial_upload()
    {
        await InterruptAsync("/name", Anns, "ann's");
        await Store.CreateFolderAsync(At("/name"), Token);
        Assert.Equal(StoreError.NotAFile, await RefusalAsync(async () => await Store.DeleteFileAsync(At("/name"), "ann", Token)));
        Assert.Equal(5, (await Store.FindPendingAsync(At("/name"), "ann", Token))?.Length);
        await Store.DeleteFolderAsync(At("/name"), Token);
        Assert.Equal(StoreError.NotFound, await RefusalAsync(async () => await Store.DeleteFileAsync(At("/name"), "bob", Token)));
        Assert.Equal(5, (await Store.FindPendingAsync(At("/name"), "ann", Token))?.Length);
        await Store.DeleteFileAsync(At("/name"), "ann", Token);
        await AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task Deleting_a_file_discards_the_partial_upload_of_the_same_uploader()
    {
        foreach (WriteStart start in new[] { Anns, WriteStart.Append.AsUpload("ann") })
        {
            await Store.PutAsync("/name", "text", Token);
            await InterruptAsync("/name", Bobs, "of bob");
            await InterruptAsync("/name", start, "as long as the file");
            await Store.DeleteFileAsync(At("/name"), "ann", Token);
            Assert.Null(await KindAsync("/name"));
            Assert.Equal((null, 6), ((await Store.FindPendingAsync(At("/name"), "ann", Token))?.Length, (await Store.FindPendingAsync(At("/name"), "bob", Token))?.Length));
            await Store.DeleteFileAsync(At("/name"), "bob", Token);
            await AssertNothingIsLeftAsync();
        }
    }

    private async Task InterruptAsync(string path, WriteStart start, string text)
    {
        await using IFileWriter writer = await OpenWriteAsync(path, start);
        await writer.WriteAsync(writer.Start, Bytes(text), Token);
        Assert.NotNull(await writer.KeepAsync(Token));
    }

    private async Task AssertPartialUploadsAsync(string folder)
    {
        Assert.Equal(5, (await Store.FindPendingAsync(At($"{folder}/one"), "ann", Token))?.Length);
        Assert.Equal(6, (await Store.FindPendingAsync(At($"{folder}/two"), "bob", Token))?.Length);
    }

    /// <summary>On disk nothing hidden is left either.</summary>
    private async Task AssertNothingIsLeftAsync()
    {
        Assert.Empty(await Store.ListAsync("/", Token));
        Assert.Empty(UnderTest.Folder is { } folder ? Directory.GetFileSystemEntries(folder.Path) : []);
    }
}
