using Fts.Accounts.Events;

namespace Fts.Accounts.Sql.Records;

/// <summary>Converts events to rows of the table <c>events</c> and back.</summary>
internal static class EventRows
{
    /// <summary>Returns at most $2 events after the event $1, ordered by number.</summary>
    public const string Select =
        """
        SELECT id, time, type, account, address, session, path, target, bytes, verdict, sha256, rule, source, actor, detail, previous_hash,
            hash
        FROM events WHERE id > $1 ORDER BY id LIMIT $2
        """;

    /// <summary>Returns the event $1.</summary>
    public const string SelectOne =
        """
        SELECT id, time, type, account, address, session, path, target, bytes, verdict, sha256, rule, source, actor, detail, previous_hash,
            hash
        FROM events WHERE id = $1
        """;

    private const string InsertStatement =
        """
        INSERT INTO events (id, time, type, account, address, session, path, target, bytes, verdict, sha256, rule, source, actor,
            detail, previous_hash, hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
        """;

    public static void Insert(ISqlSession session, StoredEvent stored)
    {
        AccountEvent happened = stored.Event;
        session.Execute(
            InsertStatement, stored.Id, happened.Time.UtcTicks, (long)happened.Type, happened.Account, happened.Address, happened.Session,
            happened.Path, happened.Target, happened.Bytes, happened.Verdict, happened.Sha256, happened.Rule, happened.Source,
            happened.Actor, happened.Detail,
            Convert.ToHexStringLower(stored.PreviousHash), Convert.ToHexStringLower(stored.Hash));
    }

    /// <summary>Reads a row. A row that another program changed is returned as it is, so that the check of the chain finds it.</summary>
    public static StoredEvent Read(ISqlRow row)
    {
        long ticks = Math.Clamp(row.GetRequiredInteger(1), DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks);
        var happened = new AccountEvent((EventType)row.GetRequiredInteger(2), new DateTimeOffset(ticks, TimeSpan.Zero))
        {
            Account = row.GetText(3),
            Address = row.GetText(4),
            Session = row.GetInteger(5),
            Path = row.GetText(6),
            Target = row.GetText(7),
            Bytes = row.GetInteger(8),
            Verdict = row.GetText(9),
            Sha256 = row.GetText(10),
            Rule = row.GetText(11),
            Source = row.GetText(12),
            Actor = row.GetText(13),
            Detail = row.GetText(14),
        };
        return new StoredEvent(row.GetRequiredInteger(0), happened, ParseHash(row.GetRequiredText(15)), ParseHash(row.GetRequiredText(16)));
    }

    /// <summary>Returns the bytes of a hash, or no bytes if the text is not valid.</summary>
    public static byte[] ParseHash(string text) =>
        text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit) ? Convert.FromHexString(text) : [];
}
