using Fts.Native;
using Fts.Storage.Local;
using Fts.Storage.Local.Staging;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Local;

/// <summary>The local store: modes, links, and the files and names of other programs.</summary>
public sealed class LocalFileStoreTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_kernel_confines_paths_if_it_supports_openat2()
    {
        using var store = new LocalFileStore(_folder.Path);
        using var portable = new LocalFileStore(_folder.Path, portable: true);
        Assert.True(store.IsConfinedByKernel);
        Assert.False(portable.IsConfinedByKernel);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Paths_are_compared_exactly_if_the_directory_distinguishes_case(bool portable)
    {
        File.WriteAllText(_folder["Name"], "");
        using var one = new LocalFileStore(_folder.Path, portable);
        Assert.Equal(At("/SECRET"), one.GetComparisonPath(At("/SECRET")));
        File.WriteAllText(_folder["nAME"], "");
        using var both = new LocalFileStore(_folder.Path, portable);
        Assert.Equal(At("/SECRET"), both.GetComparisonPath(At("/SECRET")));
    }

    [Fact]
    public void A_store_detects_that_its_directory_was_moved_or_replaced()
    {
        Directory.CreateDirectory(_folder["home"]);
        using var store = new LocalFileStore(_folder["home"]);
        Assert.True(store.IsAtItsPath());
        Directory.Move(_folder["home"], _folder["moved"]);
        Assert.False(store.IsAtItsPath());
        Directory.CreateDirectory(_folder["home"]);
        Assert.False(store.IsAtItsPath());
        Directory.Delete(_folder["home"]);
        Directory.Move(_folder["moved"], _folder["home"]);
        Assert.True(store.IsAtItsPath());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_root_must_be_a_directory(bool portable)
    {
        File.WriteAllText(_folder["file"], "");
        Assert.Throws<StoreException>(() => new LocalFileStore(_folder["missing"], portable));
        Assert.Throws<StoreException>(() => new LocalFileStore(_folder["file"], portable));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_root_can_be_a_link(bool portable)
    {
        Directory.CreateDirectory(_folder["folder"]);
        File.WriteAllText(_folder["folder/file"], "text");
        File.CreateSymbolicLink(_folder["link"], _folder["folder"]);
        using var store = new LocalFileStore(_folder["link"] + "/", portable);
        Assert.Equal("text", await store.ReadFileAsync("/file", Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_staging_file_is_hidden_beside_its_target_and_deleted_afterwards(bool portable)
    {
        Directory.CreateDirectory(_folder["folder"]);
        using var store = new LocalFileStore(_folder.Path, portable);
        await using (IFileWriter writer = await store.OpenWriteAsync(At("/folder/file"), WriteStart.Replace, Token))
        {
            string name = Path.GetFileName(Assert.Single(Directory.GetFileSystemEntries(_folder["folder"])));
            Assert.StartsWith(PathRules.StagingPrefix, name, StringComparison.Ordinal);
            Assert.Empty(await store.ListAsync("/folder", Token));
            Assert.Null(await store.GetEntryAsync(At("/folder/" + name), Token));
            Assert.Equal(
                StoreError.NotFound,
                await GetStoreErrorAsync(async () => await store.DeleteFileAsync(At("/folder/" + name), Token)));
            Assert.NotNull(writer.Handle);
        }

        Assert.Empty(Directory.GetFileSystemEntries(_folder["folder"]));
        await store.WriteFileAsync("/folder/file", "text", Token);
        Assert.Equal(["file"], Directory.GetFileSystemEntries(_folder["folder"]).Select(path => Path.GetFileName(path)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_new_file_has_the_default_mode_and_a_replaced_file_keeps_its_mode(bool portable)
    {
        using var store = new LocalFileStore(_folder.Path, portable);
        File.WriteAllText(_folder["plain"], "");
        await store.WriteFileAsync("/new", "text", Token);
        Assert.Equal(File.GetUnixFileMode(_folder["plain"]), File.GetUnixFileMode(_folder["new"]));

        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupWrite;
        File.SetUnixFileMode(_folder["plain"], Private);
        await store.WriteFileAsync("/plain", "text", Token);
        Assert.Equal(Private, File.GetUnixFileMode(_folder["plain"]));
        Assert.Equal(Private, (await store.GetEntryAsync(At("/plain"), Token))?.UnixMode);
    }

    [Fact]
    public async Task An_upload_follows_a_directory_that_is_renamed()
    {
        using var store = new LocalFileStore(_folder.Path);
        await store.CreateDirectoryAsync(At("/old"), Token);
        await using IFileWriter writer = await store.OpenWriteAsync(At("/old/file"), WriteStart.Replace, Token);
        await store.RenameAsync(At("/old"), At("/new"), replace: false, Token);
        await writer.WriteAsync(0, Bytes("text"), Token);
        await writer.CommitAsync(Token);
        Assert.Equal("text", await store.ReadFileAsync("/new/file", Token));
    }

    [Fact]
    public async Task Different_files_have_different_ids_and_a_link_has_the_id_of_its_target()
    {
        using var store = new LocalFileStore(_folder.Path);
        await store.WriteFileAsync("/one", "", Token);
        await store.WriteFileAsync("/two", "", Token);
        File.CreateSymbolicLink(_folder["same"], "one");
        Dictionary<string, ulong> ids = (await store.ListAsync("/", Token)).ToDictionary(entry => entry.Name, entry => entry.Id);
        Assert.NotEqual(ids["one"], ids["two"]);
        Assert.Equal(ids["one"], ids["same"]);
        Assert.Equal(ids["one"], (await store.GetEntryAsync(At("/one"), Token))?.Id);
    }

    [Fact]
    public async Task Files_stay_open_after_their_store_is_disposed()
    {
        var store = new LocalFileStore(_folder.Path);
        await store.WriteFileAsync("/file", "text", Token);
        await using IFileReader reader = await store.OpenReadAsync(At("/file"), Token);
        await using IFileWriter writer = await store.OpenWriteAsync(At("/new"), WriteStart.Replace, Token);
        await store.DisposeAsync();
        Assert.Equal(Bytes("text"), await reader.ReadAllAsync(Token));
        await writer.CommitAsync(Token);
        Assert.True(File.Exists(_folder["new"]));
    }

    [Fact]
    public void The_kernel_and_the_buffer_copy_every_byte()
    {
        byte[] bytes = RandomBytes((17 * 1024 * 1024) + 3);
        File.WriteAllBytes(_folder["source"], bytes);
        using var source = File.OpenHandle(_folder["source"]);
        foreach (Func<Microsoft.Win32.SafeHandles.SafeFileHandle, long> copy in new Func<Microsoft.Win32.SafeHandles.SafeFileHandle, long>[]
        {
            target => ContentCopy.Copy(source, target, long.MaxValue, Token),
            target => ContentCopy.CopyWithKernel(source, 0, target, 0, long.MaxValue, Token),
            target => ContentCopy.CopyWithBuffer(source, 0, target, 0, long.MaxValue, Token),
        })
        {
            using (var target = File.OpenHandle(_folder["target"], FileMode.Create, FileAccess.ReadWrite))
            {
                Assert.Equal(bytes.Length, copy(target));
            }

            Assert.Equal(bytes, File.ReadAllBytes(_folder["target"]));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Holes_remain_if_a_file_is_overwritten_in_the_middle(bool portable)
    {
        const int Length = 9 * 1024 * 1024, Middle = 4 * 1024 * 1024;
        byte[] expected = new byte[Length];
        RandomBytes(1000).CopyTo(expected, Middle);
        using (var file = File.OpenHandle(_folder["sparse"], FileMode.CreateNew, FileAccess.ReadWrite))
        {
            RandomAccess.Write(file, expected.AsSpan(Middle, 1000), Middle);
            RandomAccess.SetLength(file, Length);
        }

        using var store = new LocalFileStore(_folder.Path, portable);
        await using (IFileWriter writer = await store.OpenWriteAsync(At("/sparse"), WriteStart.FromOffset(Middle + 500), Token))
        {
            await writer.WriteAsync(Middle + 500, Bytes("new"), Token);
            await writer.CommitAsync(Token);
        }

        Bytes("new").CopyTo(expected, Middle + 500);
        Assert.Equal(expected, File.ReadAllBytes(_folder["sparse"]));
        using var changed = File.OpenHandle(_folder["sparse"]);
        Assert.InRange(FileCalls.Lseek(changed, 0, FileCalls.SEEK_DATA), 1, Middle);
        Assert.InRange(FileCalls.Lseek(changed, Middle, FileCalls.SEEK_HOLE), Middle + 1000, Length - 1);
    }

    [Theory]
    [InlineData(Errno.ENOENT, StoreError.NotFound)]
    [InlineData(Errno.EACCES, StoreError.Denied)]
    [InlineData(Errno.EPERM, StoreError.Denied)]
    [InlineData(Errno.EROFS, StoreError.Denied)]
    [InlineData(Errno.EXDEV, StoreError.Denied)]
    [InlineData(Errno.ELOOP, StoreError.Denied)]
    [InlineData(Errno.EEXIST, StoreError.Exists)]
    [InlineData(Errno.ENOTEMPTY, StoreError.NotEmpty)]
    [InlineData(Errno.EISDIR, StoreError.NotAFile)]
    [InlineData(Errno.ENOTDIR, StoreError.NotADirectory)]
    [InlineData(Errno.ENOSPC, StoreError.NoSpace)]
    [InlineData(Errno.EDQUOT, StoreError.QuotaExceeded)]
    [InlineData(Errno.EBUSY, StoreError.Busy)]
    [InlineData(Errno.ETXTBSY, StoreError.Busy)]
    [InlineData(Errno.ENAMETOOLONG, StoreError.BadName)]
    [InlineData(Errno.EMFILE, StoreError.Unavailable)]
    [InlineData(Errno.EIO, StoreError.Unavailable)]
    public void An_error_number_is_translated_to_a_store_error(int errno, object error)
    {
        Assert.Equal(error, SystemErrors.FromErrno(errno));
        Assert.Equal(error, SystemErrors.Translate(new IOException("", errno)).Error);
    }
}
