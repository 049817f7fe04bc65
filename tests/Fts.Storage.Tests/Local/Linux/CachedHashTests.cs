using Fts.Storage.Local;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Local.Linux;

/// <summary>A hash remembered on a disk, where other programs change files and file systems differ.</summary>
public sealed class CachedHashTests : IDisposable
{
    private const string Attribute = "user.fts.sha256";

    private static readonly byte[] Hash = Pattern(32, seed: 7);
    private static readonly DateTime Date = new(2024, 2, 29, 12, 34, 56, DateTimeKind.Utc);

    private readonly TemporaryDirectory _folder = new();
    private readonly LocalFileStore _store;

    public CachedHashTests() => _store = new LocalFileStore(_folder.Path);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private byte[] Value
    {
        get
        {
            byte[] value = new byte[100];
            nint length = NativeNames.Getxattr(_folder["file"], Attribute, value, value.Length);
            return length < 0 ? [] : value[..(int)length];
        }
    }

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task It_is_there_for_the_next_server()
    {
        await RememberAsync();
        using var next = new LocalFileStore(_folder.Path);
        Assert.Equal(Hash, await FindAsync(next, "/file"));
        Assert.NotEmpty(Value);
    }

    [Fact]
    public async Task What_another_program_writes_makes_it_void()
    {
        await RememberAsync();
        using (FileStream file = File.OpenWrite(_folder["file"]))
        {
            file.Write("tuxt"u8);
        }

        Assert.Null(await FindAsync(_store, "/file"));

        // With its old time set by a client the file looks as it did when it had the hash.
        await _store.SetMetadataAsync(At("/file"), new FileMetadata(Date), Token);
        Assert.Null(await FindAsync(_store, "/file"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Another_size_or_time_makes_it_void(bool isTime)
    {
        await RememberAsync();
        if (!isTime)
        {
            using FileStream file = File.OpenWrite(_folder["file"]);
            file.SetLength(3);
        }

        File.SetLastWriteTimeUtc(_folder["file"], isTime ? Date.AddTicks(1) : Date);
        Assert.Null(await FindAsync(_store, "/file"));
    }

    [Fact]
    public async Task What_another_program_wrote_into_the_attribute_is_no_hash()
    {
        await RememberAsync();
        byte[] right = Value;
        foreach (byte[] wrong in new byte[][] { [], [.. right, 0], right[..^1], [2, .. right[1..]], new byte[100] })
        {
            Assert.Equal(0, NativeNames.Setxattr(_folder["file"], Attribute, wrong, wrong.Length, 0));
            Assert.Null(await FindAsync(_store, "/file"));
        }

        Assert.Equal(0, NativeNames.Setxattr(_folder["file"], Attribute, right, right.Length, 0));
        Assert.Equal(Hash, await FindAsync(_store, "/file"));
    }

    [Fact]
    public async Task It_fits_beside_the_inode()
    {
        await RememberAsync();
        // ext4, inodes of 256 bytes: 96 are left, of which 8 are the list's, 16 each entry's, and names and values are filled up to four.
        Assert.True(8 + 16 + 12 + ((Value.Length + 3) / 4 * 4) <= 96);
    }

    [Fact]
    public async Task A_link_has_that_of_what_it_leads_to_and_none_from_outside()
    {
        await RememberAsync();
        File.CreateSymbolicLink(_folder["link"], "file");
        Assert.Equal(Hash, await FindAsync(_store, "/link"));

        using var outside = new TemporaryDirectory();
        using var other = new LocalFileStore(outside.Path);
        await other.PutAsync("/secret", "text", Token);
        FileEntry secret = Assert.NotNull(await other.GetEntryAsync(At("/secret"), Token));
        await other.CacheHashAsync(At("/secret"), secret, Hash, Token);
        File.CreateSymbolicLink(_folder["out"], outside["secret"]);
        Assert.Null(await _store.GetCachedHashAsync(At("/out"), secret, Token));
        await _store.CacheHashAsync(At("/out"), secret, Pattern(32, seed: 1), Token);
        Assert.Equal(Hash, await FindAsync(other, "/secret"));
    }

    [Fact]
    public async Task A_file_system_without_attributes_remembers_nothing_and_refuses_nothing()
    {
        using var store = new LocalFileStore("/proc/self");
        FileEntry file = Assert.NotNull(await store.GetEntryAsync(At("/limits"), Token));
        Assert.Equal(EntryKind.File, file.Kind);
        await store.CacheHashAsync(At("/limits"), file, Hash, Token);
        Assert.Null(await FindAsync(store, "/limits"));
    }

    [Fact]
    public async Task A_file_that_may_not_be_written_remembers_nothing_and_one_that_may_not_be_read_tells_nothing()
    {
        await RememberAsync();
        await _store.PutAsync("/other", "text", Token);
        FileEntry other = Assert.NotNull(await _store.GetEntryAsync(At("/other"), Token)), file = Assert.NotNull(await _store.GetEntryAsync(At("/file"), Token));
        File.SetUnixFileMode(_folder.Path, (UnixFileMode)0x1FF);
        File.SetUnixFileMode(_folder["other"], UnixFileMode.UserRead | UnixFileMode.OtherRead);
        File.SetUnixFileMode(_folder["file"], UnixFileMode.None);
        NativeNames.AsOrdinaryUser(() =>
        {
            _store.CacheHashAsync(At("/other"), other, Hash, Token).AsTask().GetAwaiter().GetResult();
            Assert.Null(_store.GetCachedHashAsync(At("/file"), file, Token).AsTask().GetAwaiter().GetResult());
        });
        Assert.Null(await FindAsync(_store, "/other"));
    }

    [Fact]
    public async Task Without_openat2_nothing_is_remembered_and_nothing_refused()
    {
        await RememberAsync();
        using var portable = new LocalFileStore(_folder.Path, portable: true);
        FileEntry file = Assert.NotNull(await portable.GetEntryAsync(At("/file"), Token));
        await portable.CacheHashAsync(At("/file"), file, Hash, Token);
        Assert.Null(await portable.GetCachedHashAsync(At("/file"), file, Token));
    }

    private static async Task<byte[]?> FindAsync(LocalFileStore store, string path) =>
        await store.GetCachedHashAsync(At(path), Assert.NotNull(await store.GetEntryAsync(At(path), Token)), Token);

    /// <summary>A file of an older time, since one written twice within a tick of the clock has the same time twice.</summary>
    private async Task RememberAsync()
    {
        await _store.PutAsync("/file", "text", Token);
        await _store.SetMetadataAsync(At("/file"), new FileMetadata(Date), Token);
        await _store.CacheHashAsync(At("/file"), Assert.NotNull(await _store.GetEntryAsync(At("/file"), Token)), Hash, Token);
        Assert.Equal(Hash, await FindAsync(_store, "/file"));
    }
}
