using Fts.Storage;
using Fts.Storage.Memory;

namespace Fts.Accounts.Tests;

/// <summary>A memory store that ignores case, with or without ids.</summary>
internal sealed class CaseInsensitiveStore(bool hasIds) : IFileStore
{
    private readonly MemoryFileStore _files = new();

    public async ValueTask<FileEntry?> GetEntryAsync(StorePath path, CancellationToken cancellationToken) =>
        await _files.GetEntryAsync(ToLower(path), cancellationToken) is { } entry
            ? entry with { Name = path.Name, Id = hasIds ? entry.Id : 0 }
            : null;

    public ValueTask<IAsyncEnumerable<FileEntry>> ListAsync(StorePath directory, CancellationToken cancellationToken) =>
        _files.ListAsync(ToLower(directory), cancellationToken);

    public ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken) =>
        _files.OpenReadAsync(ToLower(path), cancellationToken);

    public ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken) =>
        _files.OpenWriteAsync(ToLower(path), start, cancellationToken);

    public ValueTask<PartialUpload?> GetPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken) =>
        _files.GetPartialUploadAsync(path, uploader, cancellationToken);

    public ValueTask<bool> DiscardPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken) =>
        _files.DiscardPartialUploadAsync(path, uploader, cancellationToken);

    public ValueTask<int> SweepPartialUploadsAsync(DateTime before, CancellationToken cancellationToken) =>
        _files.SweepPartialUploadsAsync(before, cancellationToken);

    public ValueTask CreateDirectoryAsync(StorePath path, CancellationToken cancellationToken) =>
        _files.CreateDirectoryAsync(ToLower(path), cancellationToken);

    public ValueTask DeleteFileAsync(StorePath path, CancellationToken cancellationToken) =>
        _files.DeleteFileAsync(ToLower(path), cancellationToken);

    public ValueTask DeleteDirectoryAsync(StorePath path, CancellationToken cancellationToken) =>
        _files.DeleteDirectoryAsync(ToLower(path), cancellationToken);

    public ValueTask RenameAsync(StorePath source, StorePath target, bool replace, CancellationToken cancellationToken) =>
        _files.RenameAsync(ToLower(source), ToLower(target), replace, cancellationToken);

    public ValueTask SetMetadataAsync(StorePath path, FileMetadata metadata, CancellationToken cancellationToken) =>
        _files.SetMetadataAsync(ToLower(path), metadata, cancellationToken);

    public ValueTask<long?> GetFreeSpaceAsync(StorePath directory, CancellationToken cancellationToken) =>
        _files.GetFreeSpaceAsync(ToLower(directory), cancellationToken);

    public StorePath GetComparisonPath(StorePath path) => ToLower(path);

    private static StorePath ToLower(StorePath path) =>
        StorePath.Root.Resolve(path.Value.ToLowerInvariant())!.Value;
}
