namespace Fts.Accounts.Journal;

/// <summary>What the last process left in the journal.</summary>
/// <param name="Settled">The settled entries that are not in the database yet, in the order of their numbers.</param>
/// <param name="Open">The intents whose end is unknown, by number.</param>
/// <param name="WasStopped">Whether the last process stopped the server itself. True if no journal existed.</param>
/// <param name="DamagedBytes">
/// The number of bytes that belong to no complete record. A record that a killed process did not complete is normal.
/// </param>
internal sealed record RecoveredJournal(
    IReadOnlyList<SettledEntry> Settled, IReadOnlyList<KeyValuePair<long, JournalEntry>> Open, bool WasStopped, long DamagedBytes)
{
    /// <summary>Determines the state from the records.</summary>
    /// <param name="records">The records of all files, the oldest file first. A file repeats the open intents of the file before.</param>
    /// <param name="foldedThrough">The number of the last record whose effects are in the database.</param>
    /// <param name="damagedBytes">As in <see cref="DamagedBytes"/>.</param>
    /// <param name="isNew">Whether no journal existed.</param>
    public static RecoveredJournal Create(IReadOnlyList<JournalRecord> records, long foldedThrough, long damagedBytes, bool isNew)
    {
        var open = new SortedDictionary<long, JournalEntry>();
        var ended = new HashSet<long>();
        var settled = new SortedDictionary<long, JournalEntry>();
        foreach (JournalRecord record in records)
        {
            switch (record.Kind)
            {
                case JournalRecordKind.Intent when !ended.Contains(record.Number):
                    open[record.Number] = record.Entry!;
                    break;
                case JournalRecordKind.Effect:
                    settled[record.Number] = record.Entry!;
                    break;
                case JournalRecordKind.Settled or JournalRecordKind.Dropped:
                    ended.Add(record.IntentNumber);
                    if (open.Remove(record.IntentNumber, out JournalEntry? entry) && record.Kind == JournalRecordKind.Settled)
                    {
                        settled[record.Number] = entry;
                    }

                    break;
            }
        }

        SettledEntry[] unfolded =
            [.. settled.Where(entry => entry.Key > foldedThrough).Select(entry => new SettledEntry(entry.Key, entry.Value))];
        bool wasStopped = isNew || (records.Count > 0 && records[^1].Kind == JournalRecordKind.Stopped);
        return new RecoveredJournal(unfolded, [.. open], wasStopped && damagedBytes == 0, damagedBytes);
    }
}
