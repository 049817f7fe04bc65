using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Contract;

/// <summary>A hash remembered with its file, on the stores that can.</summary>
public abstract class HashCachingContract(Func<StoreUnderTest> create) : FileStoreContract(create)
{
    private static readonly byte[] Hash = Pattern(32, seed: 7);
    private static readonly DateTime Date = new(2024, 2, 29, 12, 34, 56, DateTimeKind.Utc);

    [Fact]
    public async Task A_hash_is_remembered_and_the_last_one_counts()
    {
        await Store.PutAsync("/file", "text", Token);
        Assert.Null(await FindAsync("/file"));
        await RememberAsync("/file", Pattern(32, seed: 1));
        await RememberAsync("/file", Hash);
        Assert.Equal(Hash, await FindAsync("/file"));
        await Store.PutAsync("/other", "text", Token);
        Assert.Null(await FindAsync("/other"));
    }

    [Fact]
    public async Task It_is_that_of_what_the_caller_saw_or_none()
    {
        await Store.PutAsync("/file", "text", Token);
        FileEntry seen = await EntryAsync("/file");
        FileEntry[] others = [seen with { Id = seen.Id + 1 }, seen with { Length = 5 }, seen with { LastModified = seen.LastModified.AddTicks(1) }];
        foreach (FileEntry other in others)
        {
            await Store.CacheHashAsync(At("/file"), other, Hash, Token);
        }

        Assert.Null(await FindAsync("/file"));
        await RememberAsync("/file", Hash);
        foreach (FileEntry other in others)
        {
            Assert.Null(await Store.GetCachedHashAsync(At("/file"), other, Token));
        }
    }

    [Fact]
    public async Task Where_no_file_is_nothing_is_remembered_and_nothing_refused()
    {
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        await Store.PutAsync("/file", "text", Token);
        FileEntry gone = await EntryAsync("/file"), folder = await EntryAsync("/folder");
        await Store.DeleteFileAsync(At("/file"), Token);
        foreach ((string path, FileEntry entry) in new[] { ("/file", gone), ("/file/below", gone), ("/missing/file", gone), ("/folder", gone), ("/folder", folder), ("/", folder) })
        {
            await Store.CacheHashAsync(At(path), entry, Hash, Token);
            Assert.Null(await Store.GetCachedHashAsync(At(path), entry, Token));
        }
    }

    [Fact]
    public async Task What_is_no_hash_is_misuse()
    {
        await Store.PutAsync("/file", "text", Token);
        await Assert.ThrowsAsync<ArgumentException>(() => RememberAsync("/file", new byte[31]));
    }

    [Fact]
    public async Task It_goes_with_the_file_to_another_name_and_goes_with_the_file_that_is_replaced()
    {
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        await Store.PutAsync("/file", "text", Token);
        await RememberAsync("/file", Hash);
        await Store.RenameAsync(At("/file"), At("/folder/new"), replace: false, Token);
        Assert.Equal(Hash, await FindAsync("/folder/new"));

        await Store.PutAsync("/file", "tuxt", Token);
        await Store.RenameAsync(At("/file"), At("/folder/new"), replace: true, Token);
        Assert.Null(await FindAsync("/folder/new"));
    }

    [Fact]
    public async Task It_stays_when_facts_are_set()
    {
        await Store.PutAsync("/file", "text", Token);
        await RememberAsync("/file", Hash);
        await Store.SetMetadataAsync(At("/file"), new FileMetadata(Date), Token);
        Assert.Equal(Hash, await FindAsync("/file"));
        await Store.SetMetadataAsync(At("/file"), new FileMetadata(UnixMode: UnixFileMode.UserRead | UnixFileMode.UserWrite), Token);
        await Store.SetMetadataAsync(At("/file"), new FileMetadata(Date.AddTicks(-1), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead), Token);
        Assert.Equal(Hash, await FindAsync("/file"));
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(false, 0L)]
    [InlineData(false, 2L)]
    [InlineData(true, null)]
    [InlineData(true, 2L)]
    public async Task No_other_content_inherits_it(bool isContinued, long? offset)
    {
        await Store.PutAsync("/file", "text", Token);
        await Store.SetMetadataAsync(At("/file"), new FileMetadata(Date), Token);
        await RememberAsync("/file", Hash);
        WriteStart start = (offset is { } at ? WriteStart.FromOffset(at) : WriteStart.Append).WithUploader("ann");
        if (isContinued)
        {
            await using IFileWriter broken = await OpenWriteAsync("/file", start);
            await broken.WriteAsync(broken.StartOffset, Bytes("ab"), Token);
            await broken.KeepPartialUploadAsync(Token);
            Assert.Equal(Hash, await FindAsync("/file"));
        }

        await using (IFileWriter writer = await OpenWriteAsync("/file", start))
        {
            await writer.WriteAsync(writer.StartOffset, Bytes(offset == 0 ? "tuxt" : "xt"), Token);
            await writer.CommitAsync(Token);
        }

        Assert.Null(await FindAsync("/file"));
        await Store.SetMetadataAsync(At("/file"), new FileMetadata(Date), Token);
        Assert.Null(await FindAsync("/file"));
    }

    private async Task<FileEntry> EntryAsync(string path) => Assert.NotNull(await Store.GetEntryAsync(At(path), Token));

    private async Task<byte[]?> FindAsync(string path) => await Store.GetCachedHashAsync(At(path), await EntryAsync(path), Token);

    private async Task RememberAsync(string path, byte[] hash) => await Store.CacheHashAsync(At(path), await EntryAsync(path), hash, Token);
}
