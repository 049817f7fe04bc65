using Fts.Storage;
using Fts.Storage.Memory;
using Microsoft.Win32.SafeHandles;

namespace Fts.Server.Tests.Support;

/// <summary>
/// A store whose calls block the calling thread, as a system call on a hung disk does. In memory. Dispose it after the server.
/// </summary>
internal sealed class HangingStore : IFileStore, IDisposable
{
    private readonly MemoryFileStore _files = new();
    private readonly ManualResetEventSlim _gate = new(initialState: true);
    private readonly Lock _lock = new();
    private string? _member;
    private TaskCompletionSource<Thread> _hanging = new();

    /// <summary>The files, without hanging.</summary>
    public IFileStore Files => _files;

    /// <summary>
    /// Lets all further calls of a member hang until <see cref="Release"/>. The task completes with the thread of the first one.
    /// </summary>
    public Task<Thread> Hang(string member)
    {
        lock (_lock)
        {
            _hanging = new TaskCompletionSource<Thread>(TaskCreationOptions.RunContinuationsAsynchronously);
            _member = member;
            _gate.Reset();
            return _hanging.Task;
        }
    }

    public void Release()
    {
        lock (_lock)
        {
            _member = null;
            _gate.Set();
        }
    }

    public void Dispose() => Release();

    public ValueTask<FileEntry?> GetEntryAsync(StorePath path, CancellationToken cancellationToken)
    {
        Block(nameof(GetEntryAsync));
        return _files.GetEntryAsync(path, cancellationToken);
    }

    public async ValueTask<IAsyncEnumerable<FileEntry>> ListAsync(StorePath directory, CancellationToken cancellationToken)
    {
        Block(nameof(ListAsync));
        return ReadEntriesAsync(await _files.ListAsync(directory, cancellationToken));
    }

    public async ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken)
    {
        Block(nameof(OpenReadAsync));
        return new HangingReader(this, await _files.OpenReadAsync(path, cancellationToken));
    }

    public async ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken)
    {
        Block(nameof(OpenWriteAsync));
        return new HangingWriter(this, await _files.OpenWriteAsync(path, start, cancellationToken));
    }

    public ValueTask<PartialUpload?> GetPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken) =>
        _files.GetPartialUploadAsync(path, uploader, cancellationToken);

    public ValueTask<bool> DiscardPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken) =>
        _files.DiscardPartialUploadAsync(path, uploader, cancellationToken);

    public ValueTask<int> SweepPartialUploadsAsync(DateTime before, CancellationToken cancellationToken) =>
        _files.SweepPartialUploadsAsync(before, cancellationToken);

    public ValueTask CreateDirectoryAsync(StorePath path, CancellationToken cancellationToken)
    {
        Block(nameof(CreateDirectoryAsync));
        return _files.CreateDirectoryAsync(path, cancellationToken);
    }

    public ValueTask DeleteFileAsync(StorePath path, CancellationToken cancellationToken)
    {
        Block(nameof(DeleteFileAsync));
        return _files.DeleteFileAsync(path, cancellationToken);
    }

    public ValueTask DeleteDirectoryAsync(StorePath path, CancellationToken cancellationToken) =>
        _files.DeleteDirectoryAsync(path, cancellationToken);

    public ValueTask RenameAsync(StorePath source, StorePath target, bool replace, CancellationToken cancellationToken) =>
        _files.RenameAsync(source, target, replace, cancellationToken);

    public ValueTask SetMetadataAsync(StorePath path, FileMetadata metadata, CancellationToken cancellationToken) =>
        _files.SetMetadataAsync(path, metadata, cancellationToken);

    public ValueTask<long?> GetFreeSpaceAsync(StorePath directory, CancellationToken cancellationToken) =>
        _files.GetFreeSpaceAsync(directory, cancellationToken);

    private void Block(string member)
    {
        TaskCompletionSource<Thread> hanging;
        lock (_lock)
        {
            if (member != _member)
            {
                return;
            }

            hanging = _hanging;
        }

        hanging.TrySetResult(Thread.CurrentThread);
        _gate.Wait();
    }

    private async IAsyncEnumerable<FileEntry> ReadEntriesAsync(IAsyncEnumerable<FileEntry> entries)
    {
        Block("MoveNextAsync");
        await foreach (FileEntry entry in entries)
        {
            yield return entry;
        }
    }

    private sealed class HangingReader(HangingStore store, IFileReader reader) : IFileReader
    {
        public long Length => reader.Length;

        public SafeFileHandle? Handle => null;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            store.Block(nameof(ReadAsync));
            return reader.ReadAsync(offset, buffer, cancellationToken);
        }

        public ValueTask DisposeAsync() => reader.DisposeAsync();
    }

    private sealed class HangingWriter(HangingStore store, IFileWriter writer) : IFileWriter
    {
        public long StartOffset => writer.StartOffset;

        public bool IsResumed => writer.IsResumed;

        public SafeFileHandle? Handle => null;

        public long HandleOffset => writer.HandleOffset;

        public ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            store.Block(nameof(WriteAsync));
            return writer.WriteAsync(offset, bytes, cancellationToken);
        }

        public ValueTask CommitAsync(CancellationToken cancellationToken)
        {
            store.Block(nameof(CommitAsync));
            return writer.CommitAsync(cancellationToken);
        }

        public ValueTask<long?> KeepPartialUploadAsync(CancellationToken cancellationToken) =>
            writer.KeepPartialUploadAsync(cancellationToken);

        public ValueTask DisposeAsync() => writer.DisposeAsync();
    }
}
