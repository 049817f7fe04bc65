using System.Text;
using Fts.Storage;

namespace Fts.Accounts.Tests;

/// <summary>If two paths are one file, combining must not append the file to itself and must not delete the result.</summary>
public sealed class UserFilesCombineTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_target_in_another_spelling_is_refused_as_a_later_part()
    {
        (UserFiles files, IFileStore store) = await CreateFilesAsync(hasIds: true);
        StoreException exception = await Assert.ThrowsAsync<StoreException>(() => CombineAsync(files, "/whole", "/part", "/WHOLE"));
        Assert.Equal(StoreError.NotSupported, exception.Error);
        Assert.Equal(("whole ", "part "), (await ReadAsync(store, "/whole"), await ReadAsync(store, "/part")));
    }

    [Fact]
    public async Task The_target_in_another_spelling_can_be_the_first_part_and_is_used_once()
    {
        (UserFiles files, IFileStore store) = await CreateFilesAsync(hasIds: true);
        await CombineAsync(files, "/whole", "/Whole", "/part");
        Assert.Equal("whole part ", await ReadAsync(store, "/whole"));
        Assert.Null(await store.GetEntryAsync(At("/part"), Token));
    }

    [Fact]
    public async Task No_content_is_lost_if_the_store_has_no_ids_and_two_paths_are_one_file()
    {
        (UserFiles files, IFileStore store) = await CreateFilesAsync(hasIds: false);
        await CombineAsync(files, "/whole", "/part", "/WHOLE");
        Assert.Equal("whole part whole ", await ReadAsync(store, "/whole"));
        Assert.Null(await store.GetEntryAsync(At("/part"), Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_part_that_occurs_twice_in_any_spelling_is_refused(bool hasIds)
    {
        (UserFiles files, IFileStore store) = await CreateFilesAsync(hasIds);
        foreach (string samePart in (string[])["/part", "/PART"])
        {
            StoreException exception = await Assert.ThrowsAsync<StoreException>(() => CombineAsync(files, "/new", "/part", samePart));
            Assert.Equal(StoreError.NotSupported, exception.Error);
            Assert.Null(await store.GetEntryAsync(At("/new"), Token));
            Assert.Equal("part ", await ReadAsync(store, "/part"));
        }
    }

    private static StorePath At(string path) => StorePath.Root.Resolve(path)!.Value;

    private static Task CombineAsync(UserFiles files, string target, params string[] parts) =>
        files.CombineAsync(At(target), [.. parts.Select(At)], null, Token).AsTask();

    private static async Task<(UserFiles, IFileStore)> CreateFilesAsync(bool hasIds)
    {
        var store = new CaseInsensitiveStore(hasIds);
        foreach (string name in (string[])["whole", "part"])
        {
            await using IFileWriter writer = await store.OpenWriteAsync(At("/" + name), WriteStart.Replace, Token);
            await writer.WriteAsync(0, Encoding.ASCII.GetBytes(name + " "), Token);
            await writer.CommitAsync(Token);
            await store.SetMetadataAsync(At("/" + name), new FileMetadata(DateTime.UnixEpoch), Token);
        }

        return (new UserFiles(new Account("some", Permissions.ReadWrite), store), store);
    }

    private static async Task<string> ReadAsync(IFileStore store, string path)
    {
        await using IFileReader reader = await store.OpenReadAsync(At(path), Token);
        byte[] bytes = new byte[reader.Length];
        Assert.Equal(bytes.Length, await reader.ReadAsync(0, bytes, Token));
        return Encoding.ASCII.GetString(bytes);
    }
}
