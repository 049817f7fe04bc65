using Fts.Storage.Memory;
using Fts.Storage.Mounts;

namespace Fts.Storage.Tests.Mounts;

/// <summary>
/// The tree below a mount point of a <see cref="MountedStore"/>, as a store of its own. The contract tests run on it, so that every call
/// passes through the mount.
/// </summary>
public sealed class MountPointView(IFileStore mounted) : IFileStore, IDisposable
{
    private static readonly StorePath MountPoint = StorePath.Root.Child("above").Child("mount");

    private readonly MountedStore _store = new(new MemoryFileStore(), [new StoreMount(MountPoint, mounted, IsReadOnly: false)]);

    public bool CanBlockCaller => _store.CanBlockCaller;

    public async ValueTask<FileEntry?> GetEntryAsync(StorePath path, CancellationToken cancellationToken) =>
        await _store.GetEntryAsync(At(path), cancellationToken) is { } entry ? entry with { Name = path.Name } : null;

    public ValueTask<IAsyncEnumerable<FileEntry>> ListAsync(StorePath directory, CancellationToken cancellationToken) =>
        _store.ListAsync(At(directory), cancellationToken);

    public ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken) =>
        _store.OpenReadAsync(At(path), cancellationToken);

    public ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken) =>
        _store.OpenWriteAsync(At(path), start, cancellationToken);

    public ValueTask<PartialUpload?> GetPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken) =>
        _store.GetPartialUploadAsync(At(path), uploader, cancellationToken);

    public ValueTask<bool> DiscardPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken) =>
        _store.DiscardPartialUploadAsync(At(path), uploader, cancellationToken);

    public ValueTask<int> SweepPartialUploadsAsync(DateTime before, CancellationToken cancellationToken) =>
        _store.SweepPartialUploadsAsync(before, cancellationToken);

    public ValueTask CreateDirectoryAsync(StorePath path, CancellationToken cancellationToken) =>
        _store.CreateDirectoryAsync(At(path), cancellationToken);

    public ValueTask DeleteFileAsync(StorePath path, CancellationToken cancellationToken) =>
        _store.DeleteFileAsync(At(path), cancellationToken);

    public ValueTask DeleteFileAsync(StorePath path, string uploader, CancellationToken cancellationToken) =>
        _store.DeleteFileAsync(At(path), uploader, cancellationToken);

    public ValueTask DeleteDirectoryAsync(StorePath path, CancellationToken cancellationToken) =>
        _store.DeleteDirectoryAsync(At(path), cancellationToken);

    public ValueTask RenameAsync(StorePath source, StorePath target, bool replace, CancellationToken cancellationToken) =>
        _store.RenameAsync(At(source), At(target), replace, cancellationToken);

    public ValueTask SetMetadataAsync(StorePath path, FileMetadata metadata, CancellationToken cancellationToken) =>
        _store.SetMetadataAsync(At(path), metadata, cancellationToken);

    public ValueTask CreateLinkAsync(StorePath path, StorePath target, CancellationToken cancellationToken) =>
        _store.CreateLinkAsync(At(path), At(target), cancellationToken);

    public ValueTask<long?> GetFreeSpaceAsync(StorePath directory, CancellationToken cancellationToken) =>
        _store.GetFreeSpaceAsync(At(directory), cancellationToken);

    public ValueTask<byte[]?> GetCachedHashAsync(StorePath path, FileEntry file, CancellationToken cancellationToken) =>
        _store.GetCachedHashAsync(At(path), file, cancellationToken);

    public ValueTask CacheHashAsync(StorePath path, FileEntry hashed, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken) =>
        _store.CacheHashAsync(At(path), hashed, sha256, cancellationToken);

    public void Dispose() => (mounted as IDisposable)?.Dispose();

    private static StorePath At(StorePath path) => path.IsRoot ? MountPoint : MountPoint.Resolve(path.Value[1..])!.Value;
}
