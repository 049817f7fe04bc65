using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Contract;

/// <summary>A refused call changes nothing. The partial uploads of all uploaders stay.</summary>
public abstract class StoreErrorsContract(Func<StoreUnderTest> create) : FileStoreContract(create)
{
    private static readonly WriteStart UploadByAnn = WriteStart.Replace.WithUploader("ann");
    private static readonly WriteStart UploadByBob = WriteStart.Replace.WithUploader("bob");

    [Fact]
    public async Task A_directory_that_is_not_empty_keeps_its_partial_uploads()
    {
        await Store.CreateDirectoryAsync(At("/in"), Token);
        await InterruptAsync("/in/one", UploadByAnn, "ann's");
        await InterruptAsync("/in/two", UploadByBob, "of bob");
        await Store.PutAsync("/in/file", "text", Token);
        Assert.Equal(StoreError.NotEmpty, await GetStoreErrorAsync(async () => await Store.DeleteDirectoryAsync(At("/in"), Token)));
        await AssertPartialUploadsAsync("/in");

        await Store.DeleteFileAsync(At("/in/file"), Token);
        await Store.DeleteDirectoryAsync(At("/in"), Token);
        Assert.Null(await KindAsync("/in"));
        await AssertNoStagingFileIsLeftAsync();
    }

    [Fact]
    public async Task A_directory_with_an_upload_in_progress_keeps_its_partial_uploads()
    {
        await Store.CreateDirectoryAsync(At("/in"), Token);
        await InterruptAsync("/in/one", UploadByAnn, "ann's");
        await InterruptAsync("/in/two", UploadByBob, "of bob");
        await using (await OpenWriteAsync("/in/three", UploadByAnn))
        {
            Assert.Equal(StoreError.NotEmpty, await GetStoreErrorAsync(async () => await Store.DeleteDirectoryAsync(At("/in"), Token)));
            await AssertPartialUploadsAsync("/in");
        }

        await Store.DeleteDirectoryAsync(At("/in"), Token);
        await AssertNoStagingFileIsLeftAsync();
    }

    [Fact]
    public async Task A_directory_that_is_not_replaced_keeps_its_partial_uploads()
    {
        await Store.CreateDirectoryAsync(At("/old"), Token);
        await Store.PutAsync("/old/file", "text", Token);
        await Store.CreateDirectoryAsync(At("/in"), Token);
        await InterruptAsync("/in/one", UploadByAnn, "ann's");
        await InterruptAsync("/in/two", UploadByBob, "of bob");
        await Store.PutAsync("/in/file", "text", Token);
        Assert.Equal(
            StoreError.NotEmpty,
            await GetStoreErrorAsync(async () => await Store.RenameAsync(At("/old"), At("/in"), replace: true, Token)));
        Assert.Equal(
            StoreError.Exists,
            await GetStoreErrorAsync(async () => await Store.RenameAsync(At("/old"), At("/in"), replace: false, Token)));
        await AssertPartialUploadsAsync("/in");

        await Store.DeleteFileAsync(At("/in/file"), Token);
        Assert.Equal(
            StoreError.Exists,
            await GetStoreErrorAsync(async () => await Store.RenameAsync(At("/old"), At("/in"), replace: false, Token)));
        Assert.Equal(
            StoreError.NotAFile,
            await GetStoreErrorAsync(async () => await Store.RenameAsync(At("/old/file"), At("/in"), replace: true, Token)));
        await AssertPartialUploadsAsync("/in");

        await Store.RenameAsync(At("/old"), At("/in"), replace: true, Token);
        Assert.Equal("text", await Store.GetAsync("/in/file", Token));
        await Store.DeleteFileAsync(At("/in/file"), Token);
        await Store.DeleteDirectoryAsync(At("/in"), Token);
        await AssertNoStagingFileIsLeftAsync();
    }

    [Fact]
    public async Task A_file_that_is_not_deleted_keeps_its_partial_upload()
    {
        await InterruptAsync("/name", UploadByAnn, "ann's");
        await Store.CreateDirectoryAsync(At("/name"), Token);
        Assert.Equal(StoreError.NotAFile, await GetStoreErrorAsync(async () => await Store.DeleteFileAsync(At("/name"), "ann", Token)));
        Assert.Equal(5, (await Store.GetPartialUploadAsync(At("/name"), "ann", Token))?.Length);
        await Store.DeleteDirectoryAsync(At("/name"), Token);
        Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await Store.DeleteFileAsync(At("/name"), "bob", Token)));
        Assert.Equal(5, (await Store.GetPartialUploadAsync(At("/name"), "ann", Token))?.Length);
        await Store.DeleteFileAsync(At("/name"), "ann", Token);
        await AssertNoStagingFileIsLeftAsync();
    }

    [Fact]
    public async Task Deleting_a_file_discards_the_partial_upload_of_the_same_uploader()
    {
        foreach (WriteStart start in new[] { UploadByAnn, WriteStart.Append.WithUploader("ann") })
        {
            await Store.PutAsync("/name", "text", Token);
            await InterruptAsync("/name", UploadByBob, "of bob");
            await InterruptAsync("/name", start, "as long as the file");
            await Store.DeleteFileAsync(At("/name"), "ann", Token);
            Assert.Null(await KindAsync("/name"));
            Assert.Null(await Store.GetPartialUploadAsync(At("/name"), "ann", Token));
            Assert.Equal(6, (await Store.GetPartialUploadAsync(At("/name"), "bob", Token))?.Length);
            await Store.DeleteFileAsync(At("/name"), "bob", Token);
            await AssertNoStagingFileIsLeftAsync();
        }
    }

    private async Task InterruptAsync(string path, WriteStart start, string text)
    {
        await using IFileWriter writer = await OpenWriteAsync(path, start);
        await writer.WriteAsync(writer.StartOffset, Bytes(text), Token);
        Assert.NotNull(await writer.KeepPartialUploadAsync(Token));
    }

    private async Task AssertPartialUploadsAsync(string folder)
    {
        Assert.Equal(5, (await Store.GetPartialUploadAsync(At($"{folder}/one"), "ann", Token))?.Length);
        Assert.Equal(6, (await Store.GetPartialUploadAsync(At($"{folder}/two"), "bob", Token))?.Length);
    }

    /// <summary>Checks that no entry is left, on disk also no hidden one.</summary>
    private async Task AssertNoStagingFileIsLeftAsync()
    {
        Assert.Empty(await Store.ListAsync("/", Token));
        Assert.Empty(UnderTest.DirectoryOnDisk is { } folder ? Directory.GetFileSystemEntries(folder.Path) : []);
    }
}
