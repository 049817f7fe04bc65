using Fts.Storage.Local;
using Fts.Storage.Local.Linux;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Local.Linux;

/// <summary>Cached hashes on disk: other programs that change files, and the differences between file systems.</summary>
public sealed class CachedHashTests : IDisposable
{
    private const string Attribute = "user.fts.sha256";

    private static readonly byte[] Hash = RandomBytes(32, seed: 7);
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
    public async Task A_hash_is_available_to_the_next_store()
    {
        await CacheFileHashAsync();
        using var next = new LocalFileStore(_folder.Path);
        Assert.Equal(Hash, await GetHashAsync(next, "/file"));
        Assert.NotEmpty(Value);
    }

    [Fact]
    public async Task A_write_by_another_program_invalidates_the_hash()
    {
        await CacheFileHashAsync();
        using (FileStream file = File.OpenWrite(_folder["file"]))
        {
            file.Write("tuxt"u8);
        }

        Assert.Null(await GetHashAsync(_store, "/file"));

        // After a client restores the old time, the metadata is the same as when the hash was cached.
        await _store.SetMetadataAsync(At("/file"), new FileMetadata(Date), Token);
        Assert.Null(await GetHashAsync(_store, "/file"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_different_size_or_time_invalidates_the_hash(bool isTime)
    {
        await CacheFileHashAsync();
        if (!isTime)
        {
            using FileStream file = File.OpenWrite(_folder["file"]);
            file.SetLength(3);
        }

        File.SetLastWriteTimeUtc(_folder["file"], isTime ? Date.AddTicks(1) : Date);
        Assert.Null(await GetHashAsync(_store, "/file"));
    }

    [Fact]
    public async Task An_attribute_with_another_format_is_ignored()
    {
        await CacheFileHashAsync();
        byte[] right = Value;
        foreach (byte[] wrong in new byte[][] { [], [.. right, 0], right[..^1], [2, .. right[1..]], new byte[100] })
        {
            Assert.Equal(0, NativeNames.Setxattr(_folder["file"], Attribute, wrong, wrong.Length, 0));
            Assert.Null(await GetHashAsync(_store, "/file"));
        }

        Assert.Equal(0, NativeNames.Setxattr(_folder["file"], Attribute, right, right.Length, 0));
        Assert.Equal(Hash, await GetHashAsync(_store, "/file"));
    }

    [Fact]
    public async Task The_attribute_fits_into_the_inode()
    {
        await CacheFileHashAsync();
        // An ext4 inode of 256 bytes has 96 bytes for attributes: 8 for the list, 16 for each entry, and names and values padded to 4
        // bytes.
        Assert.True(8 + 16 + 12 + ((Value.Length + 3) / 4 * 4) <= 96);
    }

    [Fact]
    public async Task A_link_has_the_hash_of_an_inside_target_and_none_of_an_outside_one()
    {
        await CacheFileHashAsync();
        File.CreateSymbolicLink(_folder["link"], "file");
        Assert.Equal(Hash, await GetHashAsync(_store, "/link"));

        using var outside = new TemporaryDirectory();
        using var other = new LocalFileStore(outside.Path);
        await other.WriteFileAsync("/secret", "text", Token);
        FileEntry secret = Assert.NotNull(await other.GetEntryAsync(At("/secret"), Token));
        await other.CacheHashAsync(At("/secret"), secret, Hash, Token);
        File.CreateSymbolicLink(_folder["out"], outside["secret"]);
        Assert.Null(await _store.GetCachedHashAsync(At("/out"), secret, Token));
        await _store.CacheHashAsync(At("/out"), secret, RandomBytes(32, seed: 1), Token);
        Assert.Equal(Hash, await GetHashAsync(other, "/secret"));
    }

    [Fact]
    public async Task A_file_system_without_attributes_caches_no_hash_and_throws_no_error()
    {
        using var store = new LocalFileStore("/proc/self");
        FileEntry file = Assert.NotNull(await store.GetEntryAsync(At("/limits"), Token));
        Assert.Equal(EntryKind.File, file.Kind);
        await store.CacheHashAsync(At("/limits"), file, Hash, Token);
        Assert.Null(await GetHashAsync(store, "/limits"));
    }

    [Fact]
    public async Task A_read_only_file_caches_no_hash_and_an_unreadable_file_returns_none()
    {
        await CacheFileHashAsync();
        await _store.WriteFileAsync("/other", "text", Token);
        FileEntry other = Assert.NotNull(await _store.GetEntryAsync(At("/other"), Token));
        FileEntry file = Assert.NotNull(await _store.GetEntryAsync(At("/file"), Token));
        File.SetUnixFileMode(_folder.Path, (UnixFileMode)0x1FF);
        File.SetUnixFileMode(_folder["other"], UnixFileMode.UserRead | UnixFileMode.OtherRead);
        File.SetUnixFileMode(_folder["file"], UnixFileMode.None);
        // The calls of a root directory run on the calling thread.
        using LinuxRootDirectory root = LinuxRootDirectory.OpenIfSupported(_folder.Path, null)!;
        NativeNames.AsOrdinaryUser(() =>
        {
            root.CacheHash(At("/other"), other, Hash);
            Assert.Null(root.GetCachedHash(At("/file"), file));
        });
        Assert.Null(await GetHashAsync(_store, "/other"));
    }

    [Fact]
    public async Task The_portable_store_caches_no_hash_and_throws_no_error()
    {
        await CacheFileHashAsync();
        using var portable = new LocalFileStore(_folder.Path, portable: true);
        FileEntry file = Assert.NotNull(await portable.GetEntryAsync(At("/file"), Token));
        await portable.CacheHashAsync(At("/file"), file, Hash, Token);
        Assert.Null(await portable.GetCachedHashAsync(At("/file"), file, Token));
    }

    private static async Task<byte[]?> GetHashAsync(LocalFileStore store, string path) =>
        await store.GetCachedHashAsync(At(path), Assert.NotNull(await store.GetEntryAsync(At(path), Token)), Token);

    /// <summary>The file gets an older time, because two writes within one tick of the clock have the same time.</summary>
    private async Task CacheFileHashAsync()
    {
        await _store.WriteFileAsync("/file", "text", Token);
        await _store.SetMetadataAsync(At("/file"), new FileMetadata(Date), Token);
        await _store.CacheHashAsync(At("/file"), Assert.NotNull(await _store.GetEntryAsync(At("/file"), Token)), Hash, Token);
        Assert.Equal(Hash, await GetHashAsync(_store, "/file"));
    }
}
