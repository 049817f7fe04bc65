using Fts.Accounts.Events;
using Fts.Accounts.Journal;
using Fts.Accounts.Quota;
using Fts.Storage;
using Microsoft.Win32.SafeHandles;

namespace Fts.Accounts.Recording;

/// <summary>An upload that reserves quota before its bytes are written, and records its commit. Owns the store's writer.</summary>
/// <remarks>
/// While bytes are received, the reservation covers the growth of the file that existed when the upload was opened. The commit computes the
/// growth again, because other operations may have changed or deleted that file.
/// </remarks>
internal sealed class RecordedWriter : IFileWriter, IRecordedUpload
{
    private readonly IFileWriter _writer;
    private readonly RecordedStore _store;
    private readonly StorePath _path;
    private readonly PendingCommit? _opened; // null if the upload had no quota when it was opened
    private readonly long _moveCount; // QuotaLedger.MoveCount when the upload was opened
    private QuotaReservation? _reservation;
    private long _end;
    private long _credit, _creditFiles; // the bytes and the number of the parts that the commit deletes
    private List<RecordedPart> _parts = [];
    private readonly List<RecordedPart> _undeletedParts = [];

    private RecordedWriter(IFileWriter writer, RecordedStore store, StorePath path, PendingCommit? opened, long moveCount)
    {
        (_writer, _store, _path, _opened, _moveCount) = (writer, store, path, opened, moveCount);
        _end = writer.StartOffset;
    }

    public string? Verdict { get; set; }

    public long StartOffset => _writer.StartOffset;

    public bool IsResumed => _writer.IsResumed;

    public SafeFileHandle? Handle => _writer.Handle;

    public long HandleOffset => _writer.HandleOffset;

    /// <summary>Takes the ownership of an open writer. If the quota does not permit the upload, closes the writer and throws.</summary>
    /// <param name="writer">The open writer.</param>
    /// <param name="store">The store of the session.</param>
    /// <param name="path">The path of the upload.</param>
    /// <param name="moveCount">The value of <see cref="QuotaLedger.MoveCount"/> before the writer was opened.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public static async ValueTask<RecordedWriter> OpenAsync(
        IFileWriter writer, RecordedStore store, StorePath path, long moveCount, CancellationToken cancellationToken)
    {
        try
        {
            QuotaDirectory[] directories = store.FindDirectories(path);
            PendingCommit? opened = null;
            if (directories.Length > 0)
            {
                await store.Records.Ledger.WaitForCountAsync(directories, cancellationToken).ConfigureAwait(false);
                opened = await GetPendingCommitAsync(writer, store, path, writer.StartOffset, cancellationToken).ConfigureAwait(false);
            }

            var recorded = new RecordedWriter(writer, store, path, opened, moveCount);
            recorded.SetDirectories(directories);
            if (writer.IsResumed)
            {
                recorded.Reserve(writer.StartOffset); // here, because a refusal must not discard the partial upload
            }

            return recorded;
        }
        catch
        {
            if (writer.IsResumed)
            {
                await writer.KeepPartialUploadAsync(CancellationToken.None).ConfigureAwait(false);
            }

            await writer.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public void Reserve(long length)
    {
        if (_reservation is not null)
        {
            FileEntry? existing = _opened?.Existing;
            long growth = Math.Max(0, length - GetLength(existing) - _credit);
            long files = Math.Max(0, (IsFile(existing) ? 0 : 1) - _creditFiles);
            _reservation.Require(new QuotaAmount(growth, files));
        }
    }

    public async ValueTask SetPartsAsync(IReadOnlyList<StorePath> parts, CancellationToken cancellationToken)
    {
        var found = new List<RecordedPart>(parts.Count);
        foreach (StorePath part in parts)
        {
            if (await RecordedPart.FindAsync(_store, part, cancellationToken).ConfigureAwait(false) is { } each)
            {
                found.Add(each);
            }
        }

        _parts = found;
        RecordedPart[] credited = [.. found.Where(part => _reservation?.Directories.All(part.Directories.Contains) == true)];
        (_credit, _creditFiles) = (credited.Sum(part => part.Length), credited.Length);
    }

    public ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        PrepareHandleWrite(offset + bytes.Length);
        return _writer.WriteAsync(offset, bytes, cancellationToken);
    }

    public void PrepareHandleWrite(long endOffset)
    {
        if (endOffset > _end)
        {
            Reserve(endOffset);
            _end = endOffset;
        }

        _writer.PrepareHandleWrite(endOffset);
    }

    public ValueTask<PendingCommit?> GetPendingCommitAsync(CancellationToken cancellationToken) =>
        _writer.GetPendingCommitAsync(cancellationToken);

    public async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        QuotaDirectory[] directories = _store.FindDirectories(_path);
        AccountRecords records = _store.Records;
        if (directories.Length == 0 && !records.RecordsEvents && _parts.Count == 0)
        {
            await _writer.CommitAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        await records.Ledger.WaitForCountAsync(directories, cancellationToken).ConfigureAwait(false);
        SetDirectories(directories);
        PendingCommit pending = _opened ?? await GetPendingCommitAsync(_writer, _store, _path, _end, cancellationToken)
            .ConfigureAwait(false);
        var name = new EntryKey(pending.DirectoryId, pending.Name);
        EntryKey[] keys = _parts.Count == 0 ? [name] : [.. _parts.Select(part => part.Key).Append(name).Distinct()];
        using EntryLocks.Grant grant = await records.Locks.AcquireAsync(keys, cancellationToken).ConfigureAwait(false);
        if (_opened is not null || directories.Length > 0 || !pending.IsIndependentOfExisting)
        {
            pending = await GetPendingCommitAsync(_writer, _store, _path, _end, cancellationToken).ConfigureAwait(false);
        }

        await ThrowIfMovedAsync(pending, cancellationToken).ConfigureAwait(false);
        List<RecordedPart> parts = await RefreshPartsAsync(pending.FileId, cancellationToken).ConfigureAwait(false);
        var amount = new QuotaAmount(pending.Length - GetLength(pending.Existing), IsFile(pending.Existing) ? 0 : 1);
        List<LedgerChange> changes = [.. directories.Select(each => new LedgerChange(each, pending.DirectoryId, amount))];
        changes.AddRange(parts.SelectMany(part => part.CreateChanges()));
        var freed = new QuotaAmount(
            parts.Where(part => directories.All(part.Directories.Contains)).Sum(part => part.Length),
            parts.Count(part => directories.All(part.Directories.Contains)));
        _reservation?.Require(QuotaAmount.Max(amount - freed, default));
        await RecordedOperation.RunAsync(
            records, CreateEntry(pending, parts), _reservation, changes, _store.OpenStore,
            () => CommitAndDeletePartsAsync(parts, cancellationToken)).ConfigureAwait(false);
        foreach (RecordedPart part in _undeletedParts)
        {
            records.Correct([.. part.CreateChanges().Select(change => change with { Amount = -change.Amount })]);
        }
    }

    public async ValueTask<long?> KeepPartialUploadAsync(CancellationToken cancellationToken)
    {
        long? kept = await _writer.KeepPartialUploadAsync(cancellationToken).ConfigureAwait(false);
        _reservation?.Dispose();
        return kept;
    }

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync().ConfigureAwait(false);
        _reservation?.Dispose();
    }

    private static bool IsFile(FileEntry? entry) => entry is { Kind: EntryKind.File, IsLink: false };

    private static long GetLength(FileEntry? entry) => IsFile(entry) ? entry!.Value.Length : 0;

    /// <summary>Returns what a commit would change. For a store that cannot determine it, uses the path.</summary>
    private static async ValueTask<PendingCommit> GetPendingCommitAsync(
        IFileWriter writer, RecordedStore store, StorePath path, long end, CancellationToken cancellationToken)
    {
        if (await writer.GetPendingCommitAsync(cancellationToken).ConfigureAwait(false) is { } pending)
        {
            return pending;
        }

        FileEntry? existing = await store.Inner.GetUnfollowedEntryAsync(path, cancellationToken).ConfigureAwait(false);
        ulong container = await store.GetContainerIdAsync(path, cancellationToken).ConfigureAwait(false);
        return new PendingCommit(container, path.Name, 0, end, existing);
    }

    private async ValueTask CommitAndDeletePartsAsync(List<RecordedPart> parts, CancellationToken cancellationToken)
    {
        await _writer.CommitAsync(cancellationToken).ConfigureAwait(false);
        foreach (RecordedPart part in parts)
        {
            try
            {
                await _store.Inner.DeleteFileAsync(part.Path, CancellationToken.None).ConfigureAwait(false);
            }
            catch (StoreException)
            {
                // The part stays, and counts. The caller deletes the parts again, and gets the reason.
                _undeletedParts.Add(part);
            }
        }
    }

    /// <summary>Replaces the reservation if a quota was added or removed since the upload was opened.</summary>
    private void SetDirectories(QuotaDirectory[] directories)
    {
        if (_reservation is null ? directories.Length > 0 : !_reservation.Directories.SequenceEqual(directories))
        {
            _reservation?.Dispose();
            _reservation = directories.Length == 0
                ? null
                : new QuotaReservation(_store.Records.Ledger, _store.Account, directories);
        }
    }

    /// <summary>
    /// Throws if the directory of the upload was moved to another directory with a quota. The bytes are reserved in the old one.
    /// </summary>
    private async ValueTask ThrowIfMovedAsync(PendingCommit pending, CancellationToken cancellationToken)
    {
        if (_moveCount != _store.Records.Ledger.MoveCount && pending.DirectoryId != 0
            && await _store.GetContainerIdAsync(_path, cancellationToken).ConfigureAwait(false) != pending.DirectoryId)
        {
            throw new StoreException(StoreError.Busy, $"The directory of {_path} was moved during the upload.");
        }
    }

    /// <summary>Returns the parts that are unchanged since the upload was opened. The others are not deleted.</summary>
    private async ValueTask<List<RecordedPart>> RefreshPartsAsync(ulong fileId, CancellationToken cancellationToken)
    {
        var unchanged = new List<RecordedPart>(_parts.Count);
        foreach (RecordedPart part in _parts)
        {
            RecordedPart? now = await RecordedPart.FindAsync(_store, part.Path, cancellationToken).ConfigureAwait(false);
            if (now is not null && now.FileId == part.FileId && now.Length == part.Length && now.FileId != fileId)
            {
                unchanged.Add(now);
            }
        }

        return unchanged;
    }

    private JournalEntry CreateEntry(PendingCommit pending, List<RecordedPart> parts) => new(JournalOperation.Publish)
    {
        Source = _store.Locate(_path),
        FileId = pending.FileId,
        Length = pending.Length,
        Parts = [.. parts.Select(part => new CombinedPart(_store.Locate(part.Path), part.FileId))],
        Events =
        [
            .. _store.CreateEvents(EventType.Uploaded, _path, e => e with { Bytes = pending.Length, Verdict = Verdict }),
            .. parts.SelectMany(part => _store.CreateEvents(EventType.Deleted, part.Path, e => e with { Bytes = part.Length })),
        ],
    };
}
