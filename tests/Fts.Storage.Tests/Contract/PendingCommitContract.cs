using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Contract;

/// <summary>The prediction of a commit (<see cref="IFileWriter.GetPendingCommitAsync"/>), and entries of links.</summary>
public abstract class PendingCommitContract(Func<StoreUnderTest> create) : FileStoreContract(create)
{
    /// <summary>The length of the old file or null, the restart offset or null for an append, and the number of written bytes.</summary>
    public static TheoryData<int?, int?, int> Uploads => new()
    {
        { null, 0, 7 }, { null, 0, 0 }, { null, null, 7 }, { 10, 0, 7 }, { 10, 0, 20 }, { 10, 0, 0 }, { 10, null, 7 }, { 10, null, 0 },
        { 10, 4, 3 }, { 10, 4, 20 }, { 10, 4, 0 }, { 10, 10, 7 }, { 0, null, 7 }, { 0, 0, 7 },
    };

    [Theory]
    [MemberData(nameof(Uploads))]
    public async Task The_predicted_commit_is_what_the_commit_does(int? oldLength, int? offset, int written)
    {
        FileEntry? old = null;
        if (oldLength is { } length)
        {
            await Store.WriteFileAsync("/a", new string('o', length), Token);
            old = await Store.GetEntryAsync(At("/a"), Token);
        }

        await using IFileWriter writer = await OpenWriteAsync(
            "/a", (offset is { } from ? WriteStart.FromOffset(from) : WriteStart.Append).WithUploader("ann"));
        if (written > 0)
        {
            await writer.WriteAsync(writer.StartOffset, new byte[written], Token);
        }

        PendingCommit pending = (await writer.GetPendingCommitAsync(Token))!.Value;
        Assert.Equal((old?.Length, old?.Id), (pending.Existing?.Length, pending.Existing?.Id));
        Assert.Equal("a", pending.Name);
        Assert.Equal((await Store.GetEntryAsync(StorePath.Root, Token))!.Value.Id, pending.DirectoryId);
        await writer.CommitAsync(Token);
        FileEntry committed = (await Store.GetEntryAsync(At("/a"), Token))!.Value;
        Assert.Equal(committed.Length, pending.Length);
        Assert.True(pending.FileId == committed.Id || pending.FileId == 0);
    }

    [Theory]
    [InlineData(null, 0)]
    [InlineData(10, 0)]
    [InlineData(null, null)]
    [InlineData(10, null)]
    [InlineData(10, 4)]
    [InlineData(10, 10)]
    public async Task A_prediction_that_is_independent_of_the_file_stays_the_same_if_another_upload_replaces_it(int? oldLength, int? offset)
    {
        if (oldLength is { } length)
        {
            await Store.WriteFileAsync("/a", new string('o', length), Token);
        }

        await using IFileWriter writer = await OpenWriteAsync(
            "/a", offset is { } from ? WriteStart.FromOffset(from) : WriteStart.Append);
        await writer.WriteAsync(writer.StartOffset, new byte[3], Token);
        PendingCommit before = (await writer.GetPendingCommitAsync(Token))!.Value;
        await Store.WriteFileAsync("/a", new string('n', 25), Token);
        PendingCommit after = (await writer.GetPendingCommitAsync(Token))!.Value;
        if (before.IsIndependentOfExisting)
        {
            Assert.Equal((before.FileId, before.Length), (after.FileId, after.Length));
        }

    }

    [Fact]
    public async Task A_prediction_takes_changes_of_the_file_during_the_upload_into_account()
    {
        await Store.WriteFileAsync("/a", "0123456789", Token);
        await using IFileWriter append = await OpenWriteAsync("/a", WriteStart.Append);
        await append.WriteAsync(append.StartOffset, new byte[5], Token);
        await using (IFileWriter other = await OpenWriteAsync("/a", WriteStart.Append))
        {
            await other.WriteAsync(other.StartOffset, new byte[3], Token);
            await other.CommitAsync(Token);
        }

        Assert.Equal(18, (await append.GetPendingCommitAsync(Token))!.Value.Length);
        await Store.DeleteFileAsync(At("/a"), Token);
        PendingCommit pending = (await append.GetPendingCommitAsync(Token))!.Value;
        Assert.Equal((5L, null), (pending.Length, pending.Existing));
        await append.CommitAsync(Token);
        Assert.Equal(5, (await Store.GetEntryAsync(At("/a"), Token))!.Value.Length);
    }

    [Fact]
    public async Task A_resumed_upload_counts_only_the_bytes_before_its_offset_until_it_is_written()
    {
        WriteStart start = WriteStart.Replace.WithUploader("ann");
        await using (IFileWriter interrupted = await OpenWriteAsync("/a", start))
        {
            await interrupted.WriteAsync(0, new byte[100], Token);
            Assert.Equal(100, await interrupted.KeepPartialUploadAsync(Token));
        }

        await using IFileWriter resumed = await OpenWriteAsync("/a", WriteStart.FromOffset(40).WithUploader("ann"));
        Assert.Equal(40, (await resumed.GetPendingCommitAsync(Token))!.Value.Length);
        await resumed.WriteAsync(40, new byte[5], Token);
        Assert.Equal(45, (await resumed.GetPendingCommitAsync(Token))!.Value.Length);
        await resumed.CommitAsync(Token);
        Assert.Equal(45, (await Store.GetEntryAsync(At("/a"), Token))!.Value.Length);
    }

    [Fact]
    public async Task An_entry_that_is_not_a_link_is_the_same_if_links_are_not_followed()
    {
        await Store.WriteFileAsync("/a", "0123", Token);
        await Store.CreateDirectoryAsync(At("/d"), Token);
        foreach (string path in (string[])["/", "/a", "/d", "/missing", "/a/x", "/missing/x"])
        {
            Assert.Equal(await Store.GetEntryAsync(At(path), Token), await Store.GetUnfollowedEntryAsync(At(path), Token));
        }
    }

    [Fact]
    public async Task A_link_is_returned_itself_if_links_are_not_followed()
    {
        await Store.WriteFileAsync("/a", "0123", Token);
        try
        {
            await Store.CreateLinkAsync(At("/link"), At("/a"), Token);
        }
        catch (StoreException e) when (e.Error == StoreError.NotSupported)
        {
            Assert.Skip("The store has no links.");
        }

        FileEntry link = (await Store.GetUnfollowedEntryAsync(At("/link"), Token))!.Value;
        Assert.Equal(("link", EntryKind.Other, 0L, true), (link.Name, link.Kind, link.Length, link.IsLink));
        Assert.NotEqual((await Store.GetEntryAsync(At("/link"), Token))!.Value.Id, link.Id);
    }
}

public sealed class KernelPendingCommit() : PendingCommitContract(StoreUnderTest.Kernel);

public sealed class PortablePendingCommit() : PendingCommitContract(StoreUnderTest.Portable);

public sealed class MemoryPendingCommit() : PendingCommitContract(StoreUnderTest.InMemory);

public sealed class DurableKernelPendingCommit() : PendingCommitContract(StoreUnderTest.DurableKernel);
