using Fts.Accounts.Journal;
using Fts.Accounts.Quota;
using Fts.Storage;

namespace Fts.Accounts.Recording;

/// <summary>Runs an operation between its intent and its settlement in the journal.</summary>
internal static class RecordedOperation
{
    /// <summary>Runs the operation and applies its effects. The caller holds the locks of the changed names.</summary>
    /// <param name="records">The records of the server.</param>
    /// <param name="entry">The entry, without the changes of quotas.</param>
    /// <param name="reservation">The reservation that covers the changes, or null if the usage does not grow.</param>
    /// <param name="changes">The changes of quotas.</param>
    /// <param name="openStore">Returns the store in which the outcome of a failed operation is checked.</param>
    /// <param name="operation">The operation.</param>
    /// <exception cref="StoreException">The operation failed, or the intent cannot be written.</exception>
    public static async ValueTask RunAsync(
        AccountRecords records,
        JournalEntry entry,
        QuotaReservation? reservation,
        IReadOnlyList<LedgerChange> changes,
        Func<string, IFileStore?> openStore,
        Func<ValueTask> operation)
    {
        JournalEntry complete = entry with { Changes = Combine(changes) };
        if (complete.Changes.Count == 0 && complete.Events.Count == 0 && complete.Parts.Count == 0)
        {
            await operation().ConfigureAwait(false);
            records.Ledger.Settle(reservation, changes);
            return;
        }

        long intent = records.Journal.WriteIntent(complete);
        try
        {
            await operation().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The operation may have failed after its effect, for example if a directory could not be flushed.
            await SettleFailedAsync(records, complete, intent, reservation, changes, openStore).ConfigureAwait(false);
            throw;
        }

        records.Ledger.Settle(reservation, changes);
        records.Journal.Settle(intent);
    }

    private static async ValueTask SettleFailedAsync(
        AccountRecords records, JournalEntry entry, long intent, QuotaReservation? reservation, IReadOnlyList<LedgerChange> changes,
        Func<string, IFileStore?> openStore)
    {
        try
        {
            if (await OperationOutcome.WasCompletedAsync(entry, openStore, CancellationToken.None).ConfigureAwait(false))
            {
                await OperationOutcome.DeletePartsAsync(entry, openStore, CancellationToken.None).ConfigureAwait(false);
                records.Ledger.Settle(reservation, changes);
                records.Journal.Settle(intent);
            }
            else
            {
                records.Journal.Drop(intent);
            }
        }
        catch (Exception e) when (e is StoreException or IOException)
        {
            // The intent stays open, and the next start checks the outcome again.
            RecordLog.OutcomeUnknown(records.Logger, entry.Source.FullPath, e.Message);
        }
    }

    /// <summary>Adds up the changes of each directory.</summary>
    private static List<QuotaChange> Combine(IReadOnlyList<LedgerChange> changes)
    {
        var combined = new List<QuotaChange>(changes.Count);
        foreach (LedgerChange change in changes)
        {
            int at = combined.FindIndex(each => each.Directory == change.Directory.Path);
            if (at < 0)
            {
                combined.Add(new QuotaChange(change.Directory.Path, change.Amount));
            }
            else
            {
                combined[at] = combined[at] with { Amount = combined[at].Amount + change.Amount };
            }
        }

        combined.RemoveAll(change => change.Amount == default);
        return combined;
    }
}
