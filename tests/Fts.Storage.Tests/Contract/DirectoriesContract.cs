using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Contract;

/// <summary>Creating, deleting and finding entries, and setting their metadata.</summary>
public abstract class DirectoriesContract(Func<StoreUnderTest> create) : FileStoreContract(create)
{
    [Fact]
    public async Task The_root_exists()
    {
        FileEntry root = Assert.NotNull(await Store.GetEntryAsync(StorePath.Root, Token));
        Assert.Equal(("", EntryKind.Directory, 0L), (root.Name, root.Kind, root.Length));
    }

    [Fact]
    public async Task The_root_cannot_be_deleted_renamed_or_replaced()
    {
        Assert.Equal(StoreError.Denied, await GetStoreErrorAsync(async () => await Store.DeleteDirectoryAsync(StorePath.Root, Token)));
        Assert.Equal(StoreError.NotAFile, await GetStoreErrorAsync(async () => await Store.DeleteFileAsync(StorePath.Root, Token)));
        Assert.Equal(StoreError.Exists, await GetStoreErrorAsync(async () => await Store.CreateDirectoryAsync(StorePath.Root, Token)));
        Assert.Equal(StoreError.NotAFile, await GetStoreErrorAsync(async () => await Store.OpenReadAsync(StorePath.Root, Token)));
    }

    [Fact]
    public async Task A_directory_is_created_in_an_existing_directory()
    {
        await Store.CreateDirectoryAsync(At("/a"), Token);
        await Store.CreateDirectoryAsync(At("/a/b"), Token);
        Assert.Equal(EntryKind.Directory, await GetKindAsync("/a/b"));
        await Store.WriteFileAsync("/file", "text", Token);
        Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await Store.CreateDirectoryAsync(At("/missing/b"), Token)));
        Assert.Equal(
            StoreError.NotADirectory,
            await GetStoreErrorAsync(async () => await Store.CreateDirectoryAsync(At("/file/b"), Token)));
        Assert.Equal(StoreError.Exists, await GetStoreErrorAsync(async () => await Store.CreateDirectoryAsync(At("/a"), Token)));
        Assert.Equal(StoreError.Exists, await GetStoreErrorAsync(async () => await Store.CreateDirectoryAsync(At("/file"), Token)));
    }

    [Fact]
    public async Task A_deleted_file_no_longer_exists()
    {
        await Store.WriteFileAsync("/file", "text", Token);
        await Store.DeleteFileAsync(At("/file"), Token);
        Assert.Null(await GetKindAsync("/file"));
        Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await Store.DeleteFileAsync(At("/file"), Token)));
    }

    [Fact]
    public async Task An_open_reader_can_read_a_deleted_file()
    {
        await Store.WriteFileAsync("/file", "text", Token);
        await using IFileReader reader = await Store.OpenReadAsync(At("/file"), Token);
        await Store.DeleteFileAsync(At("/file"), Token);
        Assert.Equal(Bytes("text"), await reader.ReadAllAsync(Token));
    }

    [Fact]
    public async Task Only_an_empty_directory_is_deleted()
    {
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        await Store.WriteFileAsync("/folder/file", "text", Token);
        Assert.Equal(StoreError.NotEmpty, await GetStoreErrorAsync(async () => await Store.DeleteDirectoryAsync(At("/folder"), Token)));
        await Store.DeleteFileAsync(At("/folder/file"), Token);
        await Store.DeleteDirectoryAsync(At("/folder"), Token);
        Assert.Null(await GetKindAsync("/folder"));
    }

    [Fact]
    public async Task Files_and_directories_are_deleted_only_by_their_own_calls()
    {
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        await Store.WriteFileAsync("/file", "text", Token);
        Assert.Equal(StoreError.NotAFile, await GetStoreErrorAsync(async () => await Store.DeleteFileAsync(At("/folder"), Token)));
        Assert.Equal(StoreError.NotADirectory, await GetStoreErrorAsync(async () => await Store.DeleteDirectoryAsync(At("/file"), Token)));
        Assert.Equal(StoreError.NotAFile, await GetStoreErrorAsync(async () => await Store.OpenReadAsync(At("/folder"), Token)));
        Assert.Equal(EntryKind.Directory, await GetKindAsync("/folder"));
        Assert.Equal(EntryKind.File, await GetKindAsync("/file"));
    }

    [Fact]
    public async Task A_missing_entry_is_not_found()
    {
        await Store.WriteFileAsync("/file", "text", Token);
        foreach (string path in new[] { "/missing", "/missing/inner" })
        {
            Assert.Null(await GetKindAsync(path));
            Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await Store.OpenReadAsync(At(path), Token)));
            Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await Store.DeleteFileAsync(At(path), Token)));
            Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await Store.DeleteDirectoryAsync(At(path), Token)));
            Assert.Equal(
                StoreError.NotFound,
                await GetStoreErrorAsync(async () => await Store.SetMetadataAsync(At(path), new FileMetadata(DateTime.UnixEpoch), Token)));
        }

        Assert.Null(await GetKindAsync("/file/inner"));
        Assert.Equal(StoreError.NotADirectory, await GetStoreErrorAsync(async () => await Store.OpenReadAsync(At("/file/inner"), Token)));
        Assert.Equal(StoreError.NotADirectory, await GetStoreErrorAsync(async () => await Store.DeleteFileAsync(At("/file/inner"), Token)));
    }

    [Theory]
    [InlineData("2024-02-29T12:34:56.7890000Z")]
    [InlineData("1970-01-01T00:00:00.0000000Z")]
    [InlineData("1969-12-31T23:59:58.5000000Z")]
    [InlineData("2037-12-31T23:59:59.9990000Z")]
    public async Task A_time_that_was_set_is_reported(string time)
    {
        var modified =
            DateTime.Parse(time, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.RoundtripKind);
        await Store.WriteFileAsync("/file", "text", Token);
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        foreach (string path in new[] { "/file", "/folder" })
        {
            await Store.SetMetadataAsync(At(path), new FileMetadata(modified), Token);
            Assert.Equal(modified, (await Store.GetEntryAsync(At(path), Token))?.LastModified);
        }

        Assert.Equal("text", await Store.ReadFileAsync("/file", Token));
    }

    [Fact]
    public async Task Permission_bits_that_were_set_are_reported_and_kept_when_the_file_is_replaced()
    {
        await Store.WriteFileAsync("/file", "text", Token);
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        DateTime modified = DateTime.UnixEpoch.AddDays(1);
        (string Path, int Mode)[] cases = [("/file", 0x1A0), ("/folder", 0x1C0), ("/file", 0x80), ("/file", 0x1B6)];
        foreach ((string path, UnixFileMode mode) in cases.Select(row => (row.Path, (UnixFileMode)row.Mode)))
        {
            await Store.SetMetadataAsync(At(path), new FileMetadata(modified), Token);
            await Store.SetMetadataAsync(At(path), new FileMetadata(UnixMode: mode), Token);
            FileEntry entry = Assert.NotNull(await Store.GetEntryAsync(At(path), Token));
            Assert.Equal((mode, modified), (entry.UnixMode, entry.LastModified));
        }

        await Store.WriteFileAsync("/file", "new", Token);
        Assert.Equal((UnixFileMode)0x1B6, (await Store.GetEntryAsync(At("/file"), Token))?.UnixMode);
    }

    [Theory]
    [InlineData(UnixFileMode.SetUser)]
    [InlineData(UnixFileMode.SetGroup)]
    [InlineData(UnixFileMode.StickyBit)]
    public async Task Other_mode_bits_are_refused(UnixFileMode bit)
    {
        await Store.WriteFileAsync("/file", "text", Token);
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await Store.SetMetadataAsync(At("/file"), new FileMetadata(UnixMode: bit | (UnixFileMode)0x1ED), Token));
    }

    [Fact]
    public async Task Free_space_is_reported_for_directories_and_is_not_negative()
    {
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        await Store.WriteFileAsync("/file", "text", Token);
        Assert.True(await Store.GetFreeSpaceAsync(At("/folder"), Token) is null or >= 0);
        Assert.True(await Store.GetFreeSpaceAsync(StorePath.Root, Token) is null or >= 0);
        Assert.Equal(StoreError.NotADirectory, await GetStoreErrorAsync(async () => await Store.GetFreeSpaceAsync(At("/file"), Token)));
        Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await Store.GetFreeSpaceAsync(At("/missing"), Token)));
    }

    [Fact]
    public async Task A_new_file_has_the_current_time()
    {
        DateTime before = DateTime.UtcNow.AddSeconds(-2);
        await Store.WriteFileAsync("/file", "text", Token);
        FileEntry entry = Assert.NotNull(await Store.GetEntryAsync(At("/file"), Token));
        Assert.InRange(entry.LastModified, before, DateTime.UtcNow.AddSeconds(2));
    }
}
