using System.Collections.Concurrent;
using Fts.Accounts.Events;
using Fts.Accounts.Journal;
using Fts.Accounts.Quota;
using Fts.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fts.Accounts.Recording;

/// <summary>The options of <see cref="AccountRecords"/>.</summary>
public sealed record AccountRecordsOptions
{
    /// <summary>The real path of an existing directory for the journal. No other process may use it.</summary>
    public required string JournalDirectory { get; init; }

    /// <summary>The database of events and quotas. The caller disposes it after the records.</summary>
    public required IRecordDatabase Database { get; init; }

    /// <summary>
    /// Returns the store of a real directory, or null if the directory does not exist. Called to recover operations and to count
    /// directories. The caller disposes the stores.
    /// </summary>
    public required Func<string, IFileStore?> OpenStore { get; init; }

    /// <summary>Whether events are recorded. Quotas work without events. Default: false.</summary>
    public bool RecordsEvents { get; init; }

    /// <summary>Whether each journal record is flushed to stable storage. Default: false.</summary>
    public bool IsDurable { get; init; }

    /// <summary>How old the count of a directory may become before the directory is counted again. Default: 1 day.</summary>
    public TimeSpan MaxCountAge { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Called after events were added to the database, for example to deliver them at once. Must not throw.</summary>
    public Action? EventsAdded { get; init; }

    /// <summary>The logger. Default: none.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>The clock. Default: the system clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}

/// <summary>
/// The exact quotas and the events of a server. An acknowledged change is recorded exactly once, even if the process is killed.
/// Thread-safe.
/// </summary>
public sealed class AccountRecords : IAsyncDisposable
{
    private readonly AccountRecordsOptions _options;
    private readonly RecordFolder _folder;
    private readonly QuotaCounter _counter;
    private readonly SemaphoreSlim _countTurn = new(1); // two counts of a directory would invalidate each other
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<string, bool> _counted = new(StringComparer.Ordinal); // counted since the start
    private readonly bool _wasStopped;
    private Task _tasks = Task.CompletedTask;
    private bool _isDisposed;

    private AccountRecords(AccountRecordsOptions options, RecordJournal journal, bool wasStopped)
    {
        (_options, Journal, _wasStopped) = (options, journal, wasStopped);
        _folder = new RecordFolder(journal, options.Database, options.Logger, options.TimeProvider, options.EventsAdded);
        _counter = new QuotaCounter(this, options.MaxCountAge, countsAllFirst: !wasStopped);
        Ledger.CountNeeded = _counter.Wake;
    }

    /// <summary>The usage of the directories with a quota.</summary>
    public QuotaLedger Ledger { get; } = new();

    /// <summary>Whether events are recorded.</summary>
    public bool RecordsEvents => _options.RecordsEvents;

    internal RecordJournal Journal { get; }

    internal EntryLocks Locks { get; } = new();

    internal ILogger Logger => _options.Logger;

    internal TimeProvider Clock => _options.TimeProvider;

    /// <summary>
    /// Opens the records. Determines from the files which operations of a killed process were completed, and applies their effects.
    /// </summary>
    /// <exception cref="IOException">The journal or the database cannot be used.</exception>
    public static async Task<AccountRecords> OpenAsync(AccountRecordsOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        RecordState state = await options.Database.ReadStateAsync(cancellationToken).ConfigureAwait(false);
        var journal = RecordJournal.Open(
            options.JournalDirectory, state.FoldedThrough, options.IsDurable, out RecoveredJournal recovered);
        var records = new AccountRecords(options, journal, recovered.WasStopped);
        try
        {
            await records.RecoverAsync(state, recovered, cancellationToken).ConfigureAwait(false);
            return records;
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Returns the number of journal records that a killed server left, and that are not in the database: settled events and changes, and
    /// operations whose outcome the next start determines. Changes nothing. Not meaningful while a server uses the journal.
    /// </summary>
    /// <param name="journalDirectory">The directory of the journal, which perhaps does not exist.</param>
    /// <param name="foldedThrough">The stored <see cref="RecordState.FoldedThrough"/>.</param>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The journal cannot be read.</exception>
    public static int CountPending(string journalDirectory, long foldedThrough)
    {
        ArgumentException.ThrowIfNullOrEmpty(journalDirectory);
        if (!Directory.Exists(journalDirectory))
        {
            return 0;
        }

        RecoveredJournal left = RecordJournal.Inspect(journalDirectory, foldedThrough);
        return left.Settled.Count + left.Open.Count;
    }

    /// <summary>Starts the tasks that write to the database and count directories. Called once.</summary>
    public void Start() => _tasks = Task.WhenAll(
        Task.Run(() => RunUntilStopAsync(_folder.RunAsync)), Task.Run(() => RunUntilStopAsync(_counter.RunAsync)));

    /// <summary>Sets or removes (null) the quota of an account. A directory that was never counted is counted in the background.</summary>
    /// <param name="account">The name of the account.</param>
    /// <param name="home">The real path of its home directory.</param>
    /// <param name="limit">The limit, or null for none.</param>
    public void SetQuota(string account, string home, QuotaLimit? limit)
    {
        Ledger.SetLimit(account, new StoreLocations(home).Home, limit);
        _counter.Wake();
    }

    /// <summary>
    /// Replaces the quotas of all accounts, for example after accounts were changed. Sessions use the new limits from their next block of
    /// bytes. A directory that was never counted is counted in the background.
    /// </summary>
    public void SetQuotas(IReadOnlyCollection<AccountQuota> quotas)
    {
        Ledger.SetLimits(quotas);
        _counter.Wake();
    }

    /// <summary>Returns the recorder of a session.</summary>
    /// <param name="account">The name of the account.</param>
    /// <param name="address">The IP address of the client, or null.</param>
    /// <param name="session">The number of the session, or null.</param>
    /// <param name="locations">The directories of the account's store.</param>
    public SessionRecords BeginSession(string account, string? address, long? session, StoreLocations locations) =>
        new(this, account, address, session, locations);

    /// <summary>Records an event, unless events are not recorded. A failure is logged.</summary>
    public void Record(AccountEvent happened)
    {
        ArgumentNullException.ThrowIfNull(happened);
        if (!RecordsEvents)
        {
            return;
        }

        try
        {
            Journal.WriteEffect(new JournalEntry(JournalOperation.None) { Events = [happened] });
        }
        catch (StoreException e)
        {
            RecordLog.EventLost(Logger, EventTypes.GetName(happened.Type), e.Message);
        }
    }

    /// <summary>Writes all settled events and quotas to the database now.</summary>
    /// <exception cref="IOException">The database cannot be written.</exception>
    public ValueTask FlushAsync(CancellationToken cancellationToken) => _folder.FoldAsync(cancellationToken);

    /// <summary>
    /// Counts a directory with a quota while clients use it, and corrects its usage. Returns the correction, or null if the directory has
    /// no quota. A directory that does not exist has no files. But if an account has a quota there and the directory had files, it is
    /// perhaps missing only for a time. It then keeps its usage.
    /// </summary>
    /// <param name="directory">The real path of the directory.</param>
    /// <param name="cancellationToken">Cancels the count.</param>
    /// <exception cref="StoreException">
    /// The directory cannot be read, or it had files and does not exist (<see cref="StoreError.NotFound"/>).
    /// </exception>
    public async ValueTask<QuotaAmount?> RecountAsync(string directory, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        await _countTurn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (OpenStore(directory) is { } store)
            {
                return await QuotaWalk.CorrectAsync(this, directory, store, cancellationToken).ConfigureAwait(false);
            }

            return Ledger.WithDirectory(directory, BeginCountOfMissing) is { } empty ? ApplyCount(directory, empty) : null;
        }
        finally
        {
            _countTurn.Release();
        }
    }

    /// <summary>Stops the background tasks, and writes everything to the database. The sessions must have ended.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _tasks.ConfigureAwait(false);
        try
        {
            await _folder.FoldAsync(CancellationToken.None).ConfigureAwait(false);
            if (_wasStopped || Ledger.Directories.All(IsCounted))
            {
                Journal.WriteStopped(); // otherwise the next start counts all directories
            }
        }
        catch (Exception e) when (e is IOException)
        {
            RecordLog.FoldFailed(Logger, e.Message);
        }

        Journal.Dispose();
        _counter.Dispose();
        _folder.Dispose();
        _countTurn.Dispose();
        _stopping.Dispose();
    }

    internal IFileStore? OpenStore(string directory) => _options.OpenStore(directory);

    /// <summary>Applies changes of quotas that no operation causes.</summary>
    internal void Correct(IReadOnlyList<LedgerChange> changes)
    {
        Ledger.Settle(null, changes);
        Journal.WriteEffect(new JournalEntry(JournalOperation.None)
        {
            Changes = [.. changes.Select(change => new QuotaChange(change.Directory.Path, change.Amount))],
        });
    }

    /// <summary>
    /// Replaces the usage of a directory by the result of a count, and logs the difference. Returns the difference, or null if the count is
    /// not valid.
    /// </summary>
    internal QuotaAmount? ApplyCount(string directory, QuotaCount count)
    {
        DateTimeOffset now = AccountEvent.RoundTime(Clock.GetUtcNow());
        QuotaAmount? correction = null;
        bool isFirst = false;
        Ledger.WithDirectory(directory, found =>
        {
            if (!count.IsInvalid && found.Count == count)
            {
                isFirst = found.CountedAt is null;
                correction = count.Total - found.Used;
                // The journal is written under the ledger's lock, so that no other change is between the two.
                Journal.WriteEffect(new JournalEntry(JournalOperation.None)
                {
                    Changes = [new QuotaChange(directory, correction.Value)],
                    CountedAt = now,
                });
                (found.Used, found.CountedAt, found.Count) = (count.Total, now, null);
                found.CompleteFirstCount();
            }

            return true;
        });
        if (correction is { } difference)
        {
            _counted[directory] = true;
            if (isFirst)
            {
                RecordLog.QuotaCounted(Logger, directory, count.Total.Bytes, count.Total.Files);
            }
            else if (difference != default)
            {
                RecordLog.QuotaCorrected(Logger, directory, difference.Bytes, difference.Files);
            }
        }

        return correction;
    }

    /// <summary>Returns whether a directory needs no other count after the kill of the last process.</summary>
    private bool IsCounted(string directory) =>
        _counted.ContainsKey(directory) || Ledger.GetUsage(directory, "")?.CountedAt is null; // the first count is always made

    private static QuotaCount BeginCountOfMissing(QuotaDirectory directory) =>
        directory is { CountedAt: not null, HasLimits: true } && directory.Used != default
            ? throw new StoreException(StoreError.NotFound, "the directory does not exist, but had files at its last count")
            : directory.Count = new QuotaCount();

    private async ValueTask RecoverAsync(RecordState state, RecoveredJournal recovered, CancellationToken cancellationToken)
    {
        if (recovered.DamagedBytes > 0)
        {
            RecordLog.JournalDamaged(Logger, recovered.DamagedBytes);
        }

        foreach (StoredUsage usage in state.Usage)
        {
            Ledger.Restore(usage.Directory, usage.Used, usage.CountedAt);
        }

        foreach (JournalEntry entry in recovered.Settled.Select(settled => settled.Entry))
        {
            Ledger.Replay(entry.Changes, entry.CountedAt);
        }

        (int settled, int dropped) = (0, 0);
        foreach ((long intent, JournalEntry entry) in recovered.Open)
        {
            try
            {
                bool wasCompleted = await RecoverAsync(intent, entry, cancellationToken).ConfigureAwait(false);
                (settled, dropped) = wasCompleted ? (settled + 1, dropped) : (settled, dropped + 1);
            }
            catch (Exception e) when (e is StoreException or ArgumentException)
            {
                // The intent stays in the journal, and the next start checks it again.
                RecordLog.OutcomeUnknown(Logger, entry.Source.FullPath, e.Message);
            }
        }

        if (settled + dropped > 0)
        {
            RecordLog.Recovered(Logger, settled, dropped);
        }
    }

    /// <summary>Ends an intent of a killed process. Returns whether its operation was completed.</summary>
    private async ValueTask<bool> RecoverAsync(long intent, JournalEntry entry, CancellationToken cancellationToken)
    {
        if (!await OperationOutcome.WasCompletedAsync(entry, OpenStore, cancellationToken).ConfigureAwait(false))
        {
            Journal.Drop(intent);
            return false;
        }

        await OperationOutcome.DeletePartsAsync(entry, OpenStore, cancellationToken).ConfigureAwait(false);
        Ledger.Replay(entry.Changes, null);
        Journal.Settle(intent);
        return true;
    }

    private async Task RunUntilStopAsync(Func<CancellationToken, Task> loop)
    {
        try
        {
            await loop(_stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The records are being closed.
        }
    }
}
