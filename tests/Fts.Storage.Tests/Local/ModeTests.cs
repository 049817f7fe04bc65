using Fts.Storage.Local;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Local;

/// <summary>The permission bits of staging files never grant more than those of their targets.</summary>
public sealed class ModeTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TemporaryDirectory _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_staging_file_never_grants_more_than_its_target(bool portable)
    {
        using var store = new LocalFileStore(_folder.Path, portable);
        File.WriteAllText(_folder["private"], "text");
        File.SetUnixFileMode(_folder["private"], OwnerOnly);
        var modes = new HashSet<UnixFileMode>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task collecting = Task.Run(() => CollectModes(modes, stop.Token), Token);
        for (int round = 0; round < 3000; round++)
        {
            WriteStart start =
                (round % 3) switch { 0 => WriteStart.Replace, 1 => WriteStart.Append, _ => WriteStart.Replace.WithUploader("ann") };
            await using IFileWriter writer = await store.OpenWriteAsync(At("/private"), start, Token);
        }

        await stop.CancelAsync();
        await collecting;
        Assert.NotEmpty(modes);
        Assert.All(modes, mode => Assert.Equal(UnixFileMode.None, mode & ~OwnerOnly));
    }

    [Theory]
    [InlineData(0x1A4)]
    [InlineData(0x1B6)]
    [InlineData(0x1FF)]
    [InlineData(0x180)]
    public async Task A_replaced_file_keeps_its_mode_regardless_of_the_umask(int mode)
    {
        using var store = new LocalFileStore(_folder.Path);
        File.WriteAllText(_folder["old"], "text");
        File.SetUnixFileMode(_folder["old"], (UnixFileMode)mode);
        await using (IFileWriter writer = await store.OpenWriteAsync(At("/old"), WriteStart.Replace.WithUploader("ann"), Token))
        {
            await writer.CommitAsync(Token);
        }

        Assert.Equal("", File.ReadAllText(_folder["old"]));
        Assert.Equal((UnixFileMode)mode, File.GetUnixFileMode(_folder["old"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_partial_upload_is_readable_only_for_its_owner_until_it_is_resumed(bool portable)
    {
        using var store = new LocalFileStore(_folder.Path, portable);
        File.WriteAllText(_folder["other"], "");
        await using (IFileWriter writer = await store.OpenWriteAsync(At("/new"), WriteStart.Replace.WithUploader("ann"), Token))
        {
            await writer.WriteAsync(0, Bytes("text"), Token);
            Assert.Equal(4, await writer.KeepPartialUploadAsync(Token));
        }

        string partialUpload = Assert.Single(Directory.GetFiles(_folder.Path), path => Path.GetFileName(path) != "other");
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(partialUpload));
        await using (IFileWriter writer = await store.OpenWriteAsync(At("/new"), WriteStart.Append.WithUploader("ann"), Token))
        {
            Assert.Equal(4, writer.StartOffset);
            await writer.CommitAsync(Token);
        }

        Assert.Equal(File.GetUnixFileMode(_folder["other"]), File.GetUnixFileMode(_folder["new"]));
    }

    private void CollectModes(HashSet<UnixFileMode> modes, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var options = new EnumerationOptions { AttributesToSkip = 0 };
            foreach (FileInfo file in new DirectoryInfo(_folder.Path).EnumerateFiles(".fts-*", options))
            {
                try
                {
                    modes.Add(File.GetUnixFileMode(file.FullName));
                }
                catch (IOException)
                {
                    // Deleted since it was listed.
                }
            }
        }
    }
}
