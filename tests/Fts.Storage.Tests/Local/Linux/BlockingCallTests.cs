using Fts.Storage.Local;
using Fts.Storage.Local.Linux;
using Fts.Storage.Tests.Folding;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Local.Linux;

/// <summary>Which calls of a local store complete on the thread of the caller, and what happens to a caller whose call hangs.</summary>
public sealed class BlockingCallTests
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData((uint)FuseOperation.Lookup, "GetEntry")]
    [InlineData((uint)FuseOperation.OpenDirectory, "List")]
    [InlineData((uint)FuseOperation.ReadDirectory, "Enumerate")]
    [InlineData((uint)FuseOperation.Open, "OpenRead")]
    [InlineData((uint)FuseOperation.Read, "Read")]
    [InlineData((uint)FuseOperation.Create, "OpenWrite")]
    [InlineData((uint)FuseOperation.Write, "Write")]
    [InlineData((uint)FuseOperation.MakeDirectory, "CreateDirectory")]
    [InlineData((uint)FuseOperation.Unlink, "DeleteFile")]
    [InlineData((uint)FuseOperation.Rename, "Rename")]
    public async Task A_hung_call_blocks_no_caller_and_can_be_cancelled(uint operation, string member)
    {
        using var folder = new TemporaryDirectory();
        using FuseMount? mount = FuseMount.TryMount(folder.Path);
        Assert.SkipWhen(mount is null, "Mounting a file system needs root and /dev/fuse.");
        using var store = new LocalFileStore(folder.Path);
        await store.WriteFileAsync("/file", "content", Token);
        await using IFileReader reader = await store.OpenReadAsync(At("/file"), Token);
        await using IFileWriter writer = await store.OpenWriteAsync(At("/new"), WriteStart.Replace, Token);
        using var cancellation = new CancellationTokenSource();

        Task hangs = mount.Hold((FuseOperation)operation);
        Task call = CallAsync(store, reader, writer, member, cancellation.Token);
        await hangs.WaitAsync(s_deadline, Token);
        Assert.False(call.IsCompleted);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(s_deadline, Token));

        mount.Release();
        Assert.NotNull(await store.GetEntryAsync(StorePath.Root, Token).AsTask().WaitAsync(s_deadline, Token));
    }

    [Theory]
    [InlineData("/dev/shm", true)]
    [InlineData("/tmp", false)]
    public async Task Cached_lookups_and_reads_complete_on_the_thread_of_the_caller(string parent, bool isMemory)
    {
        string folder = Path.Combine(parent, $"fts-storage-{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder);
        try
        {
            using LinuxRootDirectory? root = LinuxRootDirectory.OpenIfSupported(folder, null);
            FileSystemKind required = isMemory ? FileSystemKind.Memory : FileSystemKind.Disk;
            Assert.SkipUnless(root?.FileSystemKind == required, $"{parent} has another file system.");
            using var store = new LocalFileStore(folder, portable: false, clock: new StoppedClock());
            await store.SweepPartialUploadsAsync(DateTime.UnixEpoch, Token); // before it, each use of a file looks for a leftover append
            await store.WriteFileAsync("/file", "content", Token);
            for (int i = 0; i < InlineCallPolicy.FastCallsToAllow; i++)
            {
                await store.GetEntryAsync(At("/file"), Token);
            }

            Task<FileEntry?> finding = store.GetEntryAsync(At("/file"), Token).AsTask();
            Assert.True(finding.IsCompleted);
            Assert.Equal(7, (await finding)?.Length);
            Task<IFileReader> opening = store.OpenReadAsync(At("/file"), Token).AsTask();
            Assert.True(opening.IsCompleted);
            await using IFileReader reader = await opening;
            byte[] buffer = new byte[100];
            Task<int> reading = reader.ReadAsync(0, buffer, Token).AsTask();
            Assert.True(reading.IsCompleted);
            Assert.Equal("content"u8.ToArray(), buffer[..await reading]);

            Task<IFileWriter> creating = store.OpenWriteAsync(At("/new"), WriteStart.Replace, Token).AsTask();
            Assert.True(creating.IsCompleted || !isMemory);
            await (await creating).DisposeAsync();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>A clock with which every call is fast.</summary>
    private sealed class StoppedClock : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }

    [Theory]
    [InlineData(0x01021994, "Memory")] // tmpfs
    [InlineData(0xEF53, "Disk")] // ext4
    [InlineData(0x58465342, "Disk")] // XFS
    [InlineData(0x9123683E, "Disk")] // btrfs
    [InlineData(0x6969, "Other")] // NFS
    [InlineData(0xFF534D42, "Other")] // CIFS
    [InlineData(0x65735546, "Other")] // FUSE
    [InlineData(0x794C7630, "Other")] // overlayfs
    public void The_kind_of_a_file_system_follows_from_its_magic_number(long magic, string kind) =>
        Assert.Equal(kind, LinuxFileSystem.GetKind(magic).ToString());

    [Fact]
    public void A_memory_file_system_with_another_one_mounted_below_it_can_block()
    {
        string folder = Path.Combine("/dev/shm", $"fts-storage-{Guid.NewGuid():N}");
        Assert.SkipUnless(Directory.Exists("/dev/shm"), "/dev/shm does not exist.");
        Directory.CreateDirectory(Path.Combine(folder, "inner disk"));
        try
        {
            using (LinuxRootDirectory? before = LinuxRootDirectory.OpenIfSupported(folder, null))
            {
                Assert.SkipUnless(before?.FileSystemKind == FileSystemKind.Memory, "/dev/shm has another file system.");
            }

            using FuseMount? mount = FuseMount.TryMount(Path.Combine(folder, "inner disk"));
            Assert.SkipWhen(mount is null, "Mounting a file system needs root and /dev/fuse.");
            using LinuxRootDirectory? root = LinuxRootDirectory.OpenIfSupported(folder, null);
            Assert.Equal(FileSystemKind.Other, root?.FileSystemKind);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task CallAsync(
        LocalFileStore store, IFileReader reader, IFileWriter writer, string member, CancellationToken cancellationToken)
    {
        switch (member)
        {
            case "GetEntry":
                await store.GetEntryAsync(At("/file"), cancellationToken);
                break;
            case "List":
                await store.ListAsync(StorePath.Root, cancellationToken);
                break;
            case "Enumerate":
                IAsyncEnumerable<FileEntry> entries = await store.ListAsync(StorePath.Root, cancellationToken);
                await foreach (FileEntry _ in entries.WithCancellation(cancellationToken))
                {
                }

                break;
            case "OpenRead":
                await (await store.OpenReadAsync(At("/file"), cancellationToken)).DisposeAsync();
                break;
            case "Read":
                await reader.ReadAsync(0, new byte[100], cancellationToken);
                break;
            case "OpenWrite":
                await (await store.OpenWriteAsync(At("/other"), WriteStart.Replace, cancellationToken)).DisposeAsync();
                break;
            case "Write":
                await writer.WriteAsync(0, new byte[100], cancellationToken);
                break;
            case "CreateDirectory":
                await store.CreateDirectoryAsync(At("/folder"), cancellationToken);
                break;
            case "DeleteFile":
                await store.DeleteFileAsync(At("/file"), cancellationToken);
                break;
            default:
                await store.RenameAsync(At("/file"), At("/renamed"), replace: true, cancellationToken);
                break;
        }
    }
}
