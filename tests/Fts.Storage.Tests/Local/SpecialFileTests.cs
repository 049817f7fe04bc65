using System.Net.Sockets;
using Fts.Storage.Local;
using Fts.Storage.Tests.Local.Confinement;
using Fts.Storage.Tests.Local.Linux;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Local;

/// <summary>
/// FIFOs, sockets and devices can be listed, renamed and deleted. They are never opened, because that can block or have effects on a
/// device.
/// </summary>
public sealed class SpecialFileTests : IDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, bool> Kinds
    {
        get
        {
            var rows = new TheoryData<string, bool>();
            foreach (string kind in (string[])["FIFO", "socket", "character device", "block device"])
            {
                rows.Add(kind, false);
                rows.Add(kind, true);
            }

            return rows;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_special_file_is_listed_as_other_and_never_opened(string kind, bool portable)
    {
        Make(kind);
        File.CreateSymbolicLink(_folder["link"], "special");
        using var watch = new FileOpenWatcher(_folder["special"]);
        using var store = new LocalFileStore(_folder.Path, portable);
        await Task.Run(() => TryAllAsync(store), Token).WaitAsync(s_deadline, Token);
        Assert.False(watch.WasOpened());
    }

    private static async Task TryAllAsync(LocalFileStore store)
    {
        Assert.Equal(["link", "special"], (await store.ListAsync("/", Token)).Select(entry => entry.Name).Order());
        Assert.All(await store.ListAsync("/", Token), entry => Assert.Equal((EntryKind.Other, 0L), (entry.Kind, entry.Length)));
        foreach (StorePath path in (StorePath[])[At("/special"), At("/link")])
        {
            Assert.Equal((EntryKind.Other, 0L), await store.GetEntryAsync(path, Token) is { } entry ? (entry.Kind, entry.Length) : default);
            Assert.Equal(StoreError.NotAFile, await GetStoreErrorAsync(async () => await store.OpenReadAsync(path, Token)));
            Assert.Equal(
                StoreError.NotAFile,
                await GetStoreErrorAsync(async () => await store.OpenWriteAsync(path, WriteStart.Replace, Token)));
            Assert.Equal(
                StoreError.NotAFile,
                await GetStoreErrorAsync(async () => await store.OpenWriteAsync(path, WriteStart.Append, Token)));
            Assert.Equal(
                StoreError.NotAFile,
                await GetStoreErrorAsync(async () => await store.OpenWriteAsync(path, WriteStart.FromOffset(1), Token)));
            Assert.Equal(
                StoreError.Exists,
                await GetStoreErrorAsync(async () => await store.OpenWriteAsync(path, WriteStart.Create, Token)));
            Assert.Equal(
                StoreError.NotAFile,
                await GetStoreErrorAsync(async () => await store.SetMetadataAsync(path, new FileMetadata(DateTime.UnixEpoch), Token)));
            Assert.Equal(StoreError.NotAFile, await GetStoreErrorAsync(
                async () => await store.SetMetadataAsync(path, new FileMetadata(UnixMode: UnixFileMode.UserRead), Token)));
            Assert.Equal(StoreError.NotAFile, await GetStoreErrorAsync(async () => await store.CreateLinkAsync(At("/other"), path, Token)));
            Assert.Equal(StoreError.NotADirectory, await GetStoreErrorAsync(async () => await store.ListAsync(path, Token)));
            Assert.Equal(StoreError.NotADirectory, await GetStoreErrorAsync(async () => await store.GetFreeSpaceAsync(path, Token)));
            Assert.Equal(
                StoreError.NotADirectory,
                await GetStoreErrorAsync(async () => await store.OpenReadAsync(path.Child("inner"), Token)));
            Assert.Equal(StoreError.NotADirectory, await GetStoreErrorAsync(async () => await store.DeleteDirectoryAsync(path, Token)));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_special_file_is_renamed_replaced_and_deleted_like_a_file(string kind, bool portable)
    {
        Make(kind);
        File.WriteAllText(_folder["file"], "text");
        using var watch = new FileOpenWatcher(_folder["special"]);
        using var store = new LocalFileStore(_folder.Path, portable);
        await Task.Run(
            async () =>
            {
                Assert.Equal(
                    StoreError.Exists,
                    await GetStoreErrorAsync(async () => await store.RenameAsync(At("/special"), At("/file"), replace: false, Token)));
                await store.RenameAsync(At("/special"), At("/renamed"), replace: false, Token);
                await store.RenameAsync(At("/renamed"), At("/file"), replace: true, Token);
                await store.DeleteFileAsync(At("/file"), Token);
            },
            Token).WaitAsync(s_deadline, Token);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
        Assert.False(watch.WasOpened());
    }

    /// <summary>Only for the confined store. The portable store can open a FIFO that replaces the file after the check.</summary>
    [Fact]
    public async Task A_FIFO_that_replaces_a_file_does_not_block_a_reader()
    {
        Make("FIFO");
        File.WriteAllText(_folder["file"], "text");
        using var flipper = new PathSwapper(_folder.Path, "file", "special");
        using var store = new LocalFileStore(_folder.Path);
        Task flipping = flipper.SwapAsync(100_000, Token);
        int done = 0, refused = 0;
        await Task.Run(
            async () =>
            {
                while (!flipping.IsCompleted)
                {
                    try
                    {
                        Assert.Equal("text", await store.GetAsync("/file", Token));
                        await using IFileWriter writer = await store.OpenWriteAsync(At("/file"), WriteStart.Append, Token);
                        Assert.Equal(4, writer.StartOffset);
                        done++;
                    }
                    catch (StoreException exception)
                    {
                        Assert.Equal(StoreError.NotAFile, exception.Error);
                        refused++;
                    }
                }
            },
            Token).WaitAsync(s_deadline, Token);
        await flipping;
        Assert.True(done > 0 && refused > 0, $"{done} done, {refused} refused");
    }

    private void Make(string kind)
    {
        switch (kind)
        {
            case "FIFO":
                Assert.Equal(0, NativeNames.Mkfifo(_folder["special"], 0x1B6));
                break;
            case "socket":
                using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
                {
                    socket.Bind(new UnixDomainSocketEndPoint(_folder["made"]));
                    // Renamed, because .NET deletes the name to which the socket was bound.
                    File.Move(_folder["made"], _folder["special"]);
                }

                break;
            default:
                // /dev/null, and a RAM disk that need not exist, because it is never opened.
                (uint type, ulong device) = kind == "character device" ? (0x2000u, 0x103ul) : (0x6000, 0x100);
                Assert.SkipUnless(NativeNames.Mknod(_folder["special"], type | 0x1B6, device) == 0, "Creating a device needs root.");
                break;
        }
    }
}
