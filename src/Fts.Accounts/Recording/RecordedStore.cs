using Fts.Accounts.Events;
using Fts.Accounts.Journal;
using Fts.Accounts.Quota;
using Fts.Storage;

namespace Fts.Accounts.Recording;

/// <summary>
/// The store of one session, which enforces quotas and records the changes of files. Calls that change nothing go directly to the inner
/// store. This class does not dispose the inner store.
/// </summary>
/// <remarks>
/// A change runs under the locks of its names, so that the sizes that were read before it are exact. If the caller cancels a change, the
/// change and its record are completed in the background.
/// </remarks>
internal sealed class RecordedStore(IFileStore inner, SessionRecords session) : IFileStore
{
    public IFileStore Inner => inner;

    public AccountRecords Records => session.Records;

    public string Account => session.Account;

    public bool CanBlockCaller => inner.CanBlockCaller;

    public StorePath GetComparisonPath(StorePath path) => inner.GetComparisonPath(path);

    public ValueTask<FileEntry?> GetEntryAsync(StorePath path, CancellationToken cancellationToken) =>
        inner.GetEntryAsync(path, cancellationToken);

    public ValueTask<FileEntry?> GetUnfollowedEntryAsync(StorePath path, CancellationToken cancellationToken) =>
        inner.GetUnfollowedEntryAsync(path, cancellationToken);

    public ValueTask<IAsyncEnumerable<FileEntry>> ListAsync(StorePath directory, CancellationToken cancellationToken) =>
        inner.ListAsync(directory, cancellationToken);

    public ValueTask<IFileReader> OpenReadAsync(StorePath path, CancellationToken cancellationToken) =>
        inner.OpenReadAsync(path, cancellationToken);

    public async ValueTask<IFileWriter> OpenWriteAsync(StorePath path, WriteStart start, CancellationToken cancellationToken)
    {
        long moveCount = Records.Ledger.MoveCount;
        IFileWriter writer = await inner.OpenWriteAsync(path, start, cancellationToken).ConfigureAwait(false);
        return Records.RecordsEvents || !Records.Ledger.IsEmpty
            ? await RecordedWriter.OpenAsync(writer, this, path, moveCount, cancellationToken).ConfigureAwait(false)
            : writer;
    }

    public ValueTask<PartialUpload?> GetPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken) =>
        inner.GetPartialUploadAsync(path, uploader, cancellationToken);

    public ValueTask<bool> DiscardPartialUploadAsync(StorePath path, string uploader, CancellationToken cancellationToken) =>
        inner.DiscardPartialUploadAsync(path, uploader, cancellationToken);

    public ValueTask<int> SweepPartialUploadsAsync(DateTime before, CancellationToken cancellationToken) =>
        inner.SweepPartialUploadsAsync(before, cancellationToken);

    public async ValueTask CreateDirectoryAsync(StorePath path, CancellationToken cancellationToken)
    {
        QuotaDirectory[] directories = FindDirectories(path);
        if (path.IsRoot || !MustRecord(directories))
        {
            await inner.CreateDirectoryAsync(path, cancellationToken).ConfigureAwait(false);
            return;
        }

        (EntryLocks.Grant grant, _) = await LockAsync(path, cancellationToken).ConfigureAwait(false);
        await RunAsync(grant, async () =>
        {
            if (await inner.GetUnfollowedEntryAsync(path, CancellationToken.None).ConfigureAwait(false) is not null)
            {
                await inner.CreateDirectoryAsync(path, CancellationToken.None).ConfigureAwait(false); // throws
                return;
            }

            var entry = new JournalEntry(JournalOperation.CreateDirectory)
            {
                Source = Locate(path),
                Events = CreateEvents(EventType.DirectoryMade, path),
            };
            await RecordedOperation.RunAsync(
                Records, entry, null, [], OpenStore, () => inner.CreateDirectoryAsync(path, CancellationToken.None))
                .ConfigureAwait(false);
            await MarkAsCountedAsync(directories, path).ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);
    }

    public ValueTask DeleteFileAsync(StorePath path, CancellationToken cancellationToken) =>
        DeleteAsync(path, EventType.Deleted, () => inner.DeleteFileAsync(path, CancellationToken.None), cancellationToken);

    public ValueTask DeleteFileAsync(StorePath path, string uploader, CancellationToken cancellationToken) =>
        DeleteAsync(path, EventType.Deleted, () => inner.DeleteFileAsync(path, uploader, CancellationToken.None), cancellationToken);

    public ValueTask DeleteDirectoryAsync(StorePath path, CancellationToken cancellationToken) =>
        DeleteAsync(path, EventType.DirectoryRemoved, () => inner.DeleteDirectoryAsync(path, CancellationToken.None), cancellationToken);

    public async ValueTask RenameAsync(StorePath source, StorePath target, bool replace, CancellationToken cancellationToken)
    {
        QuotaDirectory[] from = FindDirectories(source), to = FindDirectories(target);
        if (source.IsRoot || target.IsRoot || (!MustRecord(from) && !MustRecord(to)))
        {
            await inner.RenameAsync(source, target, replace, cancellationToken).ConfigureAwait(false);
            return;
        }

        var rename = new RecordedRename(this, source, target, replace, from, to);
        EntryLocks.Grant grant = await rename.LockAsync(cancellationToken).ConfigureAwait(false);
        await RunAsync(grant, rename.RunAsync, cancellationToken).ConfigureAwait(false);
    }

    public ValueTask SetMetadataAsync(StorePath path, FileMetadata metadata, CancellationToken cancellationToken) =>
        inner.SetMetadataAsync(path, metadata, cancellationToken);

    public async ValueTask CreateLinkAsync(StorePath path, StorePath target, CancellationToken cancellationToken)
    {
        if (path.IsRoot || !Records.RecordsEvents)
        {
            await inner.CreateLinkAsync(path, target, cancellationToken).ConfigureAwait(false); // links have no quota
            return;
        }

        (EntryLocks.Grant grant, _) = await LockAsync(path, cancellationToken).ConfigureAwait(false);
        await RunAsync(grant, async () =>
        {
            if (await inner.GetUnfollowedEntryAsync(path, CancellationToken.None).ConfigureAwait(false) is not null)
            {
                await inner.CreateLinkAsync(path, target, CancellationToken.None).ConfigureAwait(false); // throws
                return;
            }

            var entry = new JournalEntry(JournalOperation.CreateLink)
            {
                Source = Locate(path),
                Events = CreateEvents(EventType.LinkMade, path, e => e with { Target = AccountEvent.EscapeText(target.Value) }),
            };
            await RecordedOperation.RunAsync(
                Records, entry, null, [], OpenStore, () => inner.CreateLinkAsync(path, target, CancellationToken.None))
                .ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Returns the free space or the rest of the quota, whichever is smaller.</summary>
    public async ValueTask<long?> GetFreeSpaceAsync(StorePath directory, CancellationToken cancellationToken)
    {
        long? free = await inner.GetFreeSpaceAsync(directory, cancellationToken).ConfigureAwait(false);
        long? rest = Records.Ledger.GetFreeBytes(Locate(directory).FullPath, Account);
        return free is null || rest < free ? rest ?? free : free;
    }

    public ValueTask<byte[]?> GetCachedHashAsync(StorePath path, FileEntry file, CancellationToken cancellationToken) =>
        inner.GetCachedHashAsync(path, file, cancellationToken);

    public ValueTask CacheHashAsync(StorePath path, FileEntry hashed, ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken) =>
        inner.CacheHashAsync(path, hashed, sha256, cancellationToken);

    public StoreLocation Locate(StorePath path) => session.Locate(path, inner);

    public QuotaDirectory[] FindDirectories(StorePath path) =>
        Records.Ledger.IsEmpty ? [] : Records.Ledger.Find(Locate(path), path, inner);

    public AccountEvent[] CreateEvents(EventType type, StorePath path, Func<AccountEvent, AccountEvent>? complete = null) =>
        session.CreateEvents(type, path, complete);

    /// <summary>Returns the store in which the outcome of a failed operation is checked.</summary>
    public IFileStore? OpenStore(string directory) => Records.OpenStore(directory);

    /// <summary>Returns the <see cref="FileEntry.Id"/> of the directory that contains a path, or 0.</summary>
    public async ValueTask<ulong> GetContainerIdAsync(StorePath path, CancellationToken cancellationToken) =>
        (await inner.GetEntryAsync(path.Parent, cancellationToken).ConfigureAwait(false))?.Id ?? 0;

    /// <summary>Locks a name. Also returns the <see cref="FileEntry.Id"/> of its directory, which cannot be moved meanwhile.</summary>
    private async ValueTask<(EntryLocks.Grant Grant, ulong Container)> LockAsync(StorePath path, CancellationToken cancellationToken)
    {
        while (true)
        {
            ulong container = await GetContainerIdAsync(path, cancellationToken).ConfigureAwait(false);
            EntryLocks.Grant grant = await Records.Locks.AcquireAsync(new EntryKey(container, path.Name), cancellationToken)
                .ConfigureAwait(false);
            if (await IsContainerAsync(grant, path, container, cancellationToken).ConfigureAwait(false))
            {
                return (grant, container);
            }

            grant.Dispose(); // the directory was moved before its name was locked
        }
    }

    /// <summary>Returns whether a directory still contains a path. If that is unknown, releases the lock.</summary>
    public async ValueTask<bool> IsContainerAsync(
        EntryLocks.Grant grant, StorePath path, ulong container, CancellationToken cancellationToken)
    {
        try
        {
            return await GetContainerIdAsync(path, cancellationToken).ConfigureAwait(false) == container;
        }
        catch
        {
            grant.Dispose();
            throw;
        }
    }

    private bool MustRecord(QuotaDirectory[] directories) => Records.RecordsEvents || directories.Length > 0;

    private async ValueTask DeleteAsync(StorePath path, EventType type, Func<ValueTask> delete, CancellationToken cancellationToken)
    {
        QuotaDirectory[] directories = FindDirectories(path);
        if (path.IsRoot || !MustRecord(directories))
        {
            await delete().ConfigureAwait(false);
            return;
        }

        (EntryLocks.Grant grant, ulong container) = await LockAsync(path, cancellationToken).ConfigureAwait(false);
        await RunAsync(grant, async () =>
        {
            if (await inner.GetUnfollowedEntryAsync(path, CancellationToken.None).ConfigureAwait(false) is not { } deleted)
            {
                await delete().ConfigureAwait(false); // deletes a partial upload, or throws
                return;
            }

            bool isFile = deleted is { Kind: EntryKind.File, IsLink: false };
            var entry = new JournalEntry(JournalOperation.Delete)
            {
                Source = Locate(path),
                FileId = deleted.Id,
                Events = CreateEvents(type, path, e => isFile ? e with { Bytes = deleted.Length } : e),
            };
            var freed = new QuotaAmount(-deleted.Length, -1);
            IReadOnlyList<LedgerChange> changes =
                isFile ? [.. directories.Select(each => new LedgerChange(each, container, freed))] : [];
            await RecordedOperation.RunAsync(Records, entry, null, changes, OpenStore, delete).ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Adds an empty directory to the running counts, because their walks may have passed its parent already.</summary>
    private async ValueTask MarkAsCountedAsync(QuotaDirectory[] directories, StorePath path)
    {
        if (directories.Any(each => each.Count is not null)
            && await inner.GetUnfollowedEntryAsync(path, CancellationToken.None).ConfigureAwait(false) is { } created)
        {
            Records.Ledger.WithCounts(directories, count => count.TryBeginContainer(created.Id));
        }
    }

    /// <summary>
    /// Runs a change that holds locks. If the caller cancels, the change continues, and the locks are released at its end.
    /// </summary>
    private static async ValueTask RunAsync(EntryLocks.Grant grant, Func<Task> change, CancellationToken cancellationToken)
    {
        Task running = RunAndReleaseAsync(grant, change);
        if (!running.IsCompleted)
        {
            _ = running.ContinueWith(
                static failed => _ = failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted,
                TaskScheduler.Default);
        }

        await running.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task RunAndReleaseAsync(EntryLocks.Grant grant, Func<Task> change)
    {
        using (grant)
        {
            await change().ConfigureAwait(false);
        }
    }
}
