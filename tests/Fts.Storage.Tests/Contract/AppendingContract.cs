using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Contract;

/// <summary>Uploads that begin at the end of a committed file, and other changes of that file before their commit.</summary>
public abstract class AppendingContract(Func<StoreUnderTest> create) : FileStoreContract(create)
{
    private static readonly WriteStart Append = WriteStart.Append.WithUploader("ann");

    [Theory]
    [InlineData(null, "")]
    [InlineData("", "")]
    [InlineData("old ", "old ")]
    public async Task Two_simultaneous_appends_are_both_applied_in_the_order_of_their_commits(string? old, string expected)
    {
        await WriteIfNotNullAsync(old);
        await using IFileWriter first = await OpenWriteAsync("/log", WriteStart.Append);
        await using IFileWriter second = await OpenWriteAsync("/log", WriteStart.Append);
        await first.WriteAsync(first.StartOffset, Bytes("first "), Token);
        await second.WriteAsync(second.StartOffset, Bytes("second "), Token);
        await second.CommitAsync(Token);
        Assert.Equal(expected + "second ", await Store.ReadFileAsync("/log", Token));
        await first.CommitAsync(Token);
        Assert.Equal(expected + "second first ", await Store.ReadFileAsync("/log", Token));
        AssertNoStagingFile();
    }

    [Fact]
    public async Task Many_simultaneous_appends_are_all_applied_whole()
    {
        string[] lines = [.. Enumerable.Range(100, 64).Select(number => new string((char)('a' + (number % 26)), 5_000) + number)];
        await Parallel.ForEachAsync(lines, Token, async (line, token) =>
        {
            await using IFileWriter writer = await Store.OpenWriteAsync(At("/log"), WriteStart.Append, token);
            await writer.WriteAsync(writer.StartOffset, Bytes(line), token);
            await writer.CommitAsync(token);
        });
        string content = await Store.ReadFileAsync("/log", Token);
        Assert.Equal(lines.Order(StringComparer.Ordinal), content.Chunk(5_003).Select(line => new string(line)).Order(StringComparer.Ordinal));
        AssertNoStagingFile();
    }

    [Theory]
    [InlineData("replaced", "replaced and more")]
    [InlineData("a replacement that is longer", "a replacement that is longer and more")]
    [InlineData("", " and more")]
    [InlineData(null, " and more")]
    public async Task An_append_is_applied_to_the_file_that_exists_at_the_commit(string? replacement, string expected)
    {
        await Store.WriteFileAsync("/log", "the old file", Token);
        await using IFileWriter writer = await OpenWriteAsync("/log", Append);
        await writer.WriteAsync(writer.StartOffset, Bytes(" and more"), Token);
        await Store.DeleteFileAsync(At("/log"), Token);
        await WriteIfNotNullAsync(replacement);
        await writer.CommitAsync(Token);
        Assert.Equal(expected, await Store.ReadFileAsync("/log", Token));
        AssertNoStagingFile();
    }

    [Theory]
    [InlineData("0123456789")]
    [InlineData("012345678901")]
    [InlineData("01234567")]
    [InlineData(null)]
    public async Task An_upload_from_the_offset_of_the_end_is_refused_if_the_file_was_replaced(string? replacement)
    {
        await Store.WriteFileAsync("/log", "0123456789", Token);
        await using (IFileWriter writer = await OpenWriteAsync("/log", WriteStart.FromOffset(10).WithUploader("ann")))
        {
            await writer.WriteAsync(10, Bytes("more"), Token);
            await (replacement is null ? Store.DeleteFileAsync(At("/log"), Token).AsTask() : WriteIfNotNullAsync(replacement));
            Assert.Equal(StoreError.Busy, await GetStoreErrorAsync(async () => await writer.CommitAsync(Token)));
        }

        Assert.Equal(replacement, await GetKindAsync("/log") is null ? null : await Store.ReadFileAsync("/log", Token));
        AssertNoStagingFile();
    }

    [Fact]
    public async Task Of_two_uploads_from_the_offset_of_the_end_the_second_is_refused()
    {
        await Store.WriteFileAsync("/log", "0123", Token);
        await using (IFileWriter first = await OpenWriteAsync("/log", WriteStart.FromOffset(4)))
        {
            await using IFileWriter second = await OpenWriteAsync("/log", WriteStart.FromOffset(4));
            await first.WriteAsync(4, Bytes("first"), Token);
            await second.WriteAsync(4, Bytes("second"), Token);
            await second.CommitAsync(Token);
            Assert.Equal(StoreError.Busy, await GetStoreErrorAsync(async () => await first.CommitAsync(Token)));
        }

        Assert.Equal("0123second", await Store.ReadFileAsync("/log", Token));
        AssertNoStagingFile();
    }

    [Fact]
    public async Task An_append_to_a_missing_file_that_must_be_new_is_refused_if_it_exists_at_the_commit()
    {
        await using IFileWriter writer = await OpenWriteAsync("/log", WriteStart.Append with { IsCreateOnly = true });
        await writer.WriteAsync(0, Bytes("mine"), Token);
        await Store.WriteFileAsync("/log", "theirs", Token);
        Assert.Equal(StoreError.Exists, await GetStoreErrorAsync(async () => await writer.CommitAsync(Token)));
        Assert.Equal("theirs", await Store.ReadFileAsync("/log", Token));
    }

    [Fact]
    public async Task An_upload_whose_file_must_exist_is_refused_if_the_file_is_missing_at_the_commit()
    {
        foreach (WriteStart start in new[] { WriteStart.Replace, WriteStart.Append })
        {
            await Store.WriteFileAsync("/log", "old", Token);
            await using IFileWriter writer = await OpenWriteAsync("/log", start with { MustExist = true });
            await writer.WriteAsync(writer.StartOffset, Bytes("new"), Token);
            await Store.DeleteFileAsync(At("/log"), Token);
            Assert.Equal(StoreError.NotFound, await GetStoreErrorAsync(async () => await writer.CommitAsync(Token)));
            Assert.Null(await GetKindAsync("/log"));
        }
    }

    [Fact]
    public async Task An_upload_whose_file_must_exist_is_committed_if_the_file_exists()
    {
        await Store.WriteFileAsync("/log", "old", Token);
        await using (IFileWriter writer = await OpenWriteAsync("/log", WriteStart.Append with { MustExist = true }))
        {
            await writer.WriteAsync(3, Bytes(" new"), Token);
            await writer.CommitAsync(Token);
        }

        await using IFileWriter second = await OpenWriteAsync("/log", WriteStart.Replace with { MustExist = true });
        await second.WriteAsync(0, Bytes("newest"), Token);
        Assert.Equal("old new", await Store.ReadFileAsync("/log", Token));
        await second.CommitAsync(Token);
        Assert.Equal("newest", await Store.ReadFileAsync("/log", Token));
    }

    [Fact]
    public async Task An_upload_that_must_keep_the_bytes_of_the_file_appends_but_does_not_replace()
    {
        await Store.WriteFileAsync("/log", "0123", Token);
        foreach (WriteStart start in new[] { WriteStart.Replace, WriteStart.FromOffset(2) })
        {
            await using IFileWriter writer = await OpenWriteAsync("/log", start with { MustKeepExistingBytes = true });
            await writer.WriteAsync(start.Offset!.Value, Bytes("x"), Token);
            Assert.Equal(StoreError.Exists, await GetStoreErrorAsync(async () => await writer.CommitAsync(Token)));
        }

        foreach (WriteStart start in new[] { WriteStart.FromOffset(4), WriteStart.Append })
        {
            await using IFileWriter writer = await OpenWriteAsync("/log", start with { MustKeepExistingBytes = true });
            await writer.WriteAsync(writer.StartOffset, Bytes("4"), Token);
            await writer.CommitAsync(Token);
        }

        Assert.Equal("012344", await Store.ReadFileAsync("/log", Token));
    }

    [Fact]
    public async Task An_append_that_must_keep_the_bytes_of_the_file_is_appended_to_a_file_created_meanwhile()
    {
        await using IFileWriter writer = await OpenWriteAsync("/log", WriteStart.Append with { MustKeepExistingBytes = true });
        await writer.WriteAsync(0, Bytes("mine"), Token);
        await Store.WriteFileAsync("/log", "theirs ", Token);
        await writer.CommitAsync(Token);
        Assert.Equal("theirs mine", await Store.ReadFileAsync("/log", Token));
    }

    [Fact]
    public async Task An_append_is_refused_if_a_directory_has_replaced_the_file()
    {
        await Store.WriteFileAsync("/log", "old", Token);
        await using IFileWriter writer = await OpenWriteAsync("/log", WriteStart.Append);
        await writer.WriteAsync(3, Bytes("new"), Token);
        await Store.DeleteFileAsync(At("/log"), Token);
        await Store.CreateDirectoryAsync(At("/log"), Token);
        Assert.Equal(StoreError.NotAFile, await GetStoreErrorAsync(async () => await writer.CommitAsync(Token)));
    }

    [Fact]
    public async Task An_append_keeps_the_file_and_its_mode_and_sets_its_time()
    {
        var date = new DateTime(2024, 2, 29, 12, 34, 56, DateTimeKind.Utc);
        await Store.WriteFileAsync("/log", "old ", Token);
        const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        await Store.SetMetadataAsync(At("/log"), new FileMetadata(date, Mode), Token);
        FileEntry before = Assert.NotNull(await Store.GetEntryAsync(At("/log"), Token));
        await using (IFileReader reader = await Store.OpenReadAsync(At("/log"), Token))
        {
            await AppendAndCommitAsync(WriteStart.Append, "new");
            Assert.Equal(4, reader.Length);
        }

        FileEntry after = Assert.NotNull(await Store.GetEntryAsync(At("/log"), Token));
        Assert.Equal((before.Id, Mode, 7L), (after.Id, after.UnixMode, after.Length));
        Assert.InRange(after.LastModified, DateTime.UtcNow.AddMinutes(-1), DateTime.UtcNow.AddMinutes(1));
    }

    [Fact]
    public async Task An_append_without_bytes_changes_nothing()
    {
        await Store.WriteFileAsync("/log", "old", Token);
        FileEntry before = Assert.NotNull(await Store.GetEntryAsync(At("/log"), Token));
        await AppendAndCommitAsync(WriteStart.Append, "");
        Assert.Equal(before, await Store.GetEntryAsync(At("/log"), Token));
        AssertNoStagingFile();
    }

    [Fact]
    public async Task An_append_cannot_write_before_the_end_of_the_file()
    {
        await Store.WriteFileAsync("/log", "0123", Token);
        await using IFileWriter writer = await OpenWriteAsync("/log", WriteStart.Append);
        Assert.Equal(4, writer.HandleOffset);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await writer.WriteAsync(3, Bytes("x"), Token));
    }

    [Theory]
    [InlineData(10, "0123456789new")]
    [InlineData(12, "0123456789abnew")]
    [InlineData(20, "0123456789abcdefghijnew")]
    [InlineData(3, "012new")]
    public async Task An_interrupted_append_is_resumed_from_any_offset_and_the_bytes_after_it_are_discarded(int offset, string expected)
    {
        await InterruptAsync(Append);
        await using (IFileWriter writer = await OpenWriteAsync("/log", WriteStart.FromOffset(offset).WithUploader("ann")))
        {
            Assert.Equal((offset, true), (writer.StartOffset, writer.IsResumed));
            await writer.WriteAsync(offset, Bytes("new"), Token);
            await writer.CommitAsync(Token);
        }

        Assert.Equal(expected, await Store.ReadFileAsync("/log", Token));
        AssertNoStagingFile();
    }

    [Theory]
    [InlineData(10)]
    [InlineData(3)]
    [InlineData(19)]
    public async Task An_interrupted_append_that_is_resumed_without_new_bytes_is_unchanged(int offset)
    {
        await InterruptAsync(WriteStart.FromOffset(10).WithUploader("ann"));
        await using (IFileWriter writer = await OpenWriteAsync("/log", WriteStart.FromOffset(offset).WithUploader("ann")))
        {
            Assert.Equal(20, await writer.KeepPartialUploadAsync(Token));
        }

        Assert.Equal(20, (await Store.GetPartialUploadAsync(At("/log"), "ann", Token))?.Length);
        await AppendAndCommitAsync(Append, "!");
        Assert.Equal("0123456789abcdefghij!", await Store.ReadFileAsync("/log", Token));
        AssertNoStagingFile();
    }

    [Fact]
    public async Task A_new_upload_discards_an_interrupted_append()
    {
        await InterruptAsync(Append);
        await using IFileWriter writer = await OpenWriteAsync("/log", WriteStart.Replace.WithUploader("ann"));
        await writer.CommitAsync(Token);
        Assert.Equal("", await Store.ReadFileAsync("/log", Token));
        AssertNoStagingFile();
    }

    [Fact]
    public async Task A_resumed_append_is_refused_if_the_client_sent_the_offset_and_the_file_has_grown()
    {
        await InterruptAsync(Append);
        await using (IFileWriter resumed = await OpenWriteAsync("/log", WriteStart.FromOffset(20).WithUploader("ann")))
        {
            await AppendAndCommitAsync(WriteStart.Append, "bob's");
            Assert.Equal(StoreError.Busy, await GetStoreErrorAsync(async () => await resumed.CommitAsync(Token)));
        }

        Assert.Equal("0123456789bob's", await Store.ReadFileAsync("/log", Token));
        AssertNoStagingFile();
    }

    private async Task InterruptAsync(WriteStart start)
    {
        await Store.WriteFileAsync("/log", "0123456789", Token);
        await using IFileWriter writer = await OpenWriteAsync("/log", start);
        await writer.WriteAsync(writer.StartOffset, Bytes("abcdefghij"), Token);
        Assert.Equal(20, await writer.KeepPartialUploadAsync(Token));
    }

    private async Task AppendAndCommitAsync(WriteStart start, string text)
    {
        await using IFileWriter writer = await OpenWriteAsync("/log", start);
        await writer.WriteAsync(writer.StartOffset, Bytes(text), Token);
        await writer.CommitAsync(Token);
    }

    private Task WriteIfNotNullAsync(string? text) => text is null ? Task.CompletedTask : Store.WriteFileAsync("/log", text, Token);

    private void AssertNoStagingFile() => Assert.DoesNotContain(
        UnderTest.DirectoryOnDisk is { } folder ? Directory.GetFileSystemEntries(folder.Path) : [],
        path => Path.GetFileName(path) != "log");
}
