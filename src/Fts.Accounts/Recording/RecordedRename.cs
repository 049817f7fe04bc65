using Fts.Accounts.Events;
using Fts.Accounts.Journal;
using Fts.Accounts.Quota;
using Fts.Storage;

namespace Fts.Accounts.Recording;

/// <summary>A rename, possibly from one directory with a quota to another.</summary>
/// <param name="store">The store of the session.</param>
/// <param name="source">The old path.</param>
/// <param name="target">The new path.</param>
/// <param name="replace">Whether an existing target is replaced.</param>
/// <param name="from">The directories with a quota that contain the source.</param>
/// <param name="to">The directories with a quota that contain the target.</param>
internal sealed class RecordedRename(
    RecordedStore store, StorePath source, StorePath target, bool replace, QuotaDirectory[] from, QuotaDirectory[] to)
{
    private ulong _sourceContainer, _targetContainer;

    private bool CrossesQuotas => !from.SequenceEqual(to);

    /// <summary>
    /// Locks both names. If quotas are involved, nothing may change while a directory is renamed, because other operations use paths in it.
    /// </summary>
    public async ValueTask<EntryLocks.Grant> LockAsync(CancellationToken cancellationToken)
    {
        await store.Records.Ledger.WaitForCountAsync(to, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            _sourceContainer = await store.GetContainerIdAsync(source, cancellationToken).ConfigureAwait(false);
            _targetContainer = await store.GetContainerIdAsync(target, cancellationToken).ConfigureAwait(false);
            bool locksAll = await MustLockAllAsync(cancellationToken).ConfigureAwait(false);
            EntryLocks.Grant grant = locksAll
                ? await store.Records.Locks.AcquireAsync(EntryKey.All, cancellationToken).ConfigureAwait(false)
                : await store.Records.Locks.AcquireAsync(
                    new EntryKey(_sourceContainer, source.Name), new EntryKey(_targetContainer, target.Name), cancellationToken)
                    .ConfigureAwait(false);
            if (await store.IsContainerAsync(grant, source, _sourceContainer, cancellationToken).ConfigureAwait(false)
                && await store.IsContainerAsync(grant, target, _targetContainer, cancellationToken).ConfigureAwait(false)
                && await HasSameKindAsync(grant, locksAll, cancellationToken).ConfigureAwait(false))
            {
                return grant;
            }

            grant.Dispose(); // a directory was moved, or the source was replaced, before the names were locked
        }
    }

    private async ValueTask<bool> MustLockAllAsync(CancellationToken cancellationToken) =>
        from.Length + to.Length > 0
        && IsDirectory(await store.Inner.GetUnfollowedEntryAsync(source, cancellationToken).ConfigureAwait(false));

    private async ValueTask<bool> HasSameKindAsync(EntryLocks.Grant grant, bool locksAll, CancellationToken cancellationToken)
    {
        try
        {
            return locksAll || !await MustLockAllAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            grant.Dispose();
            throw;
        }
    }

    /// <summary>Runs the rename under the locks.</summary>
    /// <exception cref="StoreException">The rename failed, or a quota of the target would be exceeded.</exception>
    public async Task RunAsync()
    {
        FileEntry? moved = await store.Inner.GetUnfollowedEntryAsync(source, CancellationToken.None).ConfigureAwait(false);
        FileEntry? existing = await store.Inner.GetUnfollowedEntryAsync(target, CancellationToken.None).ConfigureAwait(false);
        if (moved is not { } entry)
        {
            await store.Inner.RenameAsync(source, target, replace, CancellationToken.None).ConfigureAwait(false); // throws
            return;
        }

        // rename(2) does nothing if both names are links of the same file.
        bool isSame = entry.Id != 0 && entry.Id == existing?.Id;
        QuotaAmount amount = isSame || (IsDirectory(moved) && !CrossesQuotas) ? default : await CountAsync(entry).ConfigureAwait(false);
        QuotaAmount replaced = !isSame && existing is { Kind: EntryKind.File, IsLink: false } old ? new(old.Length, 1) : default;
        List<LedgerChange> changes =
        [
            .. from.Select(each => new LedgerChange(each, _sourceContainer, -amount)),
            .. to.Select(each => new LedgerChange(each, _targetContainer, amount - replaced)),
        ];
        using var reservation = new QuotaReservation(store.Records.Ledger, store.Account, [.. to.Except(from)]);
        reservation.Require(QuotaAmount.Max(amount - replaced, default));
        var intent = new JournalEntry(JournalOperation.Rename)
        {
            Source = store.Locate(source),
            Target = store.Locate(target),
            FileId = entry.Id,
            Events = store.CreateEvents(EventType.Renamed, source, e => e with { Target = AccountEvent.EscapeText(target.Value) }),
        };
        if (IsDirectory(moved))
        {
            InvalidateCounts();
        }

        await RecordedOperation.RunAsync(
            store.Records, intent, reservation, changes, store.OpenStore,
            () => store.Inner.RenameAsync(source, target, replace, CancellationToken.None)).ConfigureAwait(false);
        if (IsDirectory(moved))
        {
            InvalidateCounts();
            if (CrossesQuotas)
            {
                store.Records.Ledger.RecordMove();
            }
        }
    }

    private static bool IsDirectory(FileEntry? entry) => entry is { Kind: EntryKind.Directory, IsLink: false };

    private async ValueTask<QuotaAmount> CountAsync(FileEntry entry)
    {
        if (!IsDirectory(entry))
        {
            return entry is { Kind: EntryKind.File, IsLink: false } ? new QuotaAmount(entry.Length, 1) : default;
        }

        return await QuotaWalk.CountAsync(store.Inner, source, CancellationToken.None).ConfigureAwait(false);
    }

    private void InvalidateCounts() =>
        store.Records.Ledger.WithCounts([.. from.Union(to)], count => count.IsInvalid = true);
}
