using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Contract;

/// <summary>The limits on the partial uploads of one uploader, here 3 uploads and 20 bytes.</summary>
public abstract class PartialUploadLimitsContract(Func<PartialUploadLimits, StoreUnderTest> create)
    : FileStoreContract(() => create(new PartialUploadLimits { MaxCount = 3, MaxBytes = 20 }))
{
    [Fact]
    public async Task The_oldest_are_discarded_for_a_new_one()
    {
        for (int number = 1; number <= 5; number++)
        {
            await InterruptAsync($"/{number}", "ann", "text");
        }

        await InterruptAsync("/1", "bob", "text");
        Assert.Equal([null, null, 4L, 4L, 4L], await GetPartialLengthsAsync("ann", "/1", "/2", "/3", "/4", "/5"));
        Assert.Equal([4L], await GetPartialLengthsAsync("bob", "/1"));
    }

    [Fact]
    public async Task The_newest_is_kept_even_if_it_exceeds_the_limit()
    {
        await InterruptAsync("/1", "ann", "ten bytes.");
        await InterruptAsync("/2", "ann", "ten bytes.");
        Assert.Equal([10L, 10L], await GetPartialLengthsAsync("ann", "/1", "/2"));
        await InterruptAsync("/3", "ann", "1");
        Assert.Equal([null, 10L, 1L], await GetPartialLengthsAsync("ann", "/1", "/2", "/3"));
        await InterruptAsync("/4", "ann", "more bytes than all may have together");
        Assert.Equal([null, null, null, 37L], await GetPartialLengthsAsync("ann", "/1", "/2", "/3", "/4"));
    }

    [Fact]
    public async Task A_resumed_partial_upload_counts_once_and_a_deleted_one_does_not_count()
    {
        await InterruptAsync("/1", "ann", "a");
        await InterruptAsync("/2", "ann", "a");
        for (int round = 0; round < 5; round++)
        {
            await InterruptAsync("/3", "ann", "a", WriteStart.Append);
        }

        Assert.Equal([1L, 1L, 5L], await GetPartialLengthsAsync("ann", "/1", "/2", "/3"));
        await Store.DeleteFileAsync(At("/2"), "ann", Token);
        await using (IFileWriter writer = await OpenWriteAsync("/3", WriteStart.Append.WithUploader("ann")))
        {
            await writer.CommitAsync(Token);
        }

        await InterruptAsync("/4", "ann", "a");
        await InterruptAsync("/5", "ann", "a");
        Assert.Equal([1L, null, null, 1L, 1L], await GetPartialLengthsAsync("ann", "/1", "/2", "/3", "/4", "/5"));
    }

    [Fact]
    public async Task Only_the_received_bytes_of_an_append_count()
    {
        foreach (string path in (string[])["/1", "/2", "/3"])
        {
            await Store.WriteFileAsync(path, "nine byte", Token);
        }

        await InterruptAsync("/1", "ann", "9 more by.", WriteStart.Append);
        await InterruptAsync("/2", "ann", "9 more by.", WriteStart.FromOffset(9));
        Assert.Equal([19L, 19L], await GetPartialLengthsAsync("ann", "/1", "/2"));
        await InterruptAsync("/3", "ann", "9 more by.", WriteStart.Append);
        Assert.Equal([null, 19L, 19L], await GetPartialLengthsAsync("ann", "/1", "/2", "/3"));
    }

    [Fact]
    public async Task Partial_uploads_in_a_renamed_directory_count()
    {
        await Store.CreateDirectoryAsync(At("/d"), Token);
        await Store.CreateDirectoryAsync(At("/d/sub"), Token);
        await InterruptAsync("/d/1", "ann", "a");
        await InterruptAsync("/d/sub/2", "ann", "a");
        await Store.RenameAsync(At("/d"), At("/e"), replace: false, Token);
        await Store.CreateDirectoryAsync(At("/d"), Token);
        await Store.CreateDirectoryAsync(At("/d/sub"), Token);
        await InterruptAsync("/d/1", "ann", "a");
        await InterruptAsync("/d/sub/2", "ann", "a");
        await InterruptAsync("/3", "ann", "a");
        Assert.Equal([null, null, 1L, 1L, 1L], await GetPartialLengthsAsync("ann", "/e/1", "/e/sub/2", "/d/1", "/d/sub/2", "/3"));
    }

    [Theory]
    [InlineData(0, 20)]
    [InlineData(1, -1)]
    public void Invalid_limits_are_refused(int count, long bytes) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => create(new PartialUploadLimits { MaxCount = count, MaxBytes = bytes }));

    protected async Task InterruptAsync(string path, string uploader, string text, WriteStart? start = null)
    {
        await using IFileWriter writer = await OpenWriteAsync(path, (start ?? WriteStart.Replace).WithUploader(uploader));
        await writer.WriteAsync(writer.StartOffset, Bytes(text), Token);
        Assert.NotNull(await writer.KeepPartialUploadAsync(Token));
    }

    protected async Task<long?[]> GetPartialLengthsAsync(string uploader, params string[] paths)
    {
        var lengths = new List<long?>();
        foreach (string path in paths)
        {
            lengths.Add((await Store.GetPartialUploadAsync(At(path), uploader, Token))?.Length);
        }

        return [.. lengths];
    }
}
