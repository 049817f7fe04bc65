using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Contract;

public abstract class RestartOffsetContract(Func<StoreUnderTest> create) : FileStoreContract(create)
{
    [Fact]
    public async Task Append_starts_at_the_end()
    {
        await Store.WriteFileAsync("/log", "one ", Token);
        foreach (string word in new[] { "two ", "three" })
        {
            await using IFileWriter writer = await OpenWriteAsync("/log", WriteStart.Append);
            Assert.Equal((await Store.GetEntryAsync(At("/log"), Token))?.Length, writer.StartOffset);
            await writer.WriteAsync(writer.StartOffset, Bytes(word), Token);
            await writer.CommitAsync(Token);
        }

        Assert.Equal("one two three", await Store.ReadFileAsync("/log", Token));
    }

    [Fact]
    public async Task Append_creates_a_missing_file()
    {
        await using IFileWriter writer = await OpenWriteAsync("/log", WriteStart.Append);
        Assert.Equal(0, writer.StartOffset);
        await writer.WriteAsync(0, Bytes("one"), Token);
        await writer.CommitAsync(Token);
        Assert.Equal("one", await Store.ReadFileAsync("/log", Token));
    }

    [Fact]
    public async Task Append_without_commit_leaves_the_old_file()
    {
        await Store.WriteFileAsync("/log", "one", Token);
        await using (IFileWriter writer = await OpenWriteAsync("/log", WriteStart.Append))
        {
            await writer.WriteAsync(writer.StartOffset, Bytes("two"), Token);
            Assert.Equal("one", await Store.ReadFileAsync("/log", Token));
        }

        Assert.Equal("one", await Store.ReadFileAsync("/log", Token));
    }

    [Theory]
    [InlineData(3, "012xxxx789")]
    [InlineData(10, "0123456789xxxx")]
    [InlineData(0, "xxxx")]
    public async Task FromOffset_overwrites_from_the_offset_and_keeps_the_rest(int offset, string expected)
    {
        await Store.WriteFileAsync("/file", "0123456789", Token);
        await using (IFileWriter writer = await OpenWriteAsync("/file", WriteStart.FromOffset(offset)))
        {
            Assert.Equal(offset, writer.StartOffset);
            await writer.WriteAsync(offset, Bytes("xxxx"), Token);
            await writer.CommitAsync(Token);
        }

        Assert.Equal(expected, await Store.ReadFileAsync("/file", Token));
    }

    [Fact]
    public async Task FromOffset_past_the_end_is_refused()
    {
        await Store.WriteFileAsync("/file", "0123", Token);
        Assert.Equal(StoreError.BadOffset, await GetWriteErrorAsync("/file", WriteStart.FromOffset(5)));
        Assert.Equal(StoreError.BadOffset, await GetWriteErrorAsync("/missing", WriteStart.FromOffset(1)));
        Assert.Equal("0123", await Store.ReadFileAsync("/file", Token));
        Assert.Equal(["file"], (await Store.ListAsync("/", Token)).Select(entry => entry.Name));
    }

    [Fact]
    public async Task Every_byte_of_a_large_file_is_kept()
    {
        byte[] bytes = RandomBytes((20 * 1024 * 1024) + 17);
        await Store.WriteFileAsync(At("/big"), bytes, Token);
        await using (IFileWriter writer = await OpenWriteAsync("/big", WriteStart.FromOffset(70_001)))
        {
            await writer.WriteAsync(70_001, new byte[] { 1, 2, 3 }, Token);
            await writer.CommitAsync(Token);
        }

        new byte[] { 1, 2, 3 }.CopyTo(bytes, 70_001);
        Assert.Equal(bytes, await Store.ReadFileAsync(At("/big"), Token));
    }

    [Fact]
    public async Task A_thousand_restarts_at_random_offsets_write_the_same_bytes_as_an_array()
    {
        var random = new Random(42);
        byte[] model = [];
        for (int round = 0; round < 1000; round++)
        {
            int offset = random.Next(model.Length + 1);
            byte[] bytes = RandomBytes(random.Next(3000), round);
            await using IFileWriter writer = await OpenWriteAsync(
                "/file", round % 3 == 0 ? WriteStart.Append : WriteStart.FromOffset(offset));
            offset = (int)writer.StartOffset;
            await writer.WriteAsync(offset, bytes, Token);
            if (round % 5 == 0)
            {
                continue;
            }

            await writer.CommitAsync(Token);
            // Offset 0 replaces the file. Every other start copies it.
            int kept = offset == 0 && round % 3 != 0 ? 0 : model.Length;
            byte[] next = new byte[Math.Max(kept, offset + bytes.Length)];
            model.AsSpan(0, kept).CopyTo(next);
            bytes.CopyTo(next, offset);
            model = next;
        }

        Assert.Equal(model, await Store.ReadFileAsync(At("/file"), Token));
    }

    [Fact]
    public async Task A_cancelled_restart_leaves_no_staging_file()
    {
        await Store.WriteFileAsync("/file", "0123", Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Store.OpenWriteAsync(At("/file"), WriteStart.Append, new CancellationToken(canceled: true)));
        Assert.Equal(["file"], (await Store.ListAsync("/", Token)).Select(entry => entry.Name));
    }
}
