using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Contract;

/// <summary>A link that a store creates points only to an entry in its own directory or below.</summary>
public abstract class LinkingContract(Func<StoreUnderTest> create) : FileStoreContract(create)
{
    [Fact]
    public async Task A_link_leads_to_an_entry_beside_or_below_it()
    {
        await SeedAsync();
        await CreateLinkAsync("/top", "/folder/deep/file");
        await CreateLinkAsync("/folder/beside", "/folder/deep");
        await CreateLinkAsync("/folder/again", "/folder/beside");
        Assert.Equal("text", await Store.ReadFileAsync("/top", Token));
        Assert.Equal("text", await Store.ReadFileAsync("/folder/again/file", Token));
        Assert.True(Assert.Single(await Store.ListAsync("/folder", Token), entry => entry.Name == "beside").IsLink);
        Assert.Equal("folder/deep/file", LinkTarget("top"));
        Assert.Equal("deep", LinkTarget("folder/beside"));
    }

    [Fact]
    public async Task A_link_to_a_parent_or_to_itself_is_refused()
    {
        await SeedAsync();
        (string, string)[] cases =
            [("/folder/up", "/other"), ("/folder/up", "/"), ("/folder/up", "/folder"), ("/up", "/"), ("/folder/deep/up", "/folder/deep")];
        foreach ((string path, string target) in cases)
        {
            Assert.Equal(StoreError.Denied, await GetStoreErrorAsync(() => CreateLinkAsync(path, target)));
            Assert.Null(await GetKindAsync(path));
        }

        Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(() => CreateLinkAsync("/self", "/self")));
    }

    [Fact]
    public async Task The_name_of_a_link_must_be_free_and_its_target_must_exist()
    {
        await SeedAsync();
        Assert.Equal(StoreError.Exists, await GetStoreErrorAsync(() => CreateLinkAsync("/other", "/folder/deep/file")));
        Assert.Equal(StoreError.Exists, await GetStoreErrorAsync(() => CreateLinkAsync("/folder", "/other")));
        Assert.Equal(StoreError.Exists, await GetStoreErrorAsync(() => CreateLinkAsync("/", "/other")));
        Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(() => CreateLinkAsync("/link", "/missing")));
        Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(() => CreateLinkAsync("/missing/link", "/missing/file")));
        Assert.Equal(StoreError.BadName, await GetStoreErrorAsync(() => CreateLinkAsync("/.fts-pending-1", "/other")));
        Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(() => CreateLinkAsync("/link", "/.fts-pending-1")));
        Assert.Equal("text", await Store.ReadFileAsync("/other", Token));
    }

    [Fact]
    public async Task A_link_to_a_link_that_points_outside_is_refused()
    {
        await SeedAsync();
        string outside = Path.GetTempPath();
        File.CreateSymbolicLink(UnderTest.DirectoryOnDisk!["out"], outside);
        File.CreateSymbolicLink(UnderTest.DirectoryOnDisk["above"], "..");
        foreach (string target in new[] { "/out", "/above", "/out/x", "/above/" + Path.GetFileName(UnderTest.DirectoryOnDisk.Path) })
        {
            Assert.Equal(StoreError.Denied, await GetStoreErrorAsync(() => CreateLinkAsync("/link", target)));
        }

        Assert.Equal(StoreError.Denied, await GetStoreErrorAsync(() => CreateLinkAsync("/out/link", "/out/x")));
        Assert.Null(await GetKindAsync("/link"));
    }

    [Fact]
    public async Task A_link_does_not_point_outside_after_its_directories_are_renamed()
    {
        await SeedAsync();
        await CreateLinkAsync("/folder/deep/link", "/folder/deep/file");
        await Store.RenameAsync(At("/folder/deep"), At("/deep"), replace: false, Token);
        Assert.Equal("text", await Store.ReadFileAsync("/deep/link", Token));
        await Store.RenameAsync(At("/deep/link"), At("/link"), replace: false, Token);
        Assert.Equal(EntryKind.Other, await GetKindAsync("/link")); // its target is missing now
        Assert.DoesNotContain("..", LinkTarget("link"), StringComparison.Ordinal);
    }

    private async Task SeedAsync()
    {
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        await Store.CreateDirectoryAsync(At("/folder/deep"), Token);
        await Store.WriteFileAsync("/folder/deep/file", "text", Token);
        await Store.WriteFileAsync("/other", "text", Token);
    }

    private Task CreateLinkAsync(string path, string target) => Store.CreateLinkAsync(At(path), At(target), Token).AsTask();

    private string LinkTarget(string name) => new FileInfo(UnderTest.DirectoryOnDisk![name]).LinkTarget!;
}

public sealed class KernelLinking() : LinkingContract(StoreUnderTest.Kernel);

public sealed class PortableLinking() : LinkingContract(StoreUnderTest.Portable);

/// <summary>The memory store does not support links.</summary>
public sealed class MemoryLinking() : FileStoreContract(StoreUnderTest.InMemory)
{
    [Fact]
    public async Task Links_are_not_supported()
    {
        await Store.WriteFileAsync("/file", "text", Token);
        Assert.Equal(
            StoreError.NotSupported,
            await GetStoreErrorAsync(() => Store.CreateLinkAsync(At("/link"), At("/file"), Token).AsTask()));
    }
}
