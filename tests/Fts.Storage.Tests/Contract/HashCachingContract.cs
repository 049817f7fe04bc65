using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Contract;

/// <summary>Cached hashes, on the stores that support them.</summary>
public abstract class HashCachingContract(Func<StoreUnderTest> create) : FileStoreContract(create)
{
    private static readonly byte[] Hash = RandomBytes(32, seed: 7);
    private static readonly DateTime Date = new(2024, 2, 29, 12, 34, 56, DateTimeKind.Utc);

    [Fact]
    public async Task The_last_cached_hash_is_returned()
    {
        await Store.WriteFileAsync("/file", "text", Token);
        Assert.Null(await GetHashAsync("/file"));
        await CacheHashAsync("/file", RandomBytes(32, seed: 1));
        await CacheHashAsync("/file", Hash);
        Assert.Equal(Hash, await GetHashAsync("/file"));
        await Store.WriteFileAsync("/other", "text", Token);
        Assert.Null(await GetHashAsync("/other"));
    }

    [Fact]
    public async Task A_hash_is_returned_only_for_the_entry_that_the_caller_read()
    {
        await Store.WriteFileAsync("/file", "text", Token);
        FileEntry entry = await FindEntryAsync("/file");
        FileEntry[] others =
            [entry with { Id = entry.Id + 1 }, entry with { Length = 5 }, entry with { LastModified = entry.LastModified.AddTicks(1) }];
        foreach (FileEntry other in others)
        {
            await Store.CacheHashAsync(At("/file"), other, Hash, Token);
        }

        Assert.Null(await GetHashAsync("/file"));
        await CacheHashAsync("/file", Hash);
        foreach (FileEntry other in others)
        {
            Assert.Null(await Store.GetCachedHashAsync(At("/file"), other, Token));
        }
    }

    [Fact]
    public async Task No_hash_is_cached_and_no_error_thrown_if_the_entry_is_not_a_file()
    {
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        await Store.WriteFileAsync("/file", "text", Token);
        FileEntry missing = await FindEntryAsync("/file"), folder = await FindEntryAsync("/folder");
        await Store.DeleteFileAsync(At("/file"), Token);
        (string, FileEntry)[] cases =
            [("/file", missing), ("/file/below", missing), ("/missing/file", missing), ("/folder", missing), ("/folder", folder),
                ("/", folder)];
        foreach ((string path, FileEntry entry) in cases)
        {
            await Store.CacheHashAsync(At(path), entry, Hash, Token);
            Assert.Null(await Store.GetCachedHashAsync(At(path), entry, Token));
        }
    }

    [Fact]
    public async Task A_hash_of_the_wrong_length_throws_ArgumentException()
    {
        await Store.WriteFileAsync("/file", "text", Token);
        await Assert.ThrowsAsync<ArgumentException>(() => CacheHashAsync("/file", new byte[31]));
    }

    [Fact]
    public async Task A_hash_follows_a_renamed_file_and_is_discarded_with_a_replaced_file()
    {
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        await Store.WriteFileAsync("/file", "text", Token);
        await CacheHashAsync("/file", Hash);
        await Store.RenameAsync(At("/file"), At("/folder/new"), replace: false, Token);
        Assert.Equal(Hash, await GetHashAsync("/folder/new"));

        await Store.WriteFileAsync("/file", "tuxt", Token);
        await Store.RenameAsync(At("/file"), At("/folder/new"), replace: true, Token);
        Assert.Null(await GetHashAsync("/folder/new"));
    }

    [Fact]
    public async Task A_hash_is_kept_when_metadata_is_set()
    {
        await Store.WriteFileAsync("/file", "text", Token);
        await CacheHashAsync("/file", Hash);
        await Store.SetMetadataAsync(At("/file"), new FileMetadata(Date), Token);
        Assert.Equal(Hash, await GetHashAsync("/file"));
        await Store.SetMetadataAsync(At("/file"), new FileMetadata(UnixMode: UnixFileMode.UserRead | UnixFileMode.UserWrite), Token);
        await Store.SetMetadataAsync(
            At("/file"),
            new FileMetadata(Date.AddTicks(-1), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead),
            Token);
        Assert.Equal(Hash, await GetHashAsync("/file"));
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(false, 0L)]
    [InlineData(false, 2L)]
    [InlineData(true, null)]
    [InlineData(true, 2L)]
    public async Task A_hash_is_not_kept_for_changed_content(bool isResumed, long? offset)
    {
        await Store.WriteFileAsync("/file", "text", Token);
        await Store.SetMetadataAsync(At("/file"), new FileMetadata(Date), Token);
        await CacheHashAsync("/file", Hash);
        WriteStart start = (offset is { } at ? WriteStart.FromOffset(at) : WriteStart.Append).WithUploader("ann");
        if (isResumed)
        {
            await using IFileWriter interrupted = await OpenWriteAsync("/file", start);
            await interrupted.WriteAsync(interrupted.StartOffset, Bytes("ab"), Token);
            await interrupted.KeepPartialUploadAsync(Token);
            Assert.Equal(Hash, await GetHashAsync("/file"));
        }

        await using (IFileWriter writer = await OpenWriteAsync("/file", start))
        {
            await writer.WriteAsync(writer.StartOffset, Bytes(offset == 0 ? "tuxt" : "xt"), Token);
            await writer.CommitAsync(Token);
        }

        Assert.Null(await GetHashAsync("/file"));
        await Store.SetMetadataAsync(At("/file"), new FileMetadata(Date), Token);
        Assert.Null(await GetHashAsync("/file"));
    }

    private async Task<FileEntry> FindEntryAsync(string path) => Assert.NotNull(await Store.GetEntryAsync(At(path), Token));

    private async Task<byte[]?> GetHashAsync(string path) => await Store.GetCachedHashAsync(At(path), await FindEntryAsync(path), Token);

    private async Task CacheHashAsync(string path, byte[] hash) =>
        await Store.CacheHashAsync(At(path), await FindEntryAsync(path), hash, Token);
}
