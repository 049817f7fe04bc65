using System.Runtime.CompilerServices;
using Fts.Accounts.Events;
using Fts.Accounts.Quota;
using Fts.Accounts.Recording;
using Fts.Accounts.Sql.Sqlite;

namespace Fts.Accounts.Sql.Records;

/// <summary>The events and the usage of quotas in an SQL database. Thread-safe.</summary>
/// <param name="database">The database. The caller disposes it after this object.</param>
public sealed class SqlRecordDatabase(SqliteDatabase database) : IRecordDatabase
{
    private const int EventsPerPage = 1000;

    /// <inheritdoc/>
    public ValueTask<RecordState> ReadStateAsync(CancellationToken cancellationToken) => database.ReadAsync(
        session => new RecordState(
            session.QueryInteger("SELECT folded_through FROM record_state"),
            session.Query("SELECT directory, bytes, files, counted_at FROM quota_usage ORDER BY directory", ReadUsage)),
        cancellationToken);

    /// <inheritdoc/>
    public async ValueTask AddAsync(RecordBatch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        await database.WriteAsync(session => Add(session, batch), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<EventChainHead> ReadHeadAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(session => ReadHead(session).Head, cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredEvent> ReadEventsAsync(
        long afterId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IReadOnlyList<StoredEvent> page;
        do
        {
            long after = afterId;
            page = await database.ReadAsync(
                session => session.Query(EventRows.Select, EventRows.Read, after, EventsPerPage), cancellationToken).ConfigureAwait(false);
            foreach (StoredEvent stored in page)
            {
                yield return stored;
                afterId = stored.Id;
            }
        }
        while (page.Count == EventsPerPage);
    }

    private static bool Add(ISqlSession session, RecordBatch batch)
    {
        (long foldedThrough, EventChainHead head) = ReadHead(session);
        if (batch.FoldedThrough <= foldedThrough)
        {
            return false;
        }

        foreach (AccountEvent happened in batch.Events)
        {
            StoredEvent stored = EventChain.Append(head, happened);
            EventRows.Insert(session, stored);
            head = new EventChainHead(stored.Id, stored.Hash);
        }

        foreach (StoredUsage usage in batch.Usage)
        {
            session.Execute(
                """
                INSERT INTO quota_usage (directory, bytes, files, counted_at) VALUES ($1, $2, $3, $4)
                ON CONFLICT (directory) DO UPDATE SET
                    bytes = quota_usage.bytes + excluded.bytes,
                    files = quota_usage.files + excluded.files,
                    counted_at = COALESCE(excluded.counted_at, quota_usage.counted_at)
                """,
                usage.Directory, usage.Used.Bytes, usage.Used.Files, usage.CountedAt?.UtcTicks);
        }

        session.Execute(
            "UPDATE record_state SET folded_through = $1, last_event_id = $2, last_event_hash = $3",
            batch.FoldedThrough ?? foldedThrough, head.Id, Convert.ToHexStringLower(head.Hash));
        return true;
    }

    private static (long FoldedThrough, EventChainHead Head) ReadHead(ISqlSession session) => session.Query(
        "SELECT folded_through, last_event_id, last_event_hash FROM record_state",
        row => (
            row.GetRequiredInteger(0),
            new EventChainHead(row.GetRequiredInteger(1), Convert.FromHexString(row.GetRequiredText(2)))))[0];

    private static StoredUsage ReadUsage(ISqlRow row) => new(
        row.GetRequiredText(0),
        new QuotaAmount(row.GetRequiredInteger(1), row.GetRequiredInteger(2)),
        row.GetInteger(3) is { } ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null);
}
