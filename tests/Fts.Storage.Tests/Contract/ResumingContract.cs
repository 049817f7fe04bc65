using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Contract;

/// <summary>Uploads that break off, and their continuation.</summary>
public abstract class ResumingContract(Func<StoreUnderTest> create) : FileStoreContract(create)
{
    private static readonly WriteStart Fresh = WriteStart.Replace.WithUploader("ann"), Append = WriteStart.Append.WithUploader("ann");

    [Fact]
    public async Task What_is_kept_is_found_and_continued_and_seen_by_nobody_until_then()
    {
        await Store.PutAsync("/report", "old", Token);
        Assert.Equal(5, await BreakOffAsync("/report", Fresh, "first"));
        Assert.Equal(5, (await PendingAsync("/report"))?.Length);
        Assert.Equal("old", await Store.GetAsync("/report", Token));
        Assert.Equal([("report", 3L)], (await Store.ListAsync("/", Token)).Select(entry => (entry.Name, entry.Length)));

        await using (IFileWriter writer = await OpenWriteAsync("/report", Append))
        {
            Assert.True(writer.IsResumed);
            Assert.Equal(5, writer.StartOffset);
            await writer.WriteAsync(5, Bytes(" second"), Token);
            Assert.Equal("old", await Store.GetAsync("/report", Token));
            await writer.CommitAsync(Token);
        }

        Assert.Equal("first second", await Store.GetAsync("/report", Token));
        Assert.Null(await PendingAsync("/report"));
    }

    [Fact]
    public async Task It_is_continued_from_any_offset_and_what_lay_beyond_is_given_up()
    {
        await BreakOffAsync("/report", Fresh, "0123456789");
        await using (IFileWriter writer = await OpenWriteAsync("/report", WriteStart.FromOffset(4).WithUploader("ann")))
        {
            Assert.Equal(4, writer.StartOffset);
            await writer.WriteAsync(4, Bytes("x"), Token);
            await writer.CommitAsync(Token);
        }

        Assert.Equal("0123x", await Store.GetAsync("/report", Token));
    }

    [Fact]
    public async Task An_offset_past_its_end_is_refused_and_loses_nothing()
    {
        await BreakOffAsync("/report", Fresh, "0123");
        Assert.Equal(StoreError.BadOffset, await WriteRefusalAsync("/report", WriteStart.FromOffset(5).WithUploader("ann")));
        Assert.Equal(4, (await PendingAsync("/report"))?.Length);
    }

    [Fact]
    public async Task A_continuation_that_writes_nothing_leaves_it_as_it_was()
    {
        await BreakOffAsync("/report", Fresh, "0123");
        Assert.Equal(4, await BreakOffAsync("/report", WriteStart.FromOffset(1).WithUploader("ann"), ""));
        Assert.Equal(4, (await PendingAsync("/report"))?.Length);
    }

    [Fact]
    public async Task A_continuation_to_its_very_end_needs_no_byte()
    {
        await BreakOffAsync("/report", Fresh, "whole and more");
        await using (IFileWriter writer = await OpenWriteAsync("/report", WriteStart.FromOffset(5).WithUploader("ann")))
        {
            await writer.CommitAsync(Token);
        }

        Assert.Equal("whole", await Store.GetAsync("/report", Token));
    }

    [Fact]
    public async Task It_breaks_off_again_and_again_and_comes_out_whole()
    {
        byte[] bytes = Pattern(300_000);
        var random = new Random(7);
        int at = 0;
        while (at < bytes.Length)
        {
            int length = Math.Min(random.Next(1, 20_000), bytes.Length - at);
            await using IFileWriter writer = await OpenWriteAsync("/report", at == 0 ? Fresh : random.Next(2) == 0 ? Append : WriteStart.FromOffset(at).WithUploader("ann"));
            Assert.Equal(at, writer.StartOffset);
            await writer.WriteAsync(at, bytes.AsMemory(at, length), Token);
            at += length;
            await (at == bytes.Length ? writer.CommitAsync(Token) : KeepAsync(writer));
        }

        Assert.Equal(bytes, await Store.GetAsync(At("/report"), Token));
    }

    [Fact]
    public async Task Who_begins_anew_gives_it_up()
    {
        await BreakOffAsync("/report", Fresh, "first");
        await using (IFileWriter writer = await OpenWriteAsync("/report", Fresh))
        {
            Assert.Equal((0, false), (writer.StartOffset, writer.IsResumed));
            Assert.Null(await PendingAsync("/report"));
            await writer.WriteAsync(0, Bytes("new"), Token);
            await writer.CommitAsync(Token);
        }

        Assert.Equal("new", await Store.GetAsync("/report", Token));
    }

    [Fact]
    public async Task What_is_no_upload_neither_continues_nor_disturbs_it()
    {
        await BreakOffAsync("/report", Fresh, "first");
        foreach (WriteStart start in new[] { WriteStart.Replace, WriteStart.Append })
        {
            await using IFileWriter writer = await OpenWriteAsync("/report", start);
            await writer.WriteAsync(writer.StartOffset, Bytes("copy"), Token);
            Assert.Null(start == WriteStart.Append ? await writer.KeepPartialUploadAsync(Token) : null);
            await (start == WriteStart.Append ? default : writer.CommitAsync(Token));
        }

        Assert.Equal("copy", await Store.GetAsync("/report", Token));
        Assert.Equal(5, (await PendingAsync("/report"))?.Length);
    }

    [Fact]
    public async Task A_committed_file_that_is_continued_is_kept_up_to_where_it_was_written()
    {
        await Store.PutAsync("/log", "0123456789", Token);
        Assert.Equal(6, await BreakOffAsync("/log", WriteStart.FromOffset(3).WithUploader("ann"), "xxx"));
        Assert.Equal(6, (await PendingAsync("/log"))?.Length);
        await using (IFileWriter writer = await OpenWriteAsync("/log", Append))
        {
            await writer.WriteAsync(writer.StartOffset, Bytes("yy"), Token);
            await writer.CommitAsync(Token);
        }

        Assert.Equal("012xxxyy", await Store.GetAsync("/log", Token));
    }

    [Theory]
    [InlineData(9, null)]
    [InlineData(10, 20L)]
    public async Task A_copy_of_the_committed_file_is_kept_only_for_as_many_new_bytes(int bytes, long? kept)
    {
        await Store.PutAsync("/log", "0123456789", Token);
        Assert.Equal(kept, await BreakOffAsync("/log", Append, new string('x', bytes)));
        Assert.Equal(kept, (await PendingAsync("/log"))?.Length);
        Assert.Equal("0123456789", await Store.GetAsync("/log", Token));
        await Store.DeleteFileAsync(At("/log"), "ann", Token);
        Assert.Empty(UnderTest.DirectoryOnDisk is { } folder ? Directory.GetFileSystemEntries(folder.Path) : []);
    }

    [Theory]
    [InlineData(false, 16 * 1024 * 1024 - 1, false)]
    [InlineData(false, 16 * 1024 * 1024, true)]
    [InlineData(true, 16 * 1024 * 1024 - 1, false)]
    [InlineData(true, 16 * 1024 * 1024, true)]
    public async Task A_copy_of_a_large_file_is_kept_for_16_MiB_of_new_bytes(bool isRestarted, int bytes, bool isKept)
    {
        const int copied = 16 * 1024 * 1024 + 10;
        await Store.PutAsync(At("/log"), new byte[copied], Token);
        await using (IFileWriter writer = await OpenWriteAsync("/log", isRestarted ? WriteStart.FromOffset(copied).WithUploader("ann") : Append))
        {
            await writer.WriteAsync(copied, new byte[bytes], Token);
            Assert.Equal(isKept ? (long?)copied + bytes : null, await writer.KeepPartialUploadAsync(Token));
        }

        Assert.Equal(isKept ? (long?)copied + bytes : null, (await PendingAsync("/log"))?.Length);
    }

    [Fact]
    public async Task A_continued_copy_is_kept_for_any_number_of_new_bytes()
    {
        await Store.PutAsync("/log", "0123456789", Token);
        Assert.Equal(20, await BreakOffAsync("/log", Append, "ten bytes."));
        Assert.Equal(21, await BreakOffAsync("/log", Append, "1"));
        Assert.Equal(21, (await PendingAsync("/log"))?.Length);
    }

    [Fact]
    public async Task An_upload_into_which_nothing_was_written_is_not_kept()
    {
        await Store.PutAsync("/log", "0123456789", Token);
        Assert.Null(await BreakOffAsync("/log", Append, ""));
        Assert.Null(await BreakOffAsync("/new", Fresh, ""));
        Assert.Null(await PendingAsync("/log"));
        Assert.Null(await PendingAsync("/new"));
    }

    [Fact]
    public async Task Disposed_without_a_word_nothing_of_it_is_left()
    {
        await using (IFileWriter writer = await OpenWriteAsync("/report", Fresh))
        {
            await writer.WriteAsync(0, Bytes("first"), Token);
        }

        Assert.Null(await PendingAsync("/report"));
        await Store.CreateDirectoryAsync(At("/empty"), Token);
        await Store.DeleteDirectoryAsync(At("/empty"), Token);
    }

    [Fact]
    public async Task While_it_is_written_it_cannot_be_continued_and_is_not_told_of()
    {
        await using IFileWriter writer = await OpenWriteAsync("/report", Fresh);
        await writer.WriteAsync(0, Bytes("first"), Token);
        Assert.Null(await PendingAsync("/report"));
        Assert.Equal(StoreError.Busy, await WriteRefusalAsync("/report", Append));
        Assert.Equal(StoreError.Busy, await WriteRefusalAsync("/report", WriteStart.FromOffset(1).WithUploader("ann")));
        Assert.Equal(0, await Store.SweepPartialUploadsAsync(DateTime.MaxValue, Token));
        await writer.CommitAsync(Token);
        Assert.Equal("first", await Store.GetAsync("/report", Token));
    }

    [Fact]
    public async Task What_is_written_and_is_no_upload_is_not_swept_either()
    {
        await using IFileWriter writer = await Store.OpenWriteAsync(At("/copy"), WriteStart.Replace, Token);
        await writer.WriteAsync(0, Bytes("first"), Token);
        Assert.Equal(0, await Store.SweepPartialUploadsAsync(DateTime.MaxValue, Token));
        await writer.CommitAsync(Token);
        Assert.Equal("first", await Store.GetAsync("/copy", Token));
    }

    [Fact]
    public async Task Of_two_uploads_that_break_off_the_last_can_be_continued()
    {
        await using IFileWriter first = await OpenWriteAsync("/report", Fresh);
        await using IFileWriter second = await OpenWriteAsync("/report", Fresh);
        await first.WriteAsync(0, Bytes("first"), Token);
        await second.WriteAsync(0, Bytes("second"), Token);
        Assert.Equal(5, await first.KeepPartialUploadAsync(Token));
        await first.DisposeAsync();
        Assert.Equal(6, await second.KeepPartialUploadAsync(Token));
        await second.DisposeAsync();
        Assert.Equal(6, (await PendingAsync("/report"))?.Length);
    }

    [Fact]
    public async Task An_upload_that_breaks_off_leaves_the_place_to_one_that_goes_on()
    {
        await using IFileWriter first = await OpenWriteAsync("/report", Fresh);
        await using (IFileWriter second = await OpenWriteAsync("/report", Fresh))
        {
            await second.WriteAsync(0, Bytes("second"), Token);
            Assert.Null(await second.KeepPartialUploadAsync(Token));
        }

        await first.WriteAsync(0, Bytes("first"), Token);
        await first.CommitAsync(Token);
        Assert.Equal("first", await Store.GetAsync("/report", Token));
        Assert.Null(await PendingAsync("/report"));
    }

    [Fact]
    public async Task It_is_its_uploaders_alone()
    {
        await BreakOffAsync("/report", Fresh, "first");
        WriteStart bobs = WriteStart.Append.WithUploader("bob");
        Assert.Null(await Store.GetPartialUploadAsync(At("/report"), "bob", Token));
        Assert.False(await Store.DiscardPartialUploadAsync(At("/report"), "bob", Token));
        await using (IFileWriter writer = await OpenWriteAsync("/report", bobs))
        {
            Assert.Equal((0, false), (writer.StartOffset, writer.IsResumed));
            await writer.WriteAsync(0, Bytes("bob's"), Token);
            await writer.KeepPartialUploadAsync(Token);
        }

        Assert.Equal((5, 5), ((await PendingAsync("/report"))?.Length, (await Store.GetPartialUploadAsync(At("/report"), "bob", Token))?.Length));
        await using IFileWriter mine = await OpenWriteAsync("/report", Append);
        await mine.CommitAsync(Token);
        Assert.Equal("first", await Store.GetAsync("/report", Token));
    }

    [Fact]
    public async Task Given_up_it_is_gone()
    {
        await Store.PutAsync("/report", "old", Token);
        foreach (WriteStart start in new[] { Fresh, Append })
        {
            await BreakOffAsync("/report", start, "new");
            Assert.True(await Store.DiscardPartialUploadAsync(At("/report"), "ann", Token));
            Assert.Null(await PendingAsync("/report"));
            Assert.False(await Store.DiscardPartialUploadAsync(At("/report"), "ann", Token));
        }

        Assert.Equal("old", await Store.GetAsync("/report", Token));
    }

    [Fact]
    public async Task What_was_to_be_added_to_a_file_is_not_added_to_another()
    {
        // Two append to one log. What one had begun on the old file would undo what the other has added since.
        await Store.PutAsync("/log", "one ", Token);
        await BreakOffAsync("/log", Append, "two and more");
        await using (IFileWriter bob = await OpenWriteAsync("/log", WriteStart.Append.WithUploader("bob")))
        {
            await bob.WriteAsync(bob.StartOffset, Bytes("three "), Token);
            await bob.CommitAsync(Token);
        }

        Assert.Null(await PendingAsync("/log"));
        await using IFileWriter writer = await OpenWriteAsync("/log", Append);
        await writer.WriteAsync(writer.StartOffset, Bytes("four"), Token);
        await writer.CommitAsync(Token);
        Assert.Equal("one three four", await Store.GetAsync("/log", Token));
    }

    [Fact]
    public async Task A_folder_with_nothing_else_in_it_is_empty_unless_somebody_writes()
    {
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        await BreakOffAsync("/folder/report", Fresh, "first");
        await using (IFileWriter writer = await OpenWriteAsync("/folder/other", Fresh))
        {
            Assert.Equal(StoreError.NotEmpty, await GetStoreErrorAsync(async () => await Store.DeleteDirectoryAsync(At("/folder"), Token)));
        }

        await Store.DeleteDirectoryAsync(At("/folder"), Token);
        Assert.Null(await KindAsync("/folder"));
    }

    [Fact]
    public async Task A_renamed_folder_takes_it_along()
    {
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        await BreakOffAsync("/folder/report", Fresh, "first");
        await Store.RenameAsync(At("/folder"), At("/moved"), replace: false, Token);
        Assert.Null(await PendingAsync("/folder/report"));
        Assert.Equal(5, (await PendingAsync("/moved/report"))?.Length);
    }

    [Fact]
    public async Task A_sweep_removes_those_that_were_left_before_a_time_wherever_they_are()
    {
        await Store.CreateDirectoryAsync(At("/a"), Token);
        await Store.CreateDirectoryAsync(At("/a/b"), Token);
        await Store.PutAsync("/a/b/file", "stays", Token);
        await BreakOffAsync("/a/b/report", Fresh, "first");
        await BreakOffAsync("/other", Fresh, "second");
        Assert.Equal(0, await Store.SweepPartialUploadsAsync(DateTime.UtcNow.AddMinutes(-1), Token));
        Assert.Equal(5, (await PendingAsync("/a/b/report"))?.Length);
        Assert.Equal(2, await Store.SweepPartialUploadsAsync(DateTime.UtcNow.AddMinutes(1), Token));
        Assert.Null(await PendingAsync("/a/b/report"));
        Assert.Null(await PendingAsync("/other"));
        Assert.Equal("stays", await Store.GetAsync("/a/b/file", Token));
    }

    [Fact]
    public async Task A_new_file_is_continued_as_a_new_one()
    {
        WriteStart create = WriteStart.Create.WithUploader("ann"), goOn = Append with { IsCreateOnly = true };
        await BreakOffAsync("/report", create, "first");
        await using (IFileWriter writer = await OpenWriteAsync("/report", goOn))
        {
            await writer.WriteAsync(5, Bytes(" second"), Token);
            await writer.CommitAsync(Token);
        }

        Assert.Equal("first second", await Store.GetAsync("/report", Token));
        Assert.Equal(StoreError.Exists, await WriteRefusalAsync("/report", goOn));
    }

    [Fact]
    public async Task Of_many_who_begin_continue_and_break_off_at_once_each_commit_is_whole()
    {
        await Parallel.ForAsync(0, 200, Token, async (number, token) =>
        {
            string mine = $"<{number}>";
            try
            {
                await using IFileWriter writer = await Store.OpenWriteAsync(At("/report"), number % 2 == 0 ? Fresh : Append, token);
                await writer.WriteAsync(writer.StartOffset, Bytes(mine), token);
                await (number % 3 == 0 ? KeepAsync(writer) : writer.CommitAsync(token));
            }
            catch (StoreException e) when (e.Error == StoreError.Busy)
            {
                // Another was writing what this one wanted to continue.
            }
        });
        Assert.Matches("^(<[0-9]+>)+$", await Store.GetAsync("/report", Token));
        await Store.SweepPartialUploadsAsync(DateTime.MaxValue, Token);
        await Store.DeleteFileAsync(At("/report"), Token);
        Assert.Empty(UnderTest.DirectoryOnDisk is { } folder ? Directory.GetFileSystemEntries(folder.Path) : []);
    }

    private async Task<PartialUpload?> PendingAsync(string path) => await Store.GetPartialUploadAsync(At(path), "ann", Token);

    private async Task<long?> BreakOffAsync(string path, WriteStart start, string text)
    {
        await using IFileWriter writer = await OpenWriteAsync(path, start);
        if (text.Length > 0)
        {
            await writer.WriteAsync(writer.StartOffset, Bytes(text), Token);
        }

        return await writer.KeepPartialUploadAsync(Token);
    }

    private static async ValueTask KeepAsync(IFileWriter writer) => await writer.KeepPartialUploadAsync(Token);
}
