using Fts.Storage.Local;
using Fts.Storage.Local.Linux;
using Fts.Storage.Local.Portable;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Local;

/// <summary>A call that the operating system denies throws Denied. The calls run on a thread without rights on the files.</summary>
public sealed class PermissionTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public PermissionTests()
    {
        File.SetUnixFileMode(_folder.Path, (UnixFileMode)0x1FF);
        File.WriteAllText(_folder["private"], "text");
        File.SetUnixFileMode(_folder["private"], UnixFileMode.None);
        File.WriteAllText(_folder["read-only"], "text");
        File.SetUnixFileMode(_folder["read-only"], UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        Directory.CreateDirectory(_folder["closed"]);
        File.SetUnixFileMode(_folder["closed"], UnixFileMode.None);
    }

    public void Dispose()
    {
        File.SetUnixFileMode(_folder["closed"], (UnixFileMode)0x1C0);
        _folder.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_call_that_the_system_denies_is_denied(bool portable)
    {
        using IRootDirectory root = Open(_folder.Path, portable);
        NativeNames.AsOrdinaryUser(() =>
        {
            AssertDenied(() => root.OpenRead(At("/private"), out _).Dispose());
            AssertDenied(() => root.OpenStagingFile(At("/read-only"), WriteStart.Replace).Dispose());
            AssertDenied(() => root.OpenDirectory(At("/closed")).Dispose());
        });
        Assert.Equal(
            ["closed", "private", "read-only"],
            Directory.EnumerateFileSystemEntries(_folder.Path).Select(path => Path.GetFileName(path)).Order());
    }

    [Fact]
    public void A_read_only_file_of_the_own_user_is_not_replaced()
    {
        using IRootDirectory root = Open(_folder.Path, portable: false);
        NativeNames.AsOrdinaryUser(() =>
        {
            File.WriteAllText(_folder["own"], "text");
            File.SetUnixFileMode(_folder["own"], UnixFileMode.UserRead | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite);
            AssertDenied(() => root.OpenStagingFile(At("/own"), WriteStart.Replace.WithUploader("ann")).Dispose());
        });
    }

    [Fact]
    public void No_entry_is_created_in_a_directory_without_write_access()
    {
        using IRootDirectory root = Open(_folder.Path, portable: false);
        NativeNames.AsOrdinaryUser(() =>
        {
            AssertDenied(() => root.OpenStagingFile(At("/closed/file"), WriteStart.Replace).Dispose());
            AssertDenied(() => root.CreateDirectory(At("/closed/folder")));
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_time_of_a_file_of_another_user_is_not_set(bool portable)
    {
        // "/" contains files of root on every system. This code runs without the rights of root.
        using IRootDirectory root = Open("/", portable);
        NativeNames.AsOrdinaryUser(() =>
            AssertDenied(() => root.SetMetadata(At("/etc/passwd"), new FileMetadata(DateTime.UnixEpoch))));
    }

    /// <summary>
    /// Opens a root directory, whose calls run on the calling thread. Those of a store run on threads with the rights of root.
    /// </summary>
    private static IRootDirectory Open(string folder, bool portable) =>
        portable ? new PortableRootDirectory(folder, null) : LinuxRootDirectory.OpenIfSupported(folder, null)!;

    private static void AssertDenied(Action call) => Assert.Equal(StoreError.Denied, Assert.Throws<StoreException>(call).Error);
}
