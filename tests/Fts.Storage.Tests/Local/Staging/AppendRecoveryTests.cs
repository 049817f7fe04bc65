using System.Text;
using Fts.Native;
using Fts.Storage.Local;
using Fts.Storage.Local.Staging;
using Microsoft.Win32.SafeHandles;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Local.Staging;

/// <summary>After a killed process left an append, the recovery gives the file its old or its whole new content.</summary>
public sealed class AppendRecoveryTests : IDisposable
{
    private const string Old = "the old content ", Added = "and the new bytes";

    private readonly TemporaryDirectory _folder = new();
    private readonly string _stagingName = StagingNames.CreateRandom();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The number of appended bytes in the file, and whether the staging file exists.</summary>
    public static TheoryData<bool, int, bool> Leftovers
    {
        get
        {
            var data = new TheoryData<bool, int, bool>();
            foreach (bool portable in (bool[])[true, false])
            {
                foreach (int appended in (int[])[0, 1, Added.Length - 1, Added.Length])
                {
                    data.Add(portable, appended, true);
                    data.Add(portable, appended, false);
                }
            }

            return data;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Leftovers))]
    public async Task A_sweep_completes_the_append_if_the_staging_file_exists_and_undoes_it_otherwise(
        bool portable, int appended, bool hasStagingFile)
    {
        LeaveAppend(appended, hasStagingFile ? Added : null);
        using var store = new LocalFileStore(_folder.Path, portable);
        Assert.Equal(0, await store.SweepPartialUploadsAsync(DateTime.UnixEpoch, Token));
        AssertOnlyFile(hasStagingFile || appended == Added.Length ? Old + Added : Old);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_append_whose_staging_file_is_incomplete_is_undone(bool portable)
    {
        foreach (int appended in (int[])[0, 3, Added.Length])
        {
            LeaveAppend(appended, Added[..5]);
            using var store = new LocalFileStore(_folder.Path, portable);
            await store.SweepPartialUploadsAsync(DateTime.MaxValue, Token);
            AssertOnlyFile(Old);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Before_the_first_sweep_every_use_of_the_file_completes_the_append(bool portable)
    {
        Func<LocalFileStore, Task>[] uses =
        [
            async store => Assert.Equal(Old.Length + Added.Length, (await store.GetEntryAsync(At("/log"), Token))?.Length),
            async store => Assert.Equal(Old + Added, await store.ReadFileAsync("/log", Token)),
            async store => Assert.Equal(Old.Length + Added.Length, Assert.Single(await store.ListAsync("/", Token)).Length),
            async store => await AppendAsync(store, "", Old.Length + Added.Length),
            async store =>
            {
                await store.RenameAsync(At("/log"), At("/moved"), replace: false, Token);
                await store.RenameAsync(At("/moved"), At("/log"), replace: false, Token);
            },
        ];
        foreach (Func<LocalFileStore, Task> use in uses)
        {
            LeaveAppend(3, Added);
            using var store = new LocalFileStore(_folder.Path, portable);
            await use(store);
            AssertOnlyFile(Old + Added);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Before_the_first_sweep_a_deleted_or_replaced_file_leaves_no_record_for_its_successor(bool portable)
    {
        LeaveAppend(3, Added);
        using var store = new LocalFileStore(_folder.Path, portable);
        await store.DeleteFileAsync(At("/log"), Token);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));

        LeaveAppend(3, Added);
        await store.WriteFileAsync("/log", "new", Token);
        AssertOnlyFile("new");
    }

    [Fact]
    public void A_record_keeps_every_name_that_the_system_allows()
    {
        string[] names = OperatingSystem.IsWindows() ? ["log", "\u00e9 x"] : ["log", "back\\slash", "\u00e9 x", "a:b"];
        foreach (string name in names)
        {
            var record = new AppendRecord(name, 7, 16, _stagingName, 17);
            Assert.Equal(record, AppendRecord.TryParse(record.ToBytes(), record.Name));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_a_sweep_another_append_and_a_rename_complete_the_append(bool portable)
    {
        using var store = new LocalFileStore(_folder.Path, portable);
        await store.SweepPartialUploadsAsync(DateTime.UnixEpoch, Token);
        LeaveAppend(3, Added);
        await AppendAsync(store, ", and more", Old.Length + Added.Length);
        AssertOnlyFile(Old + Added + ", and more");

        LeaveAppend(3, Added);
        await store.RenameAsync(At("/log"), At("/moved"), replace: false, Token);
        Assert.Equal(Old + Added, File.ReadAllText(_folder["moved"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_append_that_began_before_the_leftover_is_applied_after_it(bool portable)
    {
        using var store = new LocalFileStore(_folder.Path, portable);
        File.WriteAllText(_folder["log"], Old);
        await using IFileWriter writer = await store.OpenWriteAsync(At("/log"), WriteStart.Append, Token);
        await writer.WriteAsync(writer.StartOffset, Bytes(", and more"), Token);
        LeaveAppend(3, Added);
        await writer.CommitAsync(Token);
        AssertOnlyFile(Old + Added + ", and more");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_damaged_record_is_deleted_and_the_file_is_unchanged(bool portable)
    {
        byte[] record = File.ReadAllBytes(LeaveAppend(0, Added));
        IEnumerable<byte[]> damaged = Enumerable.Range(0, record.Length).Select(length => record[..length])
            .Concat(Enumerable.Range(0, record.Length)
                .Select(at => (byte[])[.. record[..at], (byte)(record[at] ^ 1), .. record[(at + 1)..]]));
        using var store = new LocalFileStore(_folder.Path, portable);
        foreach (byte[] bytes in damaged)
        {
            string name = LeaveAppend(0, Added);
            File.WriteAllBytes(name, bytes);
            await store.SweepPartialUploadsAsync(DateTime.UnixEpoch, Token);
            Assert.False(File.Exists(name));
            Assert.Equal(Old, File.ReadAllText(_folder["log"]));
        }
    }

    [Theory]
    [InlineData(true, "another file of any length")]
    [InlineData(false, "another file of any length")]
    [InlineData(true, Old)]
    [InlineData(false, Old)]
    [InlineData(true, null)]
    [InlineData(false, null)]
    public async Task A_file_that_replaced_the_target_is_unchanged(bool portable, string? replacement)
    {
        LeaveAppend(3, Added);
        File.Move(_folder["log"], _folder["log.1"]); // keeps the inode number in use
        if (replacement is not null)
        {
            File.WriteAllText(_folder["log"], replacement);
        }

        using var store = new LocalFileStore(_folder.Path, portable);
        await store.SweepPartialUploadsAsync(DateTime.MaxValue, Token);
        File.Delete(_folder["log.1"]);
        Assert.Equal(replacement is null ? [] : ["log"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));
        Assert.Equal(replacement, replacement is null ? null : File.ReadAllText(_folder["log"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_that_another_program_truncated_or_extended_is_unchanged(bool portable)
    {
        using var store = new LocalFileStore(_folder.Path, portable);
        foreach (string changed in (string[])["", Old[..5], Old + Added + "more"])
        {
            LeaveAppend(0, Added);
            File.WriteAllText(_folder["log"], changed);
            await store.SweepPartialUploadsAsync(DateTime.MaxValue, Token);
            AssertOnlyFile(changed);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_record_of_an_append_that_is_being_applied_is_not_touched(bool portable)
    {
        LeaveAppend(3, Added);
        using var store = new LocalFileStore(_folder.Path, portable);
        IAppendDirectory directory = portable
            ? new PortableAppendDirectory(_folder.Path)
            : new LinuxAppendDirectory(OpenDirectory(_folder.Path));
        using (LockedFile? record = directory.TryAcquireRecord(GetRecordName()))
        {
            Assert.NotNull(record);
            Assert.Equal(0, await store.SweepPartialUploadsAsync(DateTime.UnixEpoch, Token));
            Assert.Equal(StoreError.Busy, await GetStoreErrorAsync(
                async () => await store.RenameAsync(At("/log"), At("/moved"), replace: false, Token)));
            Assert.Equal(Old + Added[..3], File.ReadAllText(_folder["log"]));
        }

        await store.SweepPartialUploadsAsync(DateTime.UnixEpoch, Token);
        AssertOnlyFile(Old + Added);
    }

    [Theory]
    [InlineData("link")]
    [InlineData("hard link")]
    [InlineData("directory")]
    public async Task An_entry_under_a_record_name_that_is_not_the_servers_own_file_is_not_used(string kind)
    {
        using var outside = new TemporaryDirectory();
        string record = LeaveAppend(0, Added);
        File.Move(record, outside["record"]);
        switch (kind)
        {
            case "link":
                File.CreateSymbolicLink(record, outside["record"]);
                break;
            case "hard link":
                Assert.Equal(0, NativeNames.Link(outside["record"], record));
                break;
            default:
                Directory.CreateDirectory(record);
                break;
        }

        using var store = new LocalFileStore(_folder.Path);
        await store.SweepPartialUploadsAsync(DateTime.UnixEpoch, Token);
        Assert.Equal(Old, File.ReadAllText(_folder["log"]));
        Assert.True(Path.Exists(record));
        Assert.True(File.Exists(outside["record"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_target_or_staging_file_that_is_a_link_is_not_followed(bool isTarget)
    {
        using var outside = new TemporaryDirectory();
        string record = LeaveAppend(0, Added);
        string name = isTarget ? "log" : _stagingName;
        File.Move(_folder[name], outside[name]);
        File.CreateSymbolicLink(_folder[name], outside[name]);
        using var store = new LocalFileStore(_folder.Path);
        await store.SweepPartialUploadsAsync(DateTime.UnixEpoch, Token);
        Assert.Equal(isTarget ? Old : Added, File.ReadAllText(outside[name]));
        Assert.Equal(isTarget, File.Exists(record)); // without a staging file the append is undone
        Assert.Equal(Old, File.ReadAllText(_folder["log"]));
    }

    [Theory]
    [InlineData("../log", null)]
    [InlineData("sub/log", null)]
    [InlineData("/log", null)]
    [InlineData("..", null)]
    [InlineData(".", null)]
    [InlineData("", null)]
    [InlineData(".fts-pending-x0123", null)]
    [InlineData("log", "../.fts-pending-x0123")]
    [InlineData("log", ".fts-pending-x/../log")]
    [InlineData("log", "other")]
    public void A_record_with_names_that_no_append_can_have_is_rejected(string target, string? staging)
    {
        var record = new AppendRecord(target, 7, 10, staging ?? StagingNames.CreateRandom(), 3);
        Assert.Null(AppendRecord.TryParse(record.ToBytes(), record.Name));
        var valid = record with { TargetName = "log", StagingName = StagingNames.CreateRandom() };
        Assert.Equal(valid, AppendRecord.TryParse(valid.ToBytes(), valid.Name));
        Assert.Null(AppendRecord.TryParse(valid.ToBytes(), StagingNames.GetAppendRecordName(8, "log")));
    }

    [Fact]
    public void An_append_that_fails_restores_the_file_and_deletes_the_record()
    {
        File.WriteAllText(_folder["log"], Old);
        File.WriteAllText(_folder[_stagingName], Added);
        // The staged bytes cannot be read from this handle.
        using SafeFileHandle unreadable = File.OpenHandle(_folder[_stagingName], FileMode.Open, FileAccess.Write);
        var append = new StagedAppend("log", _stagingName, unreadable, ExpectedId: null, ExpectedLength: null);
        var directory = new LinuxAppendDirectory(OpenDirectory(_folder.Path));
        Assert.Throws<StoreException>(() => AppendCommit.TryApply(directory, append, isDurable: false));
        Assert.Equal(Old, File.ReadAllText(_folder["log"]));
        Assert.Equal(
            [_stagingName, "log"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    private static SafeFileHandle OpenDirectory(string path) => FileCalls.Open(path, FileCalls.O_RDONLY | FileCalls.O_DIRECTORY);

    private static async Task AppendAsync(LocalFileStore store, string text, long expectedStart)
    {
        await using IFileWriter writer = await store.OpenWriteAsync(At("/log"), WriteStart.Append, Token);
        Assert.Equal(expectedStart, writer.StartOffset);
        await writer.WriteAsync(writer.StartOffset, Bytes(text), Token);
        await writer.CommitAsync(Token);
    }

    /// <summary>
    /// Writes the file with the first bytes of the append, the record, and the staging file unless it is null. Returns the record's path.
    /// </summary>
    private string LeaveAppend(int appended, string? staged)
    {
        // Written in place, so that an open upload still refers to this file.
        File.WriteAllText(_folder["log"], Old + Added[..appended]);
        if (staged is not null)
        {
            File.WriteAllText(_folder[_stagingName], staged);
        }

        string name = GetRecordName();
        var record = new AppendRecord("log", GetInode(), Encoding.UTF8.GetByteCount(Old), _stagingName, Encoding.UTF8.GetByteCount(Added));
        Assert.Equal(name, record.Name);
        File.WriteAllBytes(_folder[name], record.ToBytes());
        return _folder[name];
    }

    private string GetRecordName() => StagingNames.GetAppendRecordName(GetInode(), "log");

    private ulong GetInode()
    {
        Assert.True(FileStatus.TryGet(_folder["log"], out FileStatus status));
        return status.Inode;
    }

    private void AssertOnlyFile(string content)
    {
        Assert.Equal(["log"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));
        Assert.Equal(content, File.ReadAllText(_folder["log"]));
    }
}
