using Fts.Storage;
using Microsoft.Win32.SafeHandles;

namespace Fts.Accounts.Tests.Recording;

/// <summary>A store whose commits and deletions are interrupted by a kill, which is a callback and an exception.</summary>
/// <param name="inner">The real store.</param>
/// <param name="isAfter">Whether the kill happens after the operation, or before it.</param>
/// <param name="kill">Called at the moment of the kill.</param>
internal sealed class KillingStore(IFileStore inner, bool isAfter, Action kill) : IFileStore
{
    public ValueTask<FileEntry?> GetEntryAsync(StorePath path, CancellationToken cancellationToken) =>
        inner.GetEntryAsync(path, cancellationToken);

    public ValueTask<FileEntry?> GetUnfollowedEntryAsync(StorePath path, CancellationToken cancellationToken) =>
        inner.GetUnfollowedEntryAsync(path, cancellationToken);

    public ValueTask<IAsyncEnumerable<FileEntry>> ListAsync(StorePath directory, CancellationToken cancellationToken) =>
        inner.ListAsync(directory, cancellationToken);

    public ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken) =>
        inner.OpenReadAsync(path, cancellationToken);

    public async ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken) =>
        new KillingWriter(await inner.OpenWriteAsync(path, start, cancellationToken), RunAsync);

    public ValueTask<PartialUpload?> GetPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken) =>
        inner.GetPartialUploadAsync(path, uploader, cancellationToken);

    public ValueTask<bool> DiscardPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken) =>
        inner.DiscardPartialUploadAsync(path, uploader, cancellationToken);

    public ValueTask<int> SweepPartialUploadsAsync(DateTime before, CancellationToken cancellationToken) =>
        inner.SweepPartialUploadsAsync(before, cancellationToken);

    public ValueTask CreateDirectoryAsync(StorePath path, CancellationToken cancellationToken) =>
        RunAsync(() => inner.CreateDirectoryAsync(path, cancellationToken));

    public ValueTask DeleteFileAsync(StorePath path, CancellationToken cancellationToken) =>
        RunAsync(() => inner.DeleteFileAsync(path, cancellationToken));

    public ValueTask DeleteDirectoryAsync(StorePath path, CancellationToken cancellationToken) =>
        RunAsync(() => inner.DeleteDirectoryAsync(path, cancellationToken));

    public ValueTask RenameAsync(StorePath source, StorePath target, bool replace, CancellationToken cancellationToken) =>
        RunAsync(() => inner.RenameAsync(source, target, replace, cancellationToken));

    public ValueTask CreateLinkAsync(StorePath path, StorePath target, CancellationToken cancellationToken) =>
        RunAsync(() => inner.CreateLinkAsync(path, target, cancellationToken));

    public ValueTask SetMetadataAsync(StorePath path, FileMetadata metadata, CancellationToken cancellationToken) =>
        inner.SetMetadataAsync(path, metadata, cancellationToken);

    public ValueTask<long?> GetFreeSpaceAsync(StorePath directory, CancellationToken cancellationToken) =>
        inner.GetFreeSpaceAsync(directory, cancellationToken);

    private async ValueTask RunAsync(Func<ValueTask> operation)
    {
        if (isAfter)
        {
            await operation();
        }

        kill();
        throw new InvalidOperationException("The process was killed.");
    }

    private sealed class KillingWriter(IFileWriter writer, Func<Func<ValueTask>, ValueTask> run) : IFileWriter
    {
        public long StartOffset => writer.StartOffset;

        public bool IsResumed => writer.IsResumed;

        public SafeFileHandle? Handle => writer.Handle;

        public long HandleOffset => writer.HandleOffset;

        public ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            writer.WriteAsync(offset, bytes, cancellationToken);

        public ValueTask<PendingCommit?> GetPendingCommitAsync(CancellationToken cancellationToken) =>
            writer.GetPendingCommitAsync(cancellationToken);

        public ValueTask CommitAsync(CancellationToken cancellationToken) => run(() => writer.CommitAsync(cancellationToken));

        public ValueTask<long?> KeepPartialUploadAsync(CancellationToken cancellationToken) =>
            writer.KeepPartialUploadAsync(cancellationToken);

        public ValueTask DisposeAsync() => writer.DisposeAsync();
    }
}
