using Fts.Accounts.Events;

namespace Fts.Accounts.Sql.Records;

/// <summary>Adds events to the chain, in the caller's transaction.</summary>
internal static class EventAppender
{
    /// <summary>Returns whether the last start of a server enabled events.</summary>
    public static bool IsEnabled(ISqlSession session) => session.QueryInteger("SELECT records_events FROM record_state") != 0;

    /// <summary>Adds events at the end of the chain.</summary>
    public static void Append(ISqlSession session, IReadOnlyList<AccountEvent> events)
    {
        EventChainHead head = ReadHead(session);
        foreach (AccountEvent happened in events)
        {
            StoredEvent stored = EventChain.Append(head, happened);
            EventRows.Insert(session, stored);
            head = new EventChainHead(stored.Id, stored.Hash);
        }

        session.Execute(
            "UPDATE record_state SET last_event_id = $1, last_event_hash = $2", head.Id, Convert.ToHexStringLower(head.Hash));
    }

    /// <summary>Reads the head of the chain.</summary>
    public static EventChainHead ReadHead(ISqlSession session) => session.Query(
        "SELECT last_event_id, last_event_hash FROM record_state",
        row => new EventChainHead(row.GetRequiredInteger(0), EventRows.ParseHash(row.GetRequiredText(1))))[0];
}
