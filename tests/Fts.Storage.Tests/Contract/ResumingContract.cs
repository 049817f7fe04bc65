using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Contract;

/// <summary>Interrupted uploads and their resumption.</summary>
public abstract class ResumingContract(Func<StoreUnderTest> create) : FileStoreContract(create)
{
    private static readonly WriteStart Replace = WriteStart.Replace.WithUploader("ann"), Append = WriteStart.Append.WithUploader("ann");

    [Fact]
    public async Task A_partial_upload_is_found_and_resumed_and_invisible_until_its_commit()
    {
        await Store.WriteFileAsync("/report", "old", Token);
        Assert.Equal(5, await InterruptAsync("/report", Replace, "first"));
        Assert.Equal(5, (await FindPartialUploadAsync("/report"))?.Length);
        Assert.Equal("old", await Store.ReadFileAsync("/report", Token));
        Assert.Equal([("report", 3L)], (await Store.ListAsync("/", Token)).Select(entry => (entry.Name, entry.Length)));

        await using (IFileWriter writer = await OpenWriteAsync("/report", Append))
        {
            Assert.True(writer.IsResumed);
            Assert.Equal(5, writer.StartOffset);
            await writer.WriteAsync(5, Bytes(" second"), Token);
            Assert.Equal("old", await Store.ReadFileAsync("/report", Token));
            await writer.CommitAsync(Token);
        }

        Assert.Equal("first second", await Store.ReadFileAsync("/report", Token));
        Assert.Null(await FindPartialUploadAsync("/report"));
    }

    [Fact]
    public async Task A_partial_upload_is_resumed_from_any_offset_and_the_bytes_after_it_are_discarded()
    {
        await InterruptAsync("/report", Replace, "0123456789");
        await using (IFileWriter writer = await OpenWriteAsync("/report", WriteStart.FromOffset(4).WithUploader("ann")))
        {
            Assert.Equal(4, writer.StartOffset);
            await writer.WriteAsync(4, Bytes("x"), Token);
            await writer.CommitAsync(Token);
        }

        Assert.Equal("0123x", await Store.ReadFileAsync("/report", Token));
    }

    [Fact]
    public async Task An_offset_past_the_end_of_a_partial_upload_is_refused_and_keeps_it()
    {
        await InterruptAsync("/report", Replace, "0123");
        Assert.Equal(StoreError.BadOffset, await GetWriteErrorAsync("/report", WriteStart.FromOffset(5).WithUploader("ann")));
        Assert.Equal(4, (await FindPartialUploadAsync("/report"))?.Length);
    }

    [Fact]
    public async Task A_resumed_upload_that_writes_no_bytes_leaves_the_partial_upload_unchanged()
    {
        await InterruptAsync("/report", Replace, "0123");
        Assert.Equal(4, await InterruptAsync("/report", WriteStart.FromOffset(1).WithUploader("ann"), ""));
        Assert.Equal(4, (await FindPartialUploadAsync("/report"))?.Length);
    }

    [Fact]
    public async Task A_complete_partial_upload_can_be_committed_without_more_bytes()
    {
        await InterruptAsync("/report", Replace, "whole and more");
        await using (IFileWriter writer = await OpenWriteAsync("/report", WriteStart.FromOffset(5).WithUploader("ann")))
        {
            await writer.CommitAsync(Token);
        }

        Assert.Equal("whole", await Store.ReadFileAsync("/report", Token));
    }

    [Fact]
    public async Task An_upload_that_is_interrupted_repeatedly_is_complete_in_the_end()
    {
        byte[] bytes = RandomBytes(300_000);
        var random = new Random(7);
        int offset = 0;
        while (offset < bytes.Length)
        {
            int length = Math.Min(random.Next(1, 20_000), bytes.Length - offset);
            WriteStart start = Replace;
            if (offset > 0)
            {
                start = random.Next(2) == 0 ? Append : WriteStart.FromOffset(offset).WithUploader("ann");
            }

            await using IFileWriter writer = await OpenWriteAsync("/report", start);
            Assert.Equal(offset, writer.StartOffset);
            await writer.WriteAsync(offset, bytes.AsMemory(offset, length), Token);
            offset += length;
            await (offset == bytes.Length ? writer.CommitAsync(Token) : KeepAsync(writer));
        }

        Assert.Equal(bytes, await Store.ReadFileAsync(At("/report"), Token));
    }

    [Fact]
    public async Task A_new_upload_discards_the_partial_upload()
    {
        await InterruptAsync("/report", Replace, "first");
        await using (IFileWriter writer = await OpenWriteAsync("/report", Replace))
        {
            Assert.Equal((0, false), (writer.StartOffset, writer.IsResumed));
            Assert.Null(await FindPartialUploadAsync("/report"));
            await writer.WriteAsync(0, Bytes("new"), Token);
            await writer.CommitAsync(Token);
        }

        Assert.Equal("new", await Store.ReadFileAsync("/report", Token));
    }

    [Fact]
    public async Task A_write_without_an_uploader_does_not_affect_the_partial_upload()
    {
        await InterruptAsync("/report", Replace, "first");
        foreach (WriteStart start in new[] { WriteStart.Replace, WriteStart.Append })
        {
            await using IFileWriter writer = await OpenWriteAsync("/report", start);
            await writer.WriteAsync(writer.StartOffset, Bytes("copy"), Token);
            Assert.Null(start == WriteStart.Append ? await writer.KeepPartialUploadAsync(Token) : null);
            await (start == WriteStart.Append ? default : writer.CommitAsync(Token));
        }

        Assert.Equal("copy", await Store.ReadFileAsync("/report", Token));
        Assert.Equal(5, (await FindPartialUploadAsync("/report"))?.Length);
    }

    [Fact]
    public async Task An_interrupted_restart_keeps_the_copied_and_received_bytes()
    {
        await Store.WriteFileAsync("/log", "0123456789", Token);
        Assert.Equal(6, await InterruptAsync("/log", WriteStart.FromOffset(3).WithUploader("ann"), "xxx"));
        Assert.Equal(6, (await FindPartialUploadAsync("/log"))?.Length);
        await using (IFileWriter writer = await OpenWriteAsync("/log", Append))
        {
            await writer.WriteAsync(writer.StartOffset, Bytes("yy"), Token);
            await writer.CommitAsync(Token);
        }

        Assert.Equal("012xxxyy", await Store.ReadFileAsync("/log", Token));
    }

    [Theory]
    [InlineData(9, null)]
    [InlineData(10, 20L)]
    public async Task A_copy_of_the_committed_file_is_kept_only_if_it_received_as_many_new_bytes(int bytes, long? kept)
    {
        await Store.WriteFileAsync("/log", "0123456789", Token);
        Assert.Equal(kept, await InterruptAsync("/log", Append, new string('x', bytes)));
        Assert.Equal(kept, (await FindPartialUploadAsync("/log"))?.Length);
        Assert.Equal("0123456789", await Store.ReadFileAsync("/log", Token));
        await Store.DeleteFileAsync(At("/log"), "ann", Token);
        Assert.Empty(UnderTest.DirectoryOnDisk is { } folder ? Directory.GetFileSystemEntries(folder.Path) : []);
    }

    [Theory]
    [InlineData(false, 16 * 1024 * 1024 - 1, false)]
    [InlineData(false, 16 * 1024 * 1024, true)]
    [InlineData(true, 16 * 1024 * 1024 - 1, false)]
    [InlineData(true, 16 * 1024 * 1024, true)]
    public async Task A_copy_of_a_large_file_is_kept_if_it_received_16_MiB(bool isRestarted, int bytes, bool isKept)
    {
        const int CopiedBytes = 16 * 1024 * 1024 + 10;
        await Store.WriteFileAsync(At("/log"), new byte[CopiedBytes], Token);
        WriteStart start = isRestarted ? WriteStart.FromOffset(CopiedBytes).WithUploader("ann") : Append;
        await using (IFileWriter writer = await OpenWriteAsync("/log", start))
        {
            await writer.WriteAsync(CopiedBytes, new byte[bytes], Token);
            Assert.Equal(isKept ? (long?)CopiedBytes + bytes : null, await writer.KeepPartialUploadAsync(Token));
        }

        Assert.Equal(isKept ? (long?)CopiedBytes + bytes : null, (await FindPartialUploadAsync("/log"))?.Length);
    }

    [Fact]
    public async Task A_resumed_copy_is_kept_after_any_number_of_new_bytes()
    {
        await Store.WriteFileAsync("/log", "0123456789", Token);
        Assert.Equal(20, await InterruptAsync("/log", Append, "ten bytes."));
        Assert.Equal(21, await InterruptAsync("/log", Append, "1"));
        Assert.Equal(21, (await FindPartialUploadAsync("/log"))?.Length);
    }

    [Fact]
    public async Task An_upload_without_bytes_is_not_kept()
    {
        await Store.WriteFileAsync("/log", "0123456789", Token);
        Assert.Null(await InterruptAsync("/log", Append, ""));
        Assert.Null(await InterruptAsync("/new", Replace, ""));
        Assert.Null(await FindPartialUploadAsync("/log"));
        Assert.Null(await FindPartialUploadAsync("/new"));
    }

    [Fact]
    public async Task An_upload_that_is_disposed_without_being_kept_is_deleted()
    {
        await using (IFileWriter writer = await OpenWriteAsync("/report", Replace))
        {
            await writer.WriteAsync(0, Bytes("first"), Token);
        }

        Assert.Null(await FindPartialUploadAsync("/report"));
        await Store.CreateDirectoryAsync(At("/empty"), Token);
        await Store.DeleteDirectoryAsync(At("/empty"), Token);
    }

    [Fact]
    public async Task A_partial_upload_that_is_being_written_is_busy_and_not_reported()
    {
        await using IFileWriter writer = await OpenWriteAsync("/report", Replace);
        await writer.WriteAsync(0, Bytes("first"), Token);
        Assert.Null(await FindPartialUploadAsync("/report"));
        Assert.Equal(StoreError.Busy, await GetWriteErrorAsync("/report", Append));
        Assert.Equal(StoreError.Busy, await GetWriteErrorAsync("/report", WriteStart.FromOffset(1).WithUploader("ann")));
        Assert.Equal(0, await Store.SweepPartialUploadsAsync(DateTime.MaxValue, Token));
        await writer.CommitAsync(Token);
        Assert.Equal("first", await Store.ReadFileAsync("/report", Token));
    }

    [Fact]
    public async Task A_write_in_progress_without_an_uploader_is_not_swept()
    {
        await using IFileWriter writer = await Store.OpenWriteAsync(At("/copy"), WriteStart.Replace, Token);
        await writer.WriteAsync(0, Bytes("first"), Token);
        Assert.Equal(0, await Store.SweepPartialUploadsAsync(DateTime.MaxValue, Token));
        await writer.CommitAsync(Token);
        Assert.Equal("first", await Store.ReadFileAsync("/copy", Token));
    }

    [Fact]
    public async Task Of_two_interrupted_uploads_the_last_one_can_be_resumed()
    {
        await using IFileWriter first = await OpenWriteAsync("/report", Replace);
        await using IFileWriter second = await OpenWriteAsync("/report", Replace);
        await first.WriteAsync(0, Bytes("first"), Token);
        await second.WriteAsync(0, Bytes("second"), Token);
        Assert.Equal(5, await first.KeepPartialUploadAsync(Token));
        await first.DisposeAsync();
        Assert.Equal(6, await second.KeepPartialUploadAsync(Token));
        await second.DisposeAsync();
        Assert.Equal(6, (await FindPartialUploadAsync("/report"))?.Length);
    }

    [Fact]
    public async Task An_interrupted_upload_does_not_replace_one_in_progress()
    {
        await using IFileWriter first = await OpenWriteAsync("/report", Replace);
        await using (IFileWriter second = await OpenWriteAsync("/report", Replace))
        {
            await second.WriteAsync(0, Bytes("second"), Token);
            Assert.Null(await second.KeepPartialUploadAsync(Token));
        }

        await first.WriteAsync(0, Bytes("first"), Token);
        await first.CommitAsync(Token);
        Assert.Equal("first", await Store.ReadFileAsync("/report", Token));
        Assert.Null(await FindPartialUploadAsync("/report"));
    }

    [Fact]
    public async Task A_partial_upload_belongs_to_its_uploader()
    {
        await InterruptAsync("/report", Replace, "first");
        WriteStart appendByBob = WriteStart.Append.WithUploader("bob");
        Assert.Null(await Store.GetPartialUploadAsync(At("/report"), "bob", Token));
        Assert.False(await Store.DiscardPartialUploadAsync(At("/report"), "bob", Token));
        await using (IFileWriter writer = await OpenWriteAsync("/report", appendByBob))
        {
            Assert.Equal((0, false), (writer.StartOffset, writer.IsResumed));
            await writer.WriteAsync(0, Bytes("bob's"), Token);
            await writer.KeepPartialUploadAsync(Token);
        }

        Assert.Equal(
            (5, 5),
            ((await FindPartialUploadAsync("/report"))?.Length, (await Store.GetPartialUploadAsync(At("/report"), "bob", Token))?.Length));
        await using IFileWriter resumed = await OpenWriteAsync("/report", Append);
        await resumed.CommitAsync(Token);
        Assert.Equal("first", await Store.ReadFileAsync("/report", Token));
    }

    [Fact]
    public async Task A_discarded_partial_upload_no_longer_exists()
    {
        await Store.WriteFileAsync("/report", "old", Token);
        foreach (WriteStart start in new[] { Replace, Append })
        {
            await InterruptAsync("/report", start, "new");
            Assert.True(await Store.DiscardPartialUploadAsync(At("/report"), "ann", Token));
            Assert.Null(await FindPartialUploadAsync("/report"));
            Assert.False(await Store.DiscardPartialUploadAsync(At("/report"), "ann", Token));
        }

        Assert.Equal("old", await Store.ReadFileAsync("/report", Token));
    }

    [Fact]
    public async Task An_interrupted_append_is_not_resumed_on_a_changed_file()
    {
        // Two uploads append to one log. Resuming the first on the old content would undo what the second added.
        await Store.WriteFileAsync("/log", "one ", Token);
        await InterruptAsync("/log", Append, "two and more");
        await using (IFileWriter bobsWriter = await OpenWriteAsync("/log", WriteStart.Append.WithUploader("bob")))
        {
            await bobsWriter.WriteAsync(bobsWriter.StartOffset, Bytes("three "), Token);
            await bobsWriter.CommitAsync(Token);
        }

        Assert.Null(await FindPartialUploadAsync("/log"));
        await using IFileWriter writer = await OpenWriteAsync("/log", Append);
        await writer.WriteAsync(writer.StartOffset, Bytes("four"), Token);
        await writer.CommitAsync(Token);
        Assert.Equal("one three four", await Store.ReadFileAsync("/log", Token));
    }

    [Fact]
    public async Task A_directory_with_partial_uploads_is_empty_unless_an_upload_is_in_progress()
    {
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        await InterruptAsync("/folder/report", Replace, "first");
        await using (IFileWriter writer = await OpenWriteAsync("/folder/other", Replace))
        {
            Assert.Equal(StoreError.NotEmpty, await GetStoreErrorAsync(async () => await Store.DeleteDirectoryAsync(At("/folder"), Token)));
        }

        await Store.DeleteDirectoryAsync(At("/folder"), Token);
        Assert.Null(await GetKindAsync("/folder"));
    }

    [Fact]
    public async Task A_partial_upload_follows_its_renamed_directory()
    {
        await Store.CreateDirectoryAsync(At("/folder"), Token);
        await InterruptAsync("/folder/report", Replace, "first");
        await Store.RenameAsync(At("/folder"), At("/moved"), replace: false, Token);
        Assert.Null(await FindPartialUploadAsync("/folder/report"));
        Assert.Equal(5, (await FindPartialUploadAsync("/moved/report"))?.Length);
    }

    [Fact]
    public async Task A_sweep_deletes_older_partial_uploads_in_the_whole_tree()
    {
        await Store.CreateDirectoryAsync(At("/a"), Token);
        await Store.CreateDirectoryAsync(At("/a/b"), Token);
        await Store.WriteFileAsync("/a/b/file", "stays", Token);
        await InterruptAsync("/a/b/report", Replace, "first");
        await InterruptAsync("/other", Replace, "second");
        Assert.Equal(0, await Store.SweepPartialUploadsAsync(DateTime.UtcNow.AddMinutes(-1), Token));
        Assert.Equal(5, (await FindPartialUploadAsync("/a/b/report"))?.Length);
        Assert.Equal(2, await Store.SweepPartialUploadsAsync(DateTime.UtcNow.AddMinutes(1), Token));
        Assert.Null(await FindPartialUploadAsync("/a/b/report"));
        Assert.Null(await FindPartialUploadAsync("/other"));
        Assert.Equal("stays", await Store.ReadFileAsync("/a/b/file", Token));
    }

    [Fact]
    public async Task A_partial_upload_of_a_new_file_is_resumed_as_a_new_file()
    {
        WriteStart create = WriteStart.Create.WithUploader("ann"), resume = Append with { IsCreateOnly = true };
        await InterruptAsync("/report", create, "first");
        await using (IFileWriter writer = await OpenWriteAsync("/report", resume))
        {
            await writer.WriteAsync(5, Bytes(" second"), Token);
            await writer.CommitAsync(Token);
        }

        Assert.Equal("first second", await Store.ReadFileAsync("/report", Token));
        Assert.Equal(StoreError.Exists, await GetWriteErrorAsync("/report", resume));
    }

    [Fact]
    public async Task Many_simultaneous_uploads_and_resumptions_commit_only_complete_files()
    {
        await Parallel.ForAsync(0, 200, Token, async (number, token) =>
        {
            string marker = $"<{number}>";
            try
            {
                await using IFileWriter writer = await Store.OpenWriteAsync(At("/report"), number % 2 == 0 ? Replace : Append, token);
                await writer.WriteAsync(writer.StartOffset, Bytes(marker), token);
                await (number % 3 == 0 ? KeepAsync(writer) : writer.CommitAsync(token));
            }
            catch (StoreException e) when (e.Error == StoreError.Busy)
            {
                // Another upload was writing the partial upload.
            }
        });
        Assert.Matches("^(<[0-9]+>)+$", await Store.ReadFileAsync("/report", Token));
        await Store.SweepPartialUploadsAsync(DateTime.MaxValue, Token);
        await Store.DeleteFileAsync(At("/report"), Token);
        Assert.Empty(UnderTest.DirectoryOnDisk is { } folder ? Directory.GetFileSystemEntries(folder.Path) : []);
    }

    private async Task<PartialUpload?> FindPartialUploadAsync(string path) => await Store.GetPartialUploadAsync(At(path), "ann", Token);

    private async Task<long?> InterruptAsync(string path, WriteStart start, string text)
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
