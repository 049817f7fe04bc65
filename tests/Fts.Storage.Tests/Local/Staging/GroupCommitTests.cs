using System.Collections.Concurrent;
using Fts.Storage.Local.Staging;
using Fts.Storage.Workers;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Tests.Local.Staging;

/// <summary>The order of flushes and renames, and the sharing of flushes.</summary>
public sealed class GroupCommitTests
{
    private readonly ConcurrentQueue<string> _steps = new();

    [Fact]
    public async Task The_content_is_flushed_before_the_rename_and_the_directory_last()
    {
        await new GroupCommit(new StoreWorkers()).CommitAsync(new RecordedFile("a", _steps));
        Assert.Equal(["begin a", "flush a", "commit a", "directory 1"], _steps);
    }

    [Fact]
    public async Task Commits_during_a_flush_share_the_next_one()
    {
        var commits = new GroupCommit(new StoreWorkers());
        using var first = new RecordedFile("first", _steps) { FlushGate = new ManualResetEventSlim() };
        Task leading = commits.CommitAsync(first);
        await first.IsFlushing.Task;
        RecordedFile[] followers =
            [.. Enumerable.Range(0, 50).Select(number => new RecordedFile($"{number}", _steps, directoryId: number % 2 == 0 ? 1u : 2u))];
        Task following = Task.WhenAll(followers.Select(commits.CommitAsync));
        Assert.False(following.IsCompleted);
        first.FlushGate.Set();
        await leading;
        await following;
        Assert.Equal(51, _steps.Count(step => step.StartsWith("flush", StringComparison.Ordinal)));
        Assert.Equal(
            ["directory 1", "directory 1", "directory 2"],
            _steps.Where(step => step.StartsWith("directory", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_file_whose_flush_fails_is_not_renamed_but_the_others_are()
    {
        var commits = new GroupCommit(new StoreWorkers());
        using var first = new RecordedFile("first", _steps) { FlushGate = new ManualResetEventSlim() };
        Task leading = commits.CommitAsync(first);
        await first.IsFlushing.Task;
        Task bad = commits.CommitAsync(new RecordedFile("bad", _steps) { FlushFailure = new StoreException("The disk is broken.") });
        Task good = commits.CommitAsync(new RecordedFile("good", _steps));
        first.FlushGate.Set();
        await leading;
        await good;
        await Assert.ThrowsAsync<StoreException>(() => bad);
        Assert.DoesNotContain("commit bad", _steps);
        Assert.Contains("commit good", _steps);
    }

    [Fact]
    public async Task A_failed_directory_flush_fails_all_commits_in_that_directory()
    {
        var commits = new GroupCommit(new StoreWorkers());
        using var first = new RecordedFile("first", _steps) { FlushGate = new ManualResetEventSlim() };
        Task leading = commits.CommitAsync(first);
        await first.IsFlushing.Task;
        Task[] lost = [.. Enumerable.Range(0, 3).Select(number => commits.CommitAsync(
            new RecordedFile($"{number}", _steps, 2) { DirectoryFlushFailure = new StoreException("The disk is broken.") }))];
        first.FlushGate.Set();
        await leading;
        foreach (Task one in lost)
        {
            await Assert.ThrowsAsync<StoreException>(() => one);
        }
    }

    private sealed class RecordedFile(string name, ConcurrentQueue<string> steps, uint directoryId = 1) : IStagingFile
    {
        public ManualResetEventSlim? FlushGate { get; init; }

        public TaskCompletionSource IsFlushing { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Exception? FlushFailure { get; init; }

        public Exception? DirectoryFlushFailure { get; init; }

        public SafeFileHandle Handle => throw new NotSupportedException();

        public long? CommittedLength => null;

        public long? ResumedLength => null;

        public string? PartialUploadName => null;

        public string DirectoryPath => ".";

        public ulong DirectoryId => directoryId;

        public ulong Id => 0;

        public string TargetName => "file";

        public FileEntry? GetTargetEntry() => null;

        public SafeFileHandle? OpenCommitted() => null;

        public void BeginFlush() => steps.Enqueue($"begin {name}");

        public void Flush()
        {
            IsFlushing.TrySetResult();
            Assert.True(FlushGate?.Wait(TimeSpan.FromSeconds(30)) ?? true);
            steps.Enqueue($"flush {name}");
            ThrowIf(FlushFailure);
        }

        public void FlushDirectory()
        {
            steps.Enqueue($"directory {directoryId}");
            ThrowIf(DirectoryFlushFailure);
        }

        public void RenameToPartialUploadName()
        {
        }

        public void Commit(bool isDurable)
        {
            Assert.True(isDurable);
            steps.Enqueue($"commit {name}");
        }

        public bool TryKeepAsPartialUpload() => false;

        public void UndoKeep() => throw new NotSupportedException();

        public void Dispose() => FlushGate?.Dispose();

        private static void ThrowIf(Exception? failure)
        {
            if (failure is not null)
            {
                throw failure;
            }
        }
    }
}
