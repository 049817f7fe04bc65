using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Contract;

public abstract class WritingContract(Func<StoreUnderTest> create) : FileStoreContract(create)
{
    [Fact]
    public async Task A_write_without_a_commit_keeps_the_old_file()
    {
        await Store.WriteFileAsync("/report", "old", Token);
        await using (IFileWriter writer = await OpenWriteAsync("/report", WriteStart.Replace))
        {
            await writer.WriteAsync(0, Bytes("newer and longer"), Token);
        }

        Assert.Equal("old", await Store.ReadFileAsync("/report", Token));
        Assert.Equal(["report"], (await Store.ListAsync("/", Token)).Select(entry => entry.Name));
    }

    [Fact]
    public async Task A_write_without_a_commit_creates_no_file()
    {
        await using (IFileWriter writer = await OpenWriteAsync("/report", WriteStart.Replace))
        {
            await writer.WriteAsync(0, Bytes("text"), Token);
        }

        Assert.Null(await GetKindAsync("/report"));
        Assert.Empty(await Store.ListAsync("/", Token));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(65537)]
    public async Task A_commit_publishes_every_byte(int size)
    {
        byte[] bytes = RandomBytes(size);
        await Store.WriteFileAsync(At("/file"), bytes, Token);
        Assert.Equal(bytes, await Store.ReadFileAsync(At("/file"), Token));
        FileEntry? entry = await Store.GetEntryAsync(At("/file"), Token);
        Assert.Equal(("file", EntryKind.File, size), (entry?.Name, entry?.Kind, entry?.Length));
    }

    [Fact]
    public async Task Readers_and_listings_see_the_old_file_until_the_commit()
    {
        await Store.WriteFileAsync("/report", "old", Token);
        await using IFileWriter writer = await OpenWriteAsync("/report", WriteStart.Replace);
        await using IFileWriter other = await OpenWriteAsync("/other", WriteStart.Replace);
        await writer.WriteAsync(0, Bytes("newer"), Token);
        await other.WriteAsync(0, Bytes("newer"), Token);

        Assert.Equal("old", await Store.ReadFileAsync("/report", Token));
        Assert.Equal(3, (await Store.GetEntryAsync(At("/report"), Token))?.Length);
        Assert.Equal([("report", 3L)], (await Store.ListAsync("/", Token)).Select(entry => (entry.Name, entry.Length)));
        Assert.Null(await GetKindAsync("/other"));

        await writer.CommitAsync(Token);
        Assert.Equal("newer", await Store.ReadFileAsync("/report", Token));
    }

    [Fact]
    public async Task A_reader_that_was_opened_before_the_commit_reads_the_old_content()
    {
        await Store.WriteFileAsync("/report", "old", Token);
        await using IFileReader reader = await Store.OpenReadAsync(At("/report"), Token);
        await Store.WriteFileAsync("/report", "newer", Token);
        Assert.Equal(Bytes("old"), await reader.ReadAllAsync(Token));
    }

    [Fact]
    public async Task Of_two_writers_the_last_commit_replaces_the_whole_file()
    {
        await using IFileWriter first = await OpenWriteAsync("/report", WriteStart.Replace);
        await using IFileWriter second = await OpenWriteAsync("/report", WriteStart.Replace);
        await second.WriteAsync(0, Bytes("second"), Token);
        await first.WriteAsync(0, Bytes("the first, longer"), Token);
        await first.CommitAsync(Token);
        Assert.Equal("the first, longer", await Store.ReadFileAsync("/report", Token));
        await second.CommitAsync(Token);
        Assert.Equal("second", await Store.ReadFileAsync("/report", Token));
    }

    [Fact]
    public async Task Of_many_simultaneous_writers_one_replaces_the_whole_file()
    {
        await Parallel.ForAsync(0, 64, Token, async (number, token) =>
        {
            byte[] bytes = Enumerable.Repeat((byte)number, 10_000 + number).ToArray();
            await using IFileWriter writer = await Store.OpenWriteAsync(At("/report"), WriteStart.Replace, token);
            for (int offset = 0; offset < bytes.Length; offset += 1000)
            {
                await writer.WriteAsync(offset, bytes.AsMemory(offset, Math.Min(1000, bytes.Length - offset)), token);
            }

            await writer.CommitAsync(token);
            byte[] content = await Store.ReadFileAsync(At("/report"), token);
            Assert.Equal(Enumerable.Repeat(content[0], 10_000 + content[0]), content);
        });
        Assert.Equal(["report"], (await Store.ListAsync("/", Token)).Select(entry => entry.Name));
    }

    [Fact]
    public async Task Create_refuses_an_existing_file()
    {
        await Store.WriteFileAsync("/report", "old", Token);
        Assert.Equal(StoreError.Exists, await GetWriteErrorAsync("/report", WriteStart.Create));
    }

    [Fact]
    public async Task Create_refuses_a_file_that_was_created_before_the_commit()
    {
        await using (IFileWriter writer = await OpenWriteAsync("/report", WriteStart.Create))
        {
            await Store.WriteFileAsync("/report", "theirs", Token);
            await writer.WriteAsync(0, Bytes("mine"), Token);
            Assert.Equal(StoreError.Exists, await GetStoreErrorAsync(async () => await writer.CommitAsync(Token)));
        }

        Assert.Equal("theirs", await Store.ReadFileAsync("/report", Token));
        Assert.Equal(["report"], (await Store.ListAsync("/", Token)).Select(entry => entry.Name));
    }

    [Fact]
    public async Task Create_creates_a_new_file()
    {
        await using IFileWriter writer = await OpenWriteAsync("/report", WriteStart.Create);
        await writer.WriteAsync(0, Bytes("mine"), Token);
        await writer.CommitAsync(Token);
        Assert.Equal("mine", await Store.ReadFileAsync("/report", Token));
    }

    [Fact]
    public async Task A_commit_does_not_replace_a_directory_that_was_created_before_it()
    {
        await using IFileWriter writer = await OpenWriteAsync("/report", WriteStart.Replace);
        await Store.CreateDirectoryAsync(At("/report"), Token);
        Assert.Equal(StoreError.NotAFile, await GetStoreErrorAsync(async () => await writer.CommitAsync(Token)));
    }

    [Fact]
    public async Task An_upload_to_a_path_that_cannot_be_a_file_is_refused_at_opening()
    {
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        await Store.WriteFileAsync("/file", "text", Token);
        Assert.Equal(StoreError.NotAFile, await GetWriteErrorAsync("/folder", WriteStart.Replace));
        Assert.Equal(StoreError.NotAFile, await GetWriteErrorAsync("/", WriteStart.Replace));
        Assert.Equal(StoreError.NotFound, await GetWriteErrorAsync("/missing/file", WriteStart.Replace));
        Assert.Equal(StoreError.NotADirectory, await GetWriteErrorAsync("/file/file", WriteStart.Replace));
    }

    [Fact]
    public async Task A_committed_writer_refuses_further_calls()
    {
        await using IFileWriter writer = await OpenWriteAsync("/report", WriteStart.Replace);
        await writer.CommitAsync(Token);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await writer.WriteAsync(0, Bytes("more"), Token));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await writer.CommitAsync(Token));
        await writer.DisposeAsync();
        Assert.Equal("", await Store.ReadFileAsync("/report", Token));
    }

    [Fact]
    public async Task Bytes_can_be_written_in_any_order_and_gaps_read_as_zeros()
    {
        await using IFileWriter writer = await OpenWriteAsync("/report", WriteStart.Replace);
        await writer.WriteAsync(200_000, Bytes("end"), Token);
        await writer.WriteAsync(0, Bytes("begin"), Token);
        await writer.CommitAsync(Token);
        byte[] bytes = await Store.ReadFileAsync(At("/report"), Token);
        Assert.Equal([.. Bytes("begin"), .. new byte[200_000 - 5], .. Bytes("end")], bytes);
    }

    [Fact]
    public async Task A_read_past_the_end_returns_no_bytes()
    {
        await Store.WriteFileAsync("/report", "text", Token);
        await using IFileReader reader = await Store.OpenReadAsync(At("/report"), Token);
        byte[] buffer = new byte[10];
        Assert.Equal(2, await reader.ReadAsync(2, buffer, Token));
        Assert.Equal(0, await reader.ReadAsync(4, buffer, Token));
        Assert.Equal(0, await reader.ReadAsync(4_000_000_000, buffer, Token));
    }

    [Fact]
    public async Task A_cancelled_call_does_nothing()
    {
        var cancelled = new CancellationToken(canceled: true);
        await Store.WriteFileAsync("/report", "text", Token);
        await using IFileWriter writer = await OpenWriteAsync("/report", WriteStart.Replace);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await writer.WriteAsync(0, Bytes("new"), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await writer.CommitAsync(cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Store.OpenWriteAsync(At("/new"), WriteStart.Replace, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.DeleteFileAsync(At("/report"), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.CreateDirectoryAsync(At("/folder"), cancelled));
        Assert.Equal("text", await Store.ReadFileAsync("/report", Token));
        Assert.Equal(["report"], (await Store.ListAsync("/", Token)).Select(entry => entry.Name));
    }
}
