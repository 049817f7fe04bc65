using Fts.Storage.Local;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Local;

/// <summary>The limits on the components, links and bytes of a path.</summary>
public sealed class PathLimitTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_path_with_the_most_components_works(bool portable)
    {
        using var store = new LocalFileStore(_folder.Path, portable);
        StorePath path = StorePath.Root;
        for (int depth = 1; depth < StorePath.MaxDepth; depth++)
        {
            path = path.Child("d");
            await store.CreateDirectoryAsync(path, Token);
        }

        await store.WriteFileAsync(path.Child("file"), Bytes("text"), Token);
        Assert.Equal(Bytes("text"), await store.ReadFileAsync(path.Child("file"), Token));
        Assert.Equal(["file"], (await store.ListEntriesAsync(path, Token)).Select(entry => entry.Name));
        Assert.Null(path.Resolve("file/deeper"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_chain_of_forty_links_is_followed_and_a_longer_one_is_refused(bool portable)
    {
        File.WriteAllText(_folder["0"], "text");
        for (int link = 1; link <= 41; link++)
        {
            File.CreateSymbolicLink(_folder[$"{link}"], $"{link - 1}");
        }

        using var store = new LocalFileStore(_folder.Path, portable);
        Assert.Equal("text", await store.ReadFileAsync("/40", Token));
        await store.WriteFileAsync("/40", "new", Token);
        Assert.Equal("new", File.ReadAllText(_folder["0"]));
        Assert.Equal(EntryKind.File, (await store.GetEntryAsync(At("/40"), Token))?.Kind);

        Assert.Equal(StoreError.Denied, await GetStoreErrorAsync(async () => await store.OpenReadAsync(At("/41"), Token)));
        Assert.Equal(
            StoreError.Denied,
            await GetStoreErrorAsync(async () => await store.OpenWriteAsync(At("/41"), WriteStart.Replace, Token)));
        Assert.Equal(EntryKind.Other, (await store.GetEntryAsync(At("/41"), Token))?.Kind);
        Assert.Equal(EntryKind.Other, Assert.Single(await store.ListAsync("/", Token), entry => entry.Name == "41").Kind);
    }

    /// <summary>Each of twenty links leads through the next one twice, so that resolving all of them would take a million steps.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Exponentially_many_links_are_refused(bool portable)
    {
        for (int link = 0; link < 20; link++)
        {
            File.CreateSymbolicLink(_folder[$"{link}"], string.Join('/', Enumerable.Repeat($"{link + 1}/.", 500)));
        }

        File.CreateSymbolicLink(_folder["20"], ".");
        using var store = new LocalFileStore(_folder.Path, portable);
        Assert.Equal(StoreError.Denied, await GetStoreErrorAsync(async () => await store.ListAsync(At("/0"), Token)));
        Assert.Equal(EntryKind.Other, (await store.GetEntryAsync(At("/0"), Token))?.Kind);
    }

    /// <summary>The limit of a path is in characters, that of the system in bytes. This path has 12,000 bytes.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_path_too_long_for_the_system_is_refused(bool portable)
    {
        using var store = new LocalFileStore(_folder.Path, portable);
        StorePath path = At(string.Join('/', Enumerable.Repeat(new string('日', 84), 48)));
        Assert.Null(await store.GetEntryAsync(path, Token));
        foreach (Func<Task> call in (Func<Task>[])
                 [
                     async () => await store.OpenReadAsync(path, Token),
                     async () => await store.OpenWriteAsync(path, WriteStart.Replace, Token),
                     async () => await store.ListAsync(path, Token),
                     async () => await store.CreateDirectoryAsync(path, Token),
                     async () => await store.DeleteFileAsync(path, Token),
                     async () => await store.DeleteDirectoryAsync(path, Token),
                     async () => await store.RenameAsync(path, At("/new"), replace: true, Token),
                     async () => await store.SetMetadataAsync(path, new FileMetadata(DateTime.UnixEpoch), Token),
                     async () => await store.GetFreeSpaceAsync(path, Token),
                 ])
        {
            Assert.True(await GetStoreErrorAsync(call) is StoreError.BadName or StoreError.NotFound);
        }
    }
}
