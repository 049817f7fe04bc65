using Fts.Accounts.Events;
using Fts.Accounts.Journal;
using Fts.Accounts.Quota;
using Microsoft.Extensions.Logging;

namespace Fts.Accounts.Recording;

/// <summary>Moves the effects of settled journal entries to the database, many in each transaction.</summary>
/// <param name="journal">The journal.</param>
/// <param name="database">The database.</param>
/// <param name="logger">The logger.</param>
/// <param name="clock">The clock.</param>
/// <param name="eventsAdded">Called after each transaction, or null.</param>
internal sealed class RecordFolder(
    RecordJournal journal, IRecordDatabase database, ILogger logger, TimeProvider clock, Action? eventsAdded = null) : IDisposable
{
    private const int MaxBatch = 2000;

    /// <summary>The time between two transactions, so that a transaction contains many entries under load.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    /// <summary>The time after a failed transaction.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Folds until the token is cancelled. A failure is logged once, and the entries stay in the journal.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        bool hasFailed = false;
        while (true)
        {
            await journal.WaitForSettledAsync(cancellationToken).ConfigureAwait(false);
            TimeSpan pause = Interval;
            try
            {
                await FoldAsync(cancellationToken).ConfigureAwait(false);
                hasFailed = false;
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                if (!hasFailed)
                {
                    RecordLog.FoldFailed(logger, e.Message);
                }

                (hasFailed, pause) = (true, RetryInterval);
            }

            await Task.Delay(pause, clock, cancellationToken).ConfigureAwait(false);
            if (hasFailed)
            {
                journal.SignalSettled();
            }
        }
    }

    /// <summary>Moves all entries that are settled now.</summary>
    /// <exception cref="IOException">The database cannot be written.</exception>
    public async ValueTask FoldAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // A batch that is not full contains all entries that were settled before the call. Later ones wait for the next call. Under
            // load, the loop would otherwise add them in many small transactions.
            IReadOnlyList<SettledEntry> settled;
            do
            {
                settled = journal.PeekSettled(MaxBatch);
                if (settled.Count > 0)
                {
                    await database.AddAsync(CreateBatch(settled), cancellationToken).ConfigureAwait(false);
                    journal.RemoveFolded(settled[^1].Number);
                    eventsAdded?.Invoke();
                }
            }
            while (settled.Count == MaxBatch);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private static RecordBatch CreateBatch(IReadOnlyList<SettledEntry> settled)
    {
        var events = new List<AccountEvent>(settled.Count);
        var usage = new Dictionary<string, StoredUsage>(StringComparer.Ordinal);
        foreach (JournalEntry entry in settled.Select(each => each.Entry))
        {
            events.AddRange(entry.Events);
            foreach (QuotaChange change in entry.Changes)
            {
                StoredUsage before = usage.GetValueOrDefault(change.Directory) ?? new StoredUsage(change.Directory, default, null);
                usage[change.Directory] = before with
                {
                    Used = before.Used + change.Amount,
                    CountedAt = entry.CountedAt ?? before.CountedAt,
                };
            }
        }

        return new RecordBatch(settled[^1].Number, events, [.. usage.Values]) { CanWait = settled.Count < MaxBatch };
    }
}
