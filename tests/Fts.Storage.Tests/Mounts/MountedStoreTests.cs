using Fts.Storage.Memory;
using Fts.Storage.Mounts;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Mounts;

/// <summary>The boundaries between the home store and the mounted stores.</summary>
public sealed class MountedStoreTests
{
    private readonly MemoryFileStore _home = new(), _shared = new(), _archive = new();
    private readonly MountedStore _store;

    public MountedStoreTests() => _store = new MountedStore(
        _home, [new StoreMount(At("/shared"), _shared, IsReadOnly: false), new StoreMount(At("/old/archive"), _archive, IsReadOnly: true)]);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_listing_contains_the_mount_points_and_hides_the_entries_below_them()
    {
        await _home.WriteFileAsync("/note", "home", Token);
        await _home.WriteFileAsync("/shared", "hidden", Token);
        await _shared.WriteFileAsync("/plan", "shared", Token);
        Assert.Equal(["note File", "old Directory", "shared Directory"], await ListAsync("/"));
        Assert.Equal(["archive Directory"], await ListAsync("/old"));
        Assert.Equal(["plan File"], await ListAsync("/shared"));
        Assert.Equal("shared", await _store.ReadFileAsync("/shared/plan", Token));
    }

    [Fact]
    public async Task A_directory_above_a_mount_point_shows_the_entries_of_the_home_store_too()
    {
        await _home.CreateDirectoryAsync(At("/old"), Token);
        await _home.WriteFileAsync("/old/own", "home", Token);
        Assert.Equal(["archive Directory", "own File"], await ListAsync("/old"));
        await _store.WriteFileAsync("/old/new", "home", Token);
        Assert.Equal("home", await _home.ReadFileAsync("/old/new", Token));
    }

    [Fact]
    public async Task The_deepest_mount_point_has_priority()
    {
        var inner = new MemoryFileStore();
        var store = new MountedStore(
            _home, [new StoreMount(At("/shared"), _shared, IsReadOnly: true), new StoreMount(At("/shared/in"), inner, IsReadOnly: false)]);
        await store.WriteFileAsync("/shared/in/file", "x", Token);
        Assert.Equal("x", await inner.ReadFileAsync("/file", Token));
        Assert.Equal(EntryKind.Directory, (await store.GetEntryAsync(At("/shared/in"), Token))?.Kind);
    }

    [Theory]
    [InlineData("/shared"), InlineData("/old"), InlineData("/old/archive")]
    public async Task A_mount_point_and_a_directory_above_it_cannot_be_changed(string path)
    {
        await _home.WriteFileAsync("/note", "home", Token);
        await AssertDeniedAsync("mount.point", () => _store.DeleteDirectoryAsync(At(path), Token));
        await AssertDeniedAsync("mount.point", () => DirectoryTree.DeleteAsync(_store, At(path), null, Token));
        await AssertDeniedAsync("mount.point", () => _store.RenameAsync(At(path), At("/other"), false, Token));
        await AssertDeniedAsync("mount.point", () => _store.RenameAsync(At("/note"), At(path), true, Token));
        await AssertDeniedAsync("mount.point", () => _store.SetMetadataAsync(At(path), new FileMetadata(DateTime.UtcNow), Token));
        Assert.Equal(StoreError.Exists, await GetStoreErrorAsync(async () => await _store.CreateDirectoryAsync(At(path), Token)));
        Assert.Equal(StoreError.NotAFile, await GetStoreErrorAsync(async () => await _store.DeleteFileAsync(At(path), Token)));
        Assert.Equal(
            StoreError.NotAFile, await GetStoreErrorAsync(async () => await _store.OpenWriteAsync(At(path), WriteStart.Replace, Token)));
    }

    [Fact]
    public async Task A_moved_link_does_not_lead_to_entries_that_a_mount_hides()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The local store does not support links on Windows.");
        string folder = Directory.CreateTempSubdirectory("fts-test-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "shared"));
            File.WriteAllText(Path.Combine(folder, "shared", "secret"), "hidden");
            using var home = new Fts.Storage.Local.LocalFileStore(folder);
            var store = new MountedStore(home, [new StoreMount(At("/shared"), _shared, IsReadOnly: true)]);
            await store.CreateDirectoryAsync(At("/d"), Token);
            await store.CreateDirectoryAsync(At("/d/shared"), Token);
            await store.CreateLinkAsync(At("/d/link"), At("/d/shared"), Token);
            StoreException refusal = await Assert.ThrowsAsync<StoreException>(
                () => store.RenameAsync(At("/d/link"), At("/link"), replace: false, Token).AsTask());
            Assert.Equal("mount.point", refusal.Rule);
            Assert.Null(await store.GetEntryAsync(At("/link/secret"), Token));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Nothing_is_renamed_between_two_stores()
    {
        await _home.WriteFileAsync("/note", "home", Token);
        await AssertDeniedAsync("mount.point", () => _store.RenameAsync(At("/note"), At("/shared/note"), false, Token));
        Assert.Equal("home", await _store.ReadFileAsync("/note", Token));
    }

    [Fact]
    public async Task A_read_only_mount_refuses_every_change()
    {
        await _archive.WriteFileAsync("/file", "old", Token);
        StorePath file = At("/old/archive/file"), added = At("/old/archive/new");
        await AssertDeniedAsync("mount.read-only", async () => await _store.OpenWriteAsync(file, WriteStart.Replace, Token));
        await AssertDeniedAsync("mount.read-only", async () => await _store.OpenWriteAsync(added, WriteStart.Create, Token));
        await AssertDeniedAsync("mount.read-only", () => _store.DeleteFileAsync(file, Token));
        await AssertDeniedAsync("mount.read-only", () => _store.DeleteFileAsync(file, "ann", Token));
        await AssertDeniedAsync("mount.read-only", () => _store.RenameAsync(file, added, false, Token));
        await AssertDeniedAsync("mount.read-only", () => _store.CreateDirectoryAsync(added, Token));
        await AssertDeniedAsync("mount.read-only", () => _store.DeleteDirectoryAsync(file, Token));
        await AssertDeniedAsync("mount.read-only", () => _store.SetMetadataAsync(file, new FileMetadata(DateTime.UtcNow), Token));
        await AssertDeniedAsync("mount.read-only", () => _store.CreateLinkAsync(At("/old/archive/link"), file, Token));
        Assert.Equal("old", await _store.ReadFileAsync("/old/archive/file", Token));
    }

    [Fact]
    public async Task An_upload_beside_a_mount_point_without_a_directory_in_the_home_store_is_denied()
    {
        await AssertDeniedAsync("mount.point", async () => await _store.OpenWriteAsync(At("/old/new"), WriteStart.Replace, Token));
        await AssertDeniedAsync("mount.point", () => _store.CreateDirectoryAsync(At("/old/new"), Token));
    }

    private async Task<string[]> ListAsync(string path)
    {
        var names = new List<string>();
        await foreach (FileEntry entry in await _store.ListAsync(At(path), Token))
        {
            names.Add($"{entry.Name} {entry.Kind}");
        }

        return [.. names.Order(StringComparer.Ordinal)];
    }

    private static async Task AssertDeniedAsync(string rule, Func<ValueTask> call)
    {
        StoreException e = await Assert.ThrowsAsync<StoreException>(async () => await call());
        Assert.Equal((StoreError.Denied, rule), (e.Error, e.Rule));
    }
}
