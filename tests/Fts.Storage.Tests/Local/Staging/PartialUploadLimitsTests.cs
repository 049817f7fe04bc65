using Fts.Storage.Local;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Local.Staging;

/// <summary>Partial uploads of an earlier run count after a sweep has found them.</summary>
public sealed class PartialUploadLimitsTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Partial_uploads_of_an_earlier_run_count(bool portable)
    {
        Directory.CreateDirectory(_folder["a/b"]);
        using (LocalFileStore first = CreateStore(portable))
        {
            await InterruptAsync(first, "/1", "ann");
            await InterruptAsync(first, "/a/b/2", "ann");
            await InterruptAsync(first, "/a/b/2", "bob");
        }

        // The oldest is found by the last-modified time.
        DateTime old = DateTime.UtcNow.AddHours(-2);
        foreach (string file in Directory.GetFiles(_folder["a/b"]))
        {
            File.SetLastWriteTimeUtc(file, old);
        }

        using LocalFileStore store = CreateStore(portable);
        Assert.Equal(0, await store.SweepPartialUploadsAsync(old.AddHours(-1), Token));
        await InterruptAsync(store, "/3", "ann");
        Assert.Null(await store.GetPartialUploadAsync(At("/a/b/2"), "ann", Token));
        Assert.NotNull(await store.GetPartialUploadAsync(At("/1"), "ann", Token));
        Assert.NotNull(await store.GetPartialUploadAsync(At("/3"), "ann", Token));
        Assert.NotNull(await store.GetPartialUploadAsync(At("/a/b/2"), "bob", Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Partial_uploads_in_the_target_of_a_directory_link_count(bool portable)
    {
        Directory.CreateDirectory(_folder["data"]);
        using LocalFileStore store = CreateStore(portable);
        for (int number = 1; number <= 3; number++)
        {
            File.WriteAllText(_folder[$"data/{number}"], "old");
            File.CreateSymbolicLink(_folder[$"link{number}"], $"data/{number}");
            await InterruptAsync(store, $"/link{number}", "ann");
        }

        Assert.Null(await store.GetPartialUploadAsync(At("/data/1"), "ann", Token));
        Assert.NotNull(await store.GetPartialUploadAsync(At("/data/2"), "ann", Token));
        Assert.NotNull(await store.GetPartialUploadAsync(At("/data/3"), "ann", Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_sweep_discards_the_partial_uploads_that_exceed_a_limit(bool portable)
    {
        for (int number = 1; number <= 3; number++)
        {
            using LocalFileStore earlier = CreateStore(portable);
            await InterruptAsync(earlier, $"/{number}", "ann");
        }

        using LocalFileStore store = CreateStore(portable);
        await store.SweepPartialUploadsAsync(DateTime.UtcNow.AddHours(-1), Token);
        Assert.Equal(2, Directory.GetFiles(_folder.Path).Length);
    }

    private static async Task InterruptAsync(LocalFileStore store, string path, string uploader)
    {
        await using IFileWriter writer = await store.OpenWriteAsync(At(path), WriteStart.Replace.WithUploader(uploader), Token);
        await writer.WriteAsync(0, Bytes("text"), Token);
        Assert.Equal(4, await writer.KeepPartialUploadAsync(Token));
    }

    private LocalFileStore CreateStore(bool portable) =>
        new(_folder.Path, portable, new LocalStoreOptions { PartialUploadLimits = new PartialUploadLimits { MaxCount = 2 } });
}
