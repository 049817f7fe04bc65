using Fts.Storage;
using Fts.Storage.Memory;
using Microsoft.Win32.SafeHandles;

namespace Fts.Server.Tests.Support;

/// <summary>A store that a test can make fail, wait or return other entries. In memory by default.</summary>
internal sealed class HookedStore(IFileStore? files = null) : IFileStore
{
    private readonly IFileStore _files = files ?? new MemoryFileStore();

    /// <summary>Receives the member name before every call and returns the exception to throw, or null.</summary>
    public Func<string, Exception?>? Fault { get; set; }

    /// <summary>The entries of every listing, instead of those of the directory.</summary>
    public Func<IAsyncEnumerable<FileEntry>>? Entries { get; set; }

    /// <summary>Awaited before every read of a file.</summary>
    public Func<CancellationToken, Task>? BeforeRead { get; set; }

    /// <summary>Awaited before every write to a file.</summary>
    public Func<CancellationToken, Task>? BeforeWrite { get; set; }

    /// <summary>Awaited before every commit of a file.</summary>
    public Func<CancellationToken, Task>? BeforeCommit { get; set; }

    /// <summary>Awaited before every partial upload is kept.</summary>
    public Func<CancellationToken, Task>? BeforeKeep { get; set; }

    /// <summary>The file to which the kernel writes instead of the store's file.</summary>
    public SafeFileHandle? KernelWritesTo { get; set; }

    /// <summary>The number of bytes that copy engines read, without those that the kernel copied.</summary>
    public long BytesRead { get; private set; }

    /// <summary>The number of bytes that copy engines wrote, without those that the kernel copied.</summary>
    public long BytesWritten { get; private set; }

    /// <summary>Awaited before every deletion of a file.</summary>
    public Func<CancellationToken, Task>? BeforeDelete { get; set; }

    /// <summary>Awaited before every sweep of partial uploads.</summary>
    public Func<CancellationToken, Task>? BeforeSweep { get; set; }

    /// <summary>Replaces the entry that is found at a path.</summary>
    public Func<FileEntry?, FileEntry?>? ReplaceEntry { get; set; }

    /// <summary>A file that cannot be deleted.</summary>
    public StorePath? Undeletable { get; set; }

    public async ValueTask<FileEntry?> GetEntryAsync(StorePath path, CancellationToken cancellationToken)
    {
        ThrowFault(nameof(GetEntryAsync));
        FileEntry? entry = await _files.GetEntryAsync(path, cancellationToken);
        return ReplaceEntry is null ? entry : ReplaceEntry(entry);
    }

    public ValueTask<IAsyncEnumerable<FileEntry>> ListAsync(StorePath directory, CancellationToken cancellationToken)
    {
        ThrowFault(nameof(ListAsync));
        return Entries is null ? _files.ListAsync(directory, cancellationToken) : new(Entries());
    }

    public async ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken)
    {
        ThrowFault(nameof(OpenReadAsync));
        return new HookedReader(this, await _files.OpenReadAsync(path, cancellationToken));
    }

    public async ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken)
    {
        ThrowFault(nameof(OpenWriteAsync));
        return new HookedWriter(this, await _files.OpenWriteAsync(path, start, cancellationToken));
    }

    public ValueTask<PartialUpload?> GetPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken)
    {
        ThrowFault(nameof(GetPartialUploadAsync));
        return _files.GetPartialUploadAsync(path, uploader, cancellationToken);
    }

    public ValueTask<bool> DiscardPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken) =>
        _files.DiscardPartialUploadAsync(path, uploader, cancellationToken);

    public async ValueTask<int> SweepPartialUploadsAsync(DateTime before, CancellationToken cancellationToken)
    {
        await (BeforeSweep?.Invoke(cancellationToken) ?? Task.CompletedTask);
        return await _files.SweepPartialUploadsAsync(before, cancellationToken);
    }

    public ValueTask CreateDirectoryAsync(StorePath path, CancellationToken cancellationToken)
    {
        ThrowFault(nameof(CreateDirectoryAsync));
        return _files.CreateDirectoryAsync(path, cancellationToken);
    }

    public async ValueTask DeleteFileAsync(StorePath path, CancellationToken cancellationToken)
    {
        ThrowFault(nameof(DeleteFileAsync));
        await (BeforeDelete?.Invoke(cancellationToken) ?? Task.CompletedTask);
        await (path == Undeletable ? throw new StoreException(StoreError.Denied, "It stays.")
            : _files.DeleteFileAsync(path, cancellationToken));
    }

    public ValueTask DeleteDirectoryAsync(StorePath path, CancellationToken cancellationToken)
    {
        ThrowFault(nameof(DeleteDirectoryAsync));
        return _files.DeleteDirectoryAsync(path, cancellationToken);
    }

    public ValueTask RenameAsync(StorePath source, StorePath target, bool replace, CancellationToken cancellationToken)
    {
        ThrowFault(nameof(RenameAsync));
        return _files.RenameAsync(source, target, replace, cancellationToken);
    }

    public ValueTask SetMetadataAsync(StorePath path, FileMetadata facts, CancellationToken cancellationToken)
    {
        ThrowFault(nameof(SetMetadataAsync));
        return _files.SetMetadataAsync(path, facts, cancellationToken);
    }

    public ValueTask<long?> GetFreeSpaceAsync(StorePath directory, CancellationToken cancellationToken)
    {
        ThrowFault(nameof(GetFreeSpaceAsync));
        return _files.GetFreeSpaceAsync(directory, cancellationToken);
    }

    public ValueTask<byte[]?> GetCachedHashAsync(StorePath path, FileEntry file, CancellationToken cancellationToken)
    {
        ThrowFault(nameof(GetCachedHashAsync));
        return _files.GetCachedHashAsync(path, file, cancellationToken);
    }

    public ValueTask CacheHashAsync(StorePath path, FileEntry hashed, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken)
    {
        ThrowFault(nameof(CacheHashAsync));
        return _files.CacheHashAsync(path, hashed, sha256, cancellationToken);
    }

    private void ThrowFault(string member)
    {
        if (Fault?.Invoke(member) is { } fault)
        {
            throw fault;
        }
    }

    private sealed class HookedReader(HookedStore store, IFileReader inner) : IFileReader
    {
        public long Length => inner.Length;

        public SafeFileHandle? Handle => inner.Handle;

        public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            await (store.BeforeRead?.Invoke(cancellationToken) ?? Task.CompletedTask);
            int read = await inner.ReadAsync(offset, buffer, cancellationToken);
            store.BytesRead += read;
            return read;
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class HookedWriter(HookedStore store, IFileWriter inner) : IFileWriter
    {
        public long StartOffset => inner.StartOffset;

        public bool IsResumed => inner.IsResumed;

        public SafeFileHandle? Handle => store.KernelWritesTo ?? inner.Handle;

        public long HandleOffset => inner.HandleOffset;

        public async ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            store.ThrowFault(nameof(WriteAsync));
            await (store.BeforeWrite?.Invoke(cancellationToken) ?? Task.CompletedTask);
            store.BytesWritten += bytes.Length;
            await inner.WriteAsync(offset, bytes, cancellationToken);
        }

        public async ValueTask CommitAsync(CancellationToken cancellationToken)
        {
            store.ThrowFault(nameof(CommitAsync));
            await (store.BeforeCommit?.Invoke(cancellationToken) ?? Task.CompletedTask);
            await inner.CommitAsync(cancellationToken);
        }

        public async ValueTask<long?> KeepPartialUploadAsync(CancellationToken cancellationToken)
        {
            store.ThrowFault(nameof(KeepPartialUploadAsync));
            await (store.BeforeKeep?.Invoke(cancellationToken) ?? Task.CompletedTask);
            return await inner.KeepPartialUploadAsync(cancellationToken);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
