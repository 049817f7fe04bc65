using Fts.Storage.Local;
using Fts.Storage.Memory;
using Fts.Storage.Mounts;
using Fts.Storage.Tests.Contract;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Folding;

/// <summary>
/// A store on a file system that folds names, preserves their spelling, and does not support renames without replacement.
/// </summary>
public abstract class FoldingTests(Func<StoreUnderTest> create) : FileStoreContract(create)
{
    [Fact]
    public async Task Every_spelling_leads_to_the_same_file()
    {
        await Store.WriteFileAsync("/café", "text", Token);
        foreach (string spelling in new[] { "/CAFÉ", "/cafe\u0301", "/ca\u200Dfé" })
        {
            Assert.Equal("text", await Store.ReadFileAsync(spelling, Token));
            Assert.Equal(StoreError.Exists, await GetWriteErrorAsync(spelling, WriteStart.Create));
            Assert.Equal(StoreError.Exists, await GetStoreErrorAsync(async () => await Store.CreateDirectoryAsync(At(spelling), Token)));
        }

        Assert.Equal(["café"], (await Store.ListAsync("/", Token)).Select(entry => entry.Name));
    }

    public static TheoryData<string, string, bool> Spellings
    {
        get
        {
            var rows = new TheoryData<string, string, bool>();
            (string, string)[] cases = [("readme", "README"), ("café", "cafe\u0301"), ("cafe\u0301", "CAFÉ"), ("a\u200Db", "ab")];
            foreach ((string old, string spelling) in cases)
            {
                rows.Add(old, spelling, false);
                rows.Add(old, spelling, true);
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Spellings))]
    public async Task A_file_can_be_renamed_to_another_spelling_of_its_name(string old, string spelling, bool replace)
    {
        await Store.WriteFileAsync("/" + old, "text", Token);
        await Store.RenameAsync(At("/" + old), At("/" + spelling), replace, Token);
        Assert.Equal([spelling], (await Store.ListAsync("/", Token)).Select(entry => entry.Name));
        Assert.Equal("text", await Store.ReadFileAsync("/" + spelling, Token));
    }

    [Theory]
    [MemberData(nameof(Spellings))]
    public async Task A_directory_can_be_renamed_to_another_spelling_of_its_name(string old, string spelling, bool replace)
    {
        await Store.CreateDirectoryAsync(At("/" + old), Token);
        await Store.RenameAsync(At("/" + old), At("/" + spelling), replace, Token);
        Assert.Equal([spelling], (await Store.ListAsync("/", Token)).Select(entry => entry.Name));
        await Store.WriteFileAsync($"/{spelling}/file", "text", Token);
        await Store.RenameAsync(At("/" + spelling), At("/" + old), replace, Token);
        Assert.Equal([old], (await Store.ListAsync("/", Token)).Select(entry => entry.Name));
        Assert.Equal("text", await Store.ReadFileAsync($"/{old}/file", Token));
    }

    [Fact]
    public async Task An_existing_file_is_not_replaced_in_any_spelling()
    {
        await Store.WriteFileAsync("/one", "one", Token);
        await Store.WriteFileAsync("/two", "two", Token);
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        await Store.CreateDirectoryAsync(At("/other"), Token);
        Assert.Equal(
            StoreError.Exists,
            await GetStoreErrorAsync(async () => await Store.RenameAsync(At("/one"), At("/TWO"), replace: false, Token)));
        Assert.Equal(
            StoreError.Exists,
            await GetStoreErrorAsync(async () => await Store.RenameAsync(At("/folder"), At("/OTHER"), replace: false, Token)));
        Assert.Equal(
            StoreError.Exists,
            await GetStoreErrorAsync(async () => await Store.RenameAsync(At("/one"), At("/one"), replace: false, Token)));
        await Store.RenameAsync(At("/one"), At("/TWO"), replace: true, Token);
        Assert.Equal("one", await Store.ReadFileAsync("/two", Token));
        Assert.Equal(
            ["folder", "other", "two"],
            (await Store.ListAsync("/", Token)).Select(entry => entry.Name.ToLowerInvariant()).Order());
    }

    [Fact]
    public async Task A_rename_to_another_spelling_of_the_parent_changes_nothing()
    {
        await Store.CreateDirectoryAsync(At("/parent"), Token);
        await Store.CreateDirectoryAsync(At("/parent/folder"), Token);
        await Store.RenameAsync(At("/parent/folder"), At("/PARENT/folder"), replace: true, Token);
        Assert.Equal(EntryKind.Directory, await GetKindAsync("/parent/folder"));
        Assert.Equal(["folder"], (await Store.ListAsync("/parent", Token)).Select(entry => entry.Name));
    }

    [Theory]
    [InlineData("/secret", "/SECRET")]
    [InlineData("/secret/file", "/\u017Fe\u200Dcret/FILE")]
    [InlineData("/office", "/O\uFB03ce")]
    [InlineData("/keys", "/\u212Aeys")]
    [InlineData("/straße", "/STRASSE")]
    [InlineData("/café", "/CAFÉ")]
    public void All_spellings_of_a_path_are_equal_in_a_comparison(string path, string spelling)
    {
        Assert.NotEqual(At(path), At(spelling));
        Assert.Equal(Store.GetComparisonPath(At(path)), Store.GetComparisonPath(At(spelling)));
        Assert.NotEqual(Store.GetComparisonPath(At(path)), Store.GetComparisonPath(At(path + "s")));
    }

    [Fact]
    public async Task A_directory_with_entries_is_recognised_by_their_names()
    {
        await Store.CreateDirectoryAsync(At("/Folder"), Token);
        using var folder = new LocalFileStore(UnderTest.DirectoryOnDisk!.Path);
        Assert.Equal(folder.GetComparisonPath(At("/secret")), folder.GetComparisonPath(At("/SECRET")));
    }

    [Fact]
    public async Task Mount_points_are_found_in_every_spelling()
    {
        var shared = new MemoryFileStore();
        var store = new MountedStore(Store, [new StoreMount(At("/team/shared"), shared, IsReadOnly: true)]);
        await Store.CreateDirectoryAsync(At("/Team"), Token);
        await Store.CreateDirectoryAsync(At("/Team/Shared"), Token);
        await Store.WriteFileAsync("/Team/Shared/hidden", "home", Token);
        await shared.WriteFileAsync("/plan", "shared", Token);
        await shared.WriteFileAsync("/PLAN", "other", Token);
        Assert.Equal("shared", await store.ReadFileAsync("/TEAM/SHARED/plan", Token));
        Assert.Equal("other", await store.ReadFileAsync("/TEAM/SHARED/PLAN", Token));
        Assert.Null(await store.GetEntryAsync(At("/TEAM/Shared/hidden"), Token));
        Assert.Equal(["shared"], (await store.ListAsync("/TEAM", Token)).Select(entry => entry.Name));
        Assert.Equal(
            StoreError.Denied, await GetStoreErrorAsync(async () => await store.DeleteDirectoryAsync(At("/TEAM"), Token)));
        Assert.Equal(store.GetComparisonPath(At("/team/shared/A")), store.GetComparisonPath(At("/TEAM/SHARED/A")));
        Assert.NotEqual(store.GetComparisonPath(At("/team/shared/A")), store.GetComparisonPath(At("/team/shared/a")));
    }

    /// <summary>The file system treats these spellings as the name of the staging file. The store must refuse them.</summary>
    [Fact]
    public async Task A_staging_file_cannot_be_reached_by_any_spelling_of_its_name()
    {
        await using IFileWriter writer = await OpenWriteAsync("/file", WriteStart.Replace);
        await writer.WriteAsync(0, Bytes("half"), Token);
        string name = Path.GetFileName(Assert.Single(Directory.GetFileSystemEntries(UnderTest.DirectoryOnDisk!.Path)));
        string invisible = name.Replace("pend", "p\u200Den\uFEFFd", StringComparison.Ordinal);
        foreach (string spelling in new[] { name, name.ToUpperInvariant(), name.Replace('s', '\u017F'), invisible })
        {
            Assert.Equal("half", File.ReadAllText(UnderTest.DirectoryOnDisk[spelling]));
            StorePath path = At("/" + spelling);
            Assert.Null(await Store.GetEntryAsync(path, Token));
            Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await Store.OpenReadAsync(path, Token)));
            Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await Store.DeleteFileAsync(path, Token)));
            Assert.Equal(
                StoreError.NotFound,
                await GetStoreErrorAsync(async () => await Store.RenameAsync(path, At("/got"), replace: true, Token)));
            Assert.Equal(StoreError.BadName, await GetWriteErrorAsync("/" + spelling, WriteStart.Replace));
        }
    }
}

public sealed class KernelFolding() : FoldingTests(() => StoreUnderTest.OnFoldingFileSystem(portable: false));

public sealed class PortableFolding() : FoldingTests(() => StoreUnderTest.OnFoldingFileSystem(portable: true));

public sealed class KernelFoldingRenaming() : RenamingContract(() => StoreUnderTest.OnFoldingFileSystem(portable: false));

public sealed class PortableFoldingRenaming() : RenamingContract(() => StoreUnderTest.OnFoldingFileSystem(portable: true));

public sealed class KernelFoldingDirectories() : DirectoriesContract(() => StoreUnderTest.OnFoldingFileSystem(portable: false));

public sealed class PortableFoldingDirectories() : DirectoriesContract(() => StoreUnderTest.OnFoldingFileSystem(portable: true));

public sealed class KernelFoldingWriting() : WritingContract(() => StoreUnderTest.OnFoldingFileSystem(portable: false));

public sealed class PortableFoldingWriting() : WritingContract(() => StoreUnderTest.OnFoldingFileSystem(portable: true));
