using System.Runtime.InteropServices;
using System.Text;
using Fts.Storage.Local;
using Fts.Storage.Memory;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Local.Linux;

/// <summary>Names that are not UTF-8. U+DCNN represents the byte 0xNN.</summary>
public sealed partial class ByteNameTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_name_has_the_same_bytes_on_disk()
    {
        using var store = new LocalFileStore(_folder.Path);
        Assert.SkipUnless(store.IsConfinedByKernel, "The kernel has no openat2.");
        await store.CreateDirectoryAsync(At("/\udcdc"), Token);
        await store.WriteFileAsync("/\udcdc/caf\udce9", "text", Token);
        Assert.Equal(0, Access([.. Bytes(_folder.Path), (byte)'/', 0xDC, (byte)'/', .. "caf"u8, 0xE9, 0]));
        Assert.Equal("text", await store.ReadFileAsync("/\udcdc/caf\udce9", Token));
        Assert.Equal(["caf\udce9"], (await store.ListAsync("/\udcdc", Token)).Select(entry => entry.Name));
        Assert.Equal("caf\udce9", (await store.GetEntryAsync(At("/\udcdc/caf\udce9"), Token))?.Name);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Every_operation_uses_the_same_file(bool inMemory)
    {
        using var local = new LocalFileStore(_folder.Path);
        Assert.SkipUnless(local.IsConfinedByKernel, "The kernel has no openat2.");
        IFileStore store = inMemory ? new MemoryFileStore() : local;
        await store.WriteFileAsync("/a\udce9", "one", Token);
        await store.WriteFileAsync("/a\udce8", "two", Token);
        await store.WriteFileAsync("/a\ufffd", "three", Token);
        await store.RenameAsync(At("/a\udce9"), At("/b\udce9"), replace: false, Token);
        Assert.Equal(
            StoreError.Exists,
            await GetStoreErrorAsync(async () => await store.RenameAsync(At("/b\udce9"), At("/a\udce8"), replace: false, Token)));
        await store.SetMetadataAsync(At("/a\udce8"), new FileMetadata(new DateTime(2024, 1, 2, 3, 4, 5, DateTimeKind.Utc)), Token);
        Assert.Equal(new DateTime(2024, 1, 2, 3, 4, 5, DateTimeKind.Utc), (await store.GetEntryAsync(At("/a\udce8"), Token))?.LastModified);
        await using (IFileWriter writer = await store.OpenWriteAsync(At("/a\udce8"), WriteStart.Append, Token))
        {
            await writer.WriteAsync(writer.StartOffset, Bytes("+"), Token);
            await writer.CommitAsync(Token);
        }

        Assert.Equal(
            ["a\udce8", "a\ufffd", "b\udce9"],
            (await store.ListAsync("/", Token)).Select(entry => entry.Name).Order(StringComparer.Ordinal));
        Assert.Equal(
            ("one", "two+", "three"),
            (await store.ReadFileAsync("/b\udce9", Token),
                await store.ReadFileAsync("/a\udce8", Token),
                await store.ReadFileAsync("/a\ufffd", Token)));
        await store.DeleteFileAsync(At("/b\udce9"), Token);
        Assert.Null(await store.GetEntryAsync(At("/b\udce9"), Token));
        Assert.Equal("three", await store.ReadFileAsync("/a\ufffd", Token));
    }

    [Fact]
    public void Every_name_has_only_one_spelling()
    {
        // Escaped bytes that are UTF-8 (é, dots, a slash, a line break), and surrogates that represent no byte.
        foreach (string text in new[] { "/\udcc3\udca9", "/a/\udc2e\udc2e/b", "/a\udc2fb", "/\udc41", "/\ud800", "/\udcff\udc0a" })
        {
            Assert.Null(StorePath.Root.Resolve(text));
        }
    }

    [Fact]
    public void The_length_of_a_name_is_counted_in_bytes()
    {
        Assert.NotNull(StorePath.Root.Resolve(new string('\udca4', 255)));
        Assert.Null(StorePath.Root.Resolve(new string('\udca4', 256)));
        Assert.NotNull(StorePath.Root.Resolve(new string('\udca4', 253) + "é"));
        Assert.Null(StorePath.Root.Resolve(new string('\udca4', 254) + "é"));
    }

    [Fact]
    public async Task Different_names_have_different_partial_uploads_and_the_sweep_finds_them()
    {
        using var store = new LocalFileStore(_folder.Path);
        Assert.SkipUnless(store.IsConfinedByKernel, "The kernel has no openat2.");
        await store.CreateDirectoryAsync(At("/\udcdc"), Token);
        foreach ((string name, string text) in new[] { ("/\udcdc/a\udce9", "first"), ("/\udcdc/a\udce8", "second.") })
        {
            await using IFileWriter writer = await store.OpenWriteAsync(At(name), WriteStart.Replace.WithUploader("me"), Token);
            await writer.WriteAsync(0, Bytes(text), Token);
            await writer.KeepPartialUploadAsync(Token);
        }

        Assert.Equal(5, (await store.GetPartialUploadAsync(At("/\udcdc/a\udce9"), "me", Token))?.Length);
        Assert.Equal(7, (await store.GetPartialUploadAsync(At("/\udcdc/a\udce8"), "me", Token))?.Length);
        Assert.Equal(2, await store.SweepPartialUploadsAsync(DateTime.UtcNow.AddHours(1), Token));
        await store.DeleteDirectoryAsync(At("/\udcdc"), Token);
    }

    [Fact]
    public async Task Links_whose_text_is_not_UTF8_are_followed_and_created()
    {
        using var store = new LocalFileStore(_folder.Path);
        Assert.SkipUnless(store.IsConfinedByKernel, "The kernel has no openat2.");
        await store.WriteFileAsync("/caf\udce9", "text", Token);
        await store.CreateLinkAsync(At("/l\udcef"), At("/caf\udce9"), Token);
        Assert.Equal("text", await store.ReadFileAsync("/l\udcef", Token));
        await store.WriteFileAsync("/l\udcef", "through", Token);
        Assert.Equal("through", await store.ReadFileAsync("/caf\udce9", Token));
        Assert.True(Assert.Single(await store.ListAsync("/", Token), entry => entry.Name == "l\udcef").IsLink);
    }

    [Fact]
    public async Task A_protected_file_whose_name_is_not_UTF8_is_hidden_under_every_hard_link()
    {
        using TemporaryDirectory secrets = new();
        byte[] key = [.. Bytes(secrets.Path), (byte)'/', .. "key"u8, 0xE9, 0];
        Assert.Equal(0, NativeNames.Mkdir([.. Bytes(secrets.Path), (byte)'/', 0xDC, 0], 0x1FF));
        new Microsoft.Win32.SafeHandles.SafeFileHandle(Open(key, 0x41, 0x180), ownsHandle: true).Dispose();
        Assert.Equal(0, Link(key, [.. Bytes(_folder["second"]), 0]));
        using var store = new LocalFileStore(_folder.Path, new LocalStoreOptions { ProtectedPaths = [secrets.Path] });
        Assert.SkipUnless(store.IsConfinedByKernel, "The kernel has no openat2.");
        Assert.Empty(await store.ListAsync("/", Token));
        Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await store.OpenReadAsync(At("/second"), Token)));
    }

    [Fact]
    public async Task The_portable_store_refuses_names_that_are_not_UTF8()
    {
        using var store = new LocalFileStore(_folder.Path, portable: true);
        Assert.Equal(0, NativeNames.Mkdir([.. Bytes(_folder["latin-"]), 0xE4, 0], 0x1FF));
        await store.WriteFileAsync("/caf\ufffd", "other", Token);
        StorePath path = At("/caf\udce9");
        Assert.Null(await store.GetEntryAsync(path, Token));
        Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await store.OpenReadAsync(path, Token)));
        Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await store.DeleteFileAsync(path, Token)));
        Assert.Equal(StoreError.BadName, await GetStoreErrorAsync(async () => await store.OpenWriteAsync(path, WriteStart.Replace, Token)));
        Assert.Equal(StoreError.BadName, await GetStoreErrorAsync(async () => await store.CreateDirectoryAsync(path, Token)));
        Assert.Equal(
            StoreError.BadName,
            await GetStoreErrorAsync(async () => await store.RenameAsync(At("/caf\ufffd"), path, replace: true, Token)));
        Assert.Equal("other", File.ReadAllText(_folder["caf\ufffd"]));
        var entries = (IUnlistedNameReport)await store.ListAsync(StorePath.Root, Token);
        Assert.Empty(await ((IAsyncEnumerable<FileEntry>)entries).ToListAsync(Token));
        Assert.Equal(2, entries.Unlisted.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Names_with_line_breaks_are_counted_but_not_listed(bool portable)
    {
        File.WriteAllText(_folder["line\nbreak"], "");
        File.WriteAllText(_folder["carriage\rreturn"], "");
        File.WriteAllText(_folder["plain"], "");
        using var store = new LocalFileStore(_folder.Path, portable);
        IAsyncEnumerable<FileEntry> entries = await store.ListAsync(StorePath.Root, Token);
        Assert.Equal(["plain"], (await entries.ToListAsync(Token)).Select(entry => entry.Name));
        UnlistedNames unlisted = Assert.IsType<IUnlistedNameReport>(entries, exactMatch: false).Unlisted;
        Assert.Equal(2, unlisted.Count);
        Assert.Contains(unlisted.Example, (string[])["line\nbreak", "carriage\rreturn"]);
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static int Access(byte[] path) => Access(path, 0);

    [LibraryImport("libc", EntryPoint = "access")]
    private static partial int Access(byte[] path, int mode);

    [LibraryImport("libc", EntryPoint = "open")]
    private static partial int Open(byte[] path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "link")]
    private static partial int Link(byte[] path, byte[] second);
}
