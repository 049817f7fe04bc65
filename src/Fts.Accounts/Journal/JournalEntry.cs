using Fts.Accounts.Events;
using Fts.Accounts.Quota;
using Fts.Accounts.Recording;
using Fts.Storage;

namespace Fts.Accounts.Journal;

/// <summary>The operation of a journal entry. The numbers are stored.</summary>
internal enum JournalOperation : byte
{
    /// <summary>No file changes: a login, a download, or a correction by a count.</summary>
    None = 0,
    /// <summary>A file is published at <see cref="JournalEntry.Source"/>.</summary>
    Publish = 1,
    /// <summary>The entry at <see cref="JournalEntry.Source"/> is deleted.</summary>
    Delete = 2,
    /// <summary>The entry is renamed to <see cref="JournalEntry.Target"/>.</summary>
    Rename = 3,
    /// <summary>A directory is created.</summary>
    CreateDirectory = 4,
    /// <summary>A link is created.</summary>
    CreateLink = 5,
}

/// <summary>
/// An operation with its effects: changes of quotas, and an event. The entry is written before the operation (the intent). The effects
/// apply when the entry is settled.
/// </summary>
internal sealed record JournalEntry(JournalOperation Operation)
{
    /// <summary>The changed entry. Not used if the operation is <see cref="JournalOperation.None"/>.</summary>
    public StoreLocation Source { get; init; }

    /// <summary>The new location of a renamed entry.</summary>
    public StoreLocation Target { get; init; }

    /// <summary>
    /// The <see cref="FileEntry.Id"/> of the published file after, or of the deleted or renamed entry before the operation. 0 if unknown.
    /// </summary>
    public ulong FileId { get; init; }

    /// <summary>The size of a published file in bytes.</summary>
    public long Length { get; init; }

    /// <summary>The changes of quotas.</summary>
    public IReadOnlyList<QuotaChange> Changes { get; init; } = [];

    /// <summary>The time of the count that caused <see cref="Changes"/>, or null if no count caused them.</summary>
    public DateTimeOffset? CountedAt { get; init; }

    /// <summary>
    /// The files that are deleted after the file is published, because it contains their bytes (COMB). A recovery deletes the rest of them.
    /// </summary>
    public IReadOnlyList<CombinedPart> Parts { get; init; } = [];

    /// <summary>The events, in order.</summary>
    public IReadOnlyList<AccountEvent> Events { get; init; } = [];
}

/// <summary>A file whose bytes became part of another file.</summary>
/// <param name="Location">The location of the file.</param>
/// <param name="FileId">The <see cref="FileEntry.Id"/> of the file, never 0.</param>
internal readonly record struct CombinedPart(StoreLocation Location, ulong FileId);

/// <summary>The kind of a record in a journal file. The numbers are stored.</summary>
internal enum JournalRecordKind : byte
{
    /// <summary>An entry whose operation is about to run.</summary>
    Intent = 1,
    /// <summary>The operation of an earlier intent was completed.</summary>
    Settled = 2,
    /// <summary>The operation of an earlier intent changed nothing.</summary>
    Dropped = 3,
    /// <summary>An entry without an operation, which is settled at once.</summary>
    Effect = 4,
    /// <summary>The server stopped, and no intent was open.</summary>
    Stopped = 5,
}

/// <summary>A record of a journal file.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Number">The number of the record. The numbers increase.</param>
/// <param name="IntentNumber">The number of the intent, for <see cref="JournalRecordKind.Settled"/> and Dropped.</param>
/// <param name="Entry">The entry, for <see cref="JournalRecordKind.Intent"/> and Effect.</param>
internal readonly record struct JournalRecord(JournalRecordKind Kind, long Number, long IntentNumber, JournalEntry? Entry);
