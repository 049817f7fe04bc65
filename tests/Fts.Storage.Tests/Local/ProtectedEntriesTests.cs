using Fts.Storage.Local;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Local;

/// <summary>No name or link reaches a protected file or directory.</summary>
public sealed class ProtectedEntriesTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public ProtectedEntriesTests()
    {
        Directory.CreateDirectory(_folder[".local/state/fts/deep"]);
        File.WriteAllText(_folder[".local/state/fts/server.pem"], "key");
        File.WriteAllText(_folder[".local/state/fts/deep/file"], "deep");
        File.WriteAllText(_folder[".local/other"], "other");
        File.WriteAllText(_folder["cert.pem"], "cert");
        File.WriteAllText(_folder["plain"], "plain");
        File.CreateSymbolicLink(_folder["link"], ".local/state/fts/server.pem");
        File.CreateSymbolicLink(_folder["way"], ".local/state/fts");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, bool> Protected
    {
        get
        {
            var rows = new TheoryData<string, bool>();
            string[] paths = [".local/state/fts/server.pem", ".local/state/fts/deep/file", "link", "hard", "way/server.pem", "cert.pem"];
            foreach (string path in paths)
            {
                rows.Add(path, false);
                rows.Add(path, true);
            }

            return rows;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Protected))]
    public async Task A_protected_file_is_neither_read_nor_written(string path, bool portable)
    {
        Assert.Equal(0, NativeNames.Link(_folder[".local/state/fts/server.pem"], _folder["hard"]));
        using LocalFileStore store = CreateStore(portable);
        StorePath target = At("/" + path);
        // A link to a protected file is listed like a link to a missing file.
        Assert.Equal(path == "link" ? EntryKind.Other : null, (await store.GetEntryAsync(target, Token))?.Kind);
        Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await store.OpenReadAsync(target, Token)));
        StoreError refused =
            !portable && (path == "link" || path.Contains('/', StringComparison.Ordinal)) ? StoreError.NotFound : StoreError.BadName;
        WriteStart[] starts = [WriteStart.Replace, WriteStart.Append, WriteStart.FromOffset(1), WriteStart.Replace.WithUploader("ann")];
        foreach (WriteStart start in starts)
        {
            Assert.Equal(refused, await GetStoreErrorAsync(async () => await store.OpenWriteAsync(target, start, Token)));
        }

        Assert.Equal(
            StoreError.NotFound,
            await GetStoreErrorAsync(async () => await store.SetMetadataAsync(target, new FileMetadata(DateTime.UnixEpoch), Token)));
        Assert.Equal(
            StoreError.NotFound,
            await GetStoreErrorAsync(
                async () => await store.SetMetadataAsync(target, new FileMetadata(UnixMode: (UnixFileMode)0x1FF), Token)));
        if (path != "link")
        {
            Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await store.DeleteFileAsync(target, Token)));
            Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await store.DeleteFileAsync(target, "ann", Token)));
            Assert.Equal(
                StoreError.NotFound,
                await GetStoreErrorAsync(async () => await store.RenameAsync(target, At("/moved"), replace: true, Token)));
            Assert.Equal(
                refused,
                await GetStoreErrorAsync(async () => await store.RenameAsync(At("/plain"), target, replace: true, Token)));
        }

        if (!path.Contains('/', StringComparison.Ordinal))
        {
            Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await store.CreateLinkAsync(At("/new"), target, Token)));
        }

        AssertUnchanged();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_entry_is_created_in_a_protected_directory(bool portable)
    {
        using LocalFileStore store = CreateStore(portable);
        StoreError refused = portable ? StoreError.BadName : StoreError.NotFound;
        foreach (string folder in (string[])["/.local/state/fts", "/.local/state/fts/deep", "/way"])
        {
            Assert.Equal(
                refused,
                await GetStoreErrorAsync(async () => await store.OpenWriteAsync(At(folder + "/new"), WriteStart.Replace, Token)));
            Assert.Equal(refused, await GetStoreErrorAsync(async () => await store.CreateDirectoryAsync(At(folder + "/new"), Token)));
            Assert.Equal(
                refused,
                await GetStoreErrorAsync(async () => await store.RenameAsync(At("/plain"), At(folder + "/new"), replace: false, Token)));
            Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await store.ListAsync(At(folder), Token)));
        }

        AssertUnchanged();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_directory_above_a_protected_one_cannot_be_renamed_or_deleted_but_is_served(bool portable)
    {
        using LocalFileStore store = CreateStore(portable);
        Assert.Equal(["other", "state"], (await store.ListAsync("/.local", Token)).Select(entry => entry.Name).Order());
        Assert.Empty(await store.ListAsync("/.local/state", Token));
        Assert.Equal([".local", "link", "plain", "way"], (await store.ListAsync("/", Token)).Select(entry => entry.Name).Order());
        Assert.Equal("other", await store.ReadFileAsync("/.local/other", Token));
        foreach (string folder in (string[])["/.local", "/.local/state"])
        {
            Assert.Equal(StoreError.Denied, await GetStoreErrorAsync(async () => await store.DeleteDirectoryAsync(At(folder), Token)));
            Assert.Equal(
                StoreError.Denied,
                await GetStoreErrorAsync(async () => await store.RenameAsync(At(folder), At("/moved"), replace: true, Token)));
            Assert.Equal(StoreError.Denied, await GetStoreErrorAsync(
                async () => await store.SetMetadataAsync(At(folder), new FileMetadata(UnixMode: (UnixFileMode)0x1FF), Token)));
        }

        AssertUnchanged();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_replaced_file_is_protected_at_once(bool portable)
    {
        using LocalFileStore store = CreateStore(portable);
        for (int round = 0; round < 3; round++)
        {
            File.WriteAllText(_folder["renewed"], "new key");
            Assert.Equal("new key", await store.ReadFileAsync("/renewed", Token));
            File.Move(_folder["renewed"], _folder["cert.pem"], overwrite: true);
            File.WriteAllText(_folder[".local/state/fts/new"], "new");
            Assert.Equal(0, NativeNames.Link(_folder[".local/state/fts/new"], _folder["hard"]));
            Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await store.OpenReadAsync(At("/cert.pem"), Token)));
            Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await store.OpenReadAsync(At("/hard"), Token)));
            File.Delete(_folder["hard"]);
            File.Delete(_folder[".local/state/fts/new"]);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_certificate_that_is_reached_through_links_is_protected_with_the_links(bool portable)
    {
        Directory.CreateDirectory(_folder["archive"]);
        File.WriteAllText(_folder["archive/one.pem"], "one");
        File.WriteAllText(_folder["archive/two.pem"], "two");
        Directory.CreateDirectory(_folder["sets/a"]);
        File.CreateSymbolicLink(_folder["sets/a/live.pem"], "../../archive/one.pem");
        File.CreateSymbolicLink(_folder["set"], "sets/a");
        using var store = new LocalFileStore(_folder.Path, portable, new LocalStoreOptions { ProtectedPaths = [_folder["set/live.pem"]] });
        foreach (string path in (string[])["/archive/one.pem", "/sets/a/live.pem", "/set/live.pem"])
        {
            Assert.Null((await store.GetEntryAsync(At(path), Token))?.Kind);
            Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await store.DeleteFileAsync(At(path), Token)));
            Assert.Equal(
                StoreError.BadName,
                await GetStoreErrorAsync(async () => await store.OpenWriteAsync(At(path), WriteStart.Replace, Token)));
        }

        foreach (string path in (string[])["/set", "/sets", "/sets/a", "/archive"])
        {
            Assert.Equal(
                StoreError.Denied,
                await GetStoreErrorAsync(async () => await store.RenameAsync(At(path), At("/moved"), replace: true, Token)));
        }

        Assert.Equal(StoreError.Denied, await GetStoreErrorAsync(async () => await store.DeleteFileAsync(At("/set"), Token)));
        Assert.Equal("two", await store.ReadFileAsync("/archive/two.pem", Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_protected_path_that_does_not_exist_cannot_be_created(bool portable)
    {
        using var store = new LocalFileStore(_folder.Path, portable, new LocalStoreOptions { ProtectedPaths = [_folder[".config/fts"]] });
        await store.CreateDirectoryAsync(At("/prepared"), Token);
        await store.CreateDirectoryAsync(At("/prepared/fts"), Token);
        Assert.Equal(
            StoreError.BadName,
            await GetStoreErrorAsync(async () => await store.RenameAsync(At("/prepared"), At("/.config"), replace: true, Token)));
        Assert.Equal(
            StoreError.BadName,
            await GetStoreErrorAsync(async () => await store.CreateLinkAsync(At("/.config"), At("/prepared"), Token)));
        await store.CreateDirectoryAsync(At("/.config"), Token);
        Assert.Equal(StoreError.BadName, await GetStoreErrorAsync(async () => await store.CreateDirectoryAsync(At("/.config/fts"), Token)));
        Assert.Equal(
            StoreError.BadName,
            await GetStoreErrorAsync(async () => await store.RenameAsync(At("/prepared/fts"), At("/.config/fts"), replace: true, Token)));
        Assert.Equal(
            StoreError.BadName,
            await GetStoreErrorAsync(async () => await store.OpenWriteAsync(At("/.config/fts"), WriteStart.Replace, Token)));
        await store.WriteFileAsync("/.config/other", "text", Token);
        Directory.CreateDirectory(_folder[".config/fts"]);
        Assert.Equal(["other"], (await store.ListAsync("/.config", Token)).Select(entry => entry.Name));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_directory_in_a_protected_one_cannot_be_served(bool portable)
    {
        foreach (string folder in (string[])[".local/state/fts", ".local/state/fts/deep", "way"])
        {
            Assert.Throws<ArgumentException>(() => new LocalFileStore(_folder[folder], portable, Options));
        }
    }

    [Fact]
    public void Protected_paths_outside_the_served_directory_need_no_check()
    {
        using var elsewhere = new TemporaryDirectory();
        Assert.Null(ProtectedEntries.CreateIfReachable(elsewhere.Path, Options.ProtectedPaths));
        Assert.NotNull(ProtectedEntries.CreateIfReachable(_folder.Path, Options.ProtectedPaths));
        Assert.Equal(0, NativeNames.Link(_folder["cert.pem"], elsewhere["second-name"]));
        Assert.NotNull(ProtectedEntries.CreateIfReachable(elsewhere.Path, Options.ProtectedPaths));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_hard_link_to_a_file_in_a_protected_directory_elsewhere_is_not_served(bool portable)
    {
        using var served = new TemporaryDirectory();
        Assert.Equal(0, NativeNames.Link(_folder[".local/state/fts/deep/file"], served["second-name"]));
        using var store = new LocalFileStore(served.Path, portable, Options);
        Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await store.OpenReadAsync(At("/second-name"), Token)));
        Assert.Empty(await store.ListAsync("/", Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_target_of_a_link_in_a_protected_directory_is_protected(bool portable)
    {
        using var served = new TemporaryDirectory();
        File.WriteAllText(served["known_hosts"], "keys");
        File.WriteAllText(served["plain"], "plain");
        Directory.CreateDirectory(served["folder"]);
        File.CreateSymbolicLink(_folder[".local/state/fts/known_hosts"], served["known_hosts"]);
        File.CreateSymbolicLink(_folder[".local/state/fts/missing"], served["missing"]);
        File.CreateSymbolicLink(_folder[".local/state/fts/served"], served.Path);
        File.CreateSymbolicLink(_folder[".local/state/fts/round"], "round");
        using var store = new LocalFileStore(served.Path, portable, Options);
        Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await store.OpenReadAsync(At("/known_hosts"), Token)));
        foreach (string path in (string[])["/known_hosts", "/missing"])
        {
            Assert.Equal(
                StoreError.BadName,
                await GetStoreErrorAsync(async () => await store.OpenWriteAsync(At(path), WriteStart.Replace, Token)));
            Assert.Equal(
                StoreError.BadName,
                await GetStoreErrorAsync(async () => await store.RenameAsync(At("/plain"), At(path), replace: true, Token)));
        }

        Assert.Equal(["folder", "plain"], (await store.ListAsync("/", Token)).Select(entry => entry.Name).Order());
        Assert.Equal("keys", File.ReadAllText(served["known_hosts"]));
    }

    [Fact]
    public async Task A_file_that_is_replaced_while_it_is_opened_is_protected()
    {
        using LocalFileStore store = CreateStore(portable: false);
        for (int round = 0; round < 500; round++)
        {
            File.WriteAllText(_folder["renewed"], "new key");
            var replacing = Task.Run(() => File.Move(_folder["renewed"], _folder["cert.pem"], overwrite: true), Token);
            do
            {
                Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await store.OpenReadAsync(At("/cert.pem"), Token)));
            }
            while (!replacing.IsCompleted);
            await replacing;
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_mode_of_the_root_is_not_set(bool portable)
    {
        File.CreateSymbolicLink(_folder["top"], ".");
        UnixFileMode before = File.GetUnixFileMode(_folder.Path);
        using LocalFileStore store = new(_folder.Path, portable);
        foreach (string path in (string[])["/", "/top"])
        {
            Assert.Equal(StoreError.Denied, await GetStoreErrorAsync(
                async () => await store.SetMetadataAsync(At(path), new FileMetadata(UnixMode: UnixFileMode.None), Token)));
        }

        Assert.Equal(before, File.GetUnixFileMode(_folder.Path));
    }

    private LocalStoreOptions Options => new() { ProtectedPaths = [_folder[".local/state/fts"], _folder["cert.pem"]] };

    private LocalFileStore CreateStore(bool portable) => new(_folder.Path, portable, Options);

    private void AssertUnchanged()
    {
        Assert.Equal("key", File.ReadAllText(_folder[".local/state/fts/server.pem"]));
        Assert.Equal("deep", File.ReadAllText(_folder[".local/state/fts/deep/file"]));
        Assert.Equal("cert", File.ReadAllText(_folder["cert.pem"]));
        Assert.Equal("plain", File.ReadAllText(_folder["plain"]));
        Assert.Equal(
            ["deep", "server.pem"],
            Directory.GetFileSystemEntries(_folder[".local/state/fts"]).Select(path => Path.GetFileName(path)).Order());
    }
}
