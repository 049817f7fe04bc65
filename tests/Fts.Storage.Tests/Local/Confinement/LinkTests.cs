using Fts.Storage.Local;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Local.Confinement;

/// <summary>Links to targets inside the root work.</summary>
public sealed class LinkTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_link_to_an_inside_target_is_listed_and_read_as_its_target(bool portable)
    {
        using LocalFileStore store = Open(portable);
        Assert.Equal("text", await store.ReadFileAsync("/link", Token));
        Assert.Equal("text", await store.ReadFileAsync("/folder/back", Token));
        Assert.Equal("text", await store.ReadFileAsync("/way/back", Token));
        (string, string, EntryKind, long)[] cases =
            [("/", "link", EntryKind.File, 4L), ("/", "way", EntryKind.Directory, 0), ("/folder", "back", EntryKind.File, 4)];
        foreach ((string folder, string name, EntryKind kind, long length) in cases)
        {
            FileEntry listed = Assert.Single(await store.ListAsync(folder, Token), entry => entry.Name == name);
            FileEntry found = Assert.NotNull(await store.GetEntryAsync(At(folder).Child(name), Token));
            Assert.Equal((name, kind, length), (listed.Name, listed.Kind, listed.Length));
            Assert.Equal((name, kind, length), (found.Name, found.Kind, found.Length));
        }

        Assert.Equal(["back", "inner"], (await store.ListAsync("/way", Token)).Select(entry => entry.Name).Order());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_upload_to_a_link_replaces_its_target_and_keeps_the_link(bool portable)
    {
        using LocalFileStore store = Open(portable);
        await store.WriteFileAsync("/way/back", "new text", Token);
        Assert.Equal("new text", File.ReadAllText(_folder["file"]));
        Assert.Equal("../link", new FileInfo(_folder["folder/back"]).LinkTarget);
        Assert.Equal("file", new FileInfo(_folder["link"]).LinkTarget);

        await using (IFileWriter writer = await store.OpenWriteAsync(At("/link"), WriteStart.Append, Token))
        {
            await writer.WriteAsync(writer.StartOffset, Bytes(", and more"), Token);
            await writer.CommitAsync(Token);
        }

        Assert.Equal("new text, and more", File.ReadAllText(_folder["file"]));
        Assert.Equal(["file", "folder", "link", "way"], Names(_folder.Path));
        Assert.Equal(["back", "inner"], Names(_folder["folder"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_directory_can_be_used_through_a_link(bool portable)
    {
        using LocalFileStore store = Open(portable);
        await store.CreateDirectoryAsync(At("/way/new"), Token);
        await store.WriteFileAsync("/way/new/file", "text", Token);
        await store.RenameAsync(At("/way/new/file"), At("/folder/moved"), replace: false, Token);
        await store.DeleteDirectoryAsync(At("/folder/new"), Token);
        Assert.Equal(["back", "inner", "moved"], Names(_folder["folder"]));
        Assert.Equal(
            StoreError.NotAFile,
            await GetStoreErrorAsync(async () => await store.OpenWriteAsync(At("/way"), WriteStart.Replace, Token)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Deletions_and_renames_affect_the_link_itself(bool portable)
    {
        using LocalFileStore store = Open(portable);
        await store.RenameAsync(At("/way"), At("/path"), replace: false, Token);
        await store.WriteFileAsync("/taken", "", Token);
        await store.RenameAsync(At("/path"), At("/taken"), replace: true, Token);
        await store.DeleteFileAsync(At("/taken"), Token);
        await store.RenameAsync(At("/link"), At("/other"), replace: false, Token);
        await store.DeleteFileAsync(At("/other"), Token);
        Assert.Equal(["file", "folder"], Names(_folder.Path));
        Assert.Equal("text", File.ReadAllText(_folder["file"]));
        Assert.Equal(["back", "inner"], Names(_folder["folder"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Setting_the_time_of_a_link_sets_the_time_of_its_target(bool portable)
    {
        using LocalFileStore store = Open(portable);
        await store.SetMetadataAsync(At("/link"), new FileMetadata(DateTime.UnixEpoch), Token);
        Assert.Equal(DateTime.UnixEpoch, File.GetLastWriteTimeUtc(_folder["file"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_link_to_a_missing_entry_can_be_listed_and_deleted_but_not_opened(bool portable)
    {
        using LocalFileStore store = Open(portable);
        File.CreateSymbolicLink(_folder["nowhere"], "missing");
        File.CreateSymbolicLink(_folder["loop"], "loop");
        foreach (string path in new[] { "/nowhere", "/loop" })
        {
            Assert.Equal(EntryKind.Other, (await store.GetEntryAsync(At(path), Token))?.Kind);
            StoreError error = await GetStoreErrorAsync(async () => await store.OpenReadAsync(At(path), Token));
            Assert.True(error is StoreError.NotFound or StoreError.Denied);
            Assert.Equal(
                StoreError.Denied,
                await GetStoreErrorAsync(async () => await store.OpenWriteAsync(At(path), WriteStart.Replace, Token)));
            Assert.Equal(
                StoreError.Exists,
                await GetStoreErrorAsync(async () => await store.OpenWriteAsync(At(path), WriteStart.Create, Token)));
            await store.DeleteFileAsync(At(path), Token);
        }

        Assert.Equal(["file", "folder", "link", "way"], Names(_folder.Path));
    }

    /// <summary>In POSIX, a rename between two hard links of a file does nothing and succeeds. The store deletes the old name.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_rename_to_another_hard_link_deletes_the_old_name(bool portable)
    {
        using LocalFileStore store = Open(portable);
        Assert.Equal(0, NativeNames.Link(_folder["file"], _folder["folder/same"]));
        Assert.Equal(
            StoreError.Exists,
            await GetStoreErrorAsync(async () => await store.RenameAsync(At("/file"), At("/folder/same"), replace: false, Token)));
        Assert.Equal(["file", "folder", "link", "way"], Names(_folder.Path));
        await store.RenameAsync(At("/file"), At("/folder/same"), replace: true, Token);
        Assert.Equal(["folder", "link", "way"], Names(_folder.Path));
        Assert.Equal(["back", "inner", "same"], Names(_folder["folder"]));
        Assert.Equal("text", await store.ReadFileAsync("/folder/same", Token));
    }

    private static IEnumerable<string> Names(string folder) =>
        Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Order();

    /// <summary>file; link → file; folder/inner; folder/back → ../link; way → folder.</summary>
    private LocalFileStore Open(bool portable)
    {
        File.WriteAllText(_folder["file"], "text");
        Directory.CreateDirectory(_folder["folder"]);
        File.WriteAllText(_folder["folder/inner"], "inner");
        File.CreateSymbolicLink(_folder["link"], "file");
        File.CreateSymbolicLink(_folder["folder/back"], "../link");
        File.CreateSymbolicLink(_folder["way"], "folder");
        return new LocalFileStore(_folder.Path, portable);
    }
}
