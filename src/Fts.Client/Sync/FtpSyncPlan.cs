namespace Fts.Client;

/// <summary>The action of one entry of a <see cref="FtpSyncPlan"/>, in the order of execution.</summary>
public enum FtpSyncAction
{
    /// <summary>Creates a directory in the target.</summary>
    CreateDirectory,
    /// <summary>Transfers a file that the target lacks.</summary>
    Add,
    /// <summary>Transfers a file that differs in the target.</summary>
    Change,
    /// <summary>Renames a file of the target, because the source has the same content under another path.</summary>
    Move,
    /// <summary>Deletes a file of the target that the source lacks.</summary>
    DeleteFile,
    /// <summary>Deletes a directory of the target that the source lacks.</summary>
    DeleteDirectory,
}

/// <summary>The metadata by which a later run recognises whether a file has changed.</summary>
/// <param name="Length">The size in bytes; null if unknown.</param>
/// <param name="LastModified">The last-modified time in UTC; null if unknown.</param>
public sealed record FtpSyncState(long? Length, DateTimeOffset? LastModified);

/// <summary>One change that makes the target of a sync equal to its source.</summary>
/// <param name="Action">The action.</param>
/// <param name="LocalPath">The local path. For a deletion or move on the server, the path that the entry would have locally.</param>
/// <param name="RemotePath">The path on the server. For a local deletion or move, the path that the entry would have there.</param>
public sealed record FtpSyncEntry(FtpSyncAction Action, string LocalPath, string RemotePath)
{
    /// <summary>The present path of a file to move, in the target; null for other actions.</summary>
    public string? MovedFrom { get; init; }

    /// <summary>The state of the file in the source; null for a directory, a deletion, and a file that is missing.</summary>
    public FtpSyncState? Source { get; init; }

    /// <summary>The state of the file in the target, for a move under its present path; null for a directory, and a missing file.</summary>
    public FtpSyncState? Target { get; init; }

    /// <summary>The listed entry of the file on the server; null if it was not listed.</summary>
    internal FtpEntry? RemoteEntry { get; init; }
}

/// <summary>The options of a comparison by <see cref="FtpClient.PlanSyncAsync"/>.</summary>
public sealed record FtpSyncOptions
{
    /// <summary>The default options.</summary>
    public static FtpSyncOptions Default { get; } = new();

    /// <summary>Whether the plan deletes files and directories that the source lacks, and detects moves; false by default.</summary>
    public bool Delete { get; init; }

    /// <summary>
    /// Whether files of the same size are compared by their SHA-256 instead of their last-modified times; false by default. The client
    /// requests the hashes with HASH (draft-bryan-ftpext-hash) or XSHA256.
    /// </summary>
    public bool Checksum { get; init; }

    /// <summary>
    /// The maximum number of deleted files. Null, the default, means that the deletions are blocked if the source has no file, or less
    /// than half as many files as the target. A number replaces this check.
    /// </summary>
    public int? MaxDelete { get; init; }

    /// <summary>
    /// The maximum number of deleted files, in percent of the files in the target; null for no such limit. Replaces the same check as
    /// <see cref="MaxDelete"/>.
    /// </summary>
    public int? MaxDeletePercent { get; init; }

    /// <summary>
    /// The directory on the side of the target that receives deleted and replaced files; null to delete them. If it is in the target, the
    /// comparison ignores it.
    /// </summary>
    public string? Trash { get; init; }
}

/// <summary>The changes that make the target of a sync equal to its source.</summary>
/// <param name="Direction">The direction.</param>
/// <param name="LocalDirectory">The local directory.</param>
/// <param name="RemoteDirectory">The directory on the server; empty for the working directory.</param>
public sealed record FtpSyncPlan(FtpMirrorDirection Direction, string LocalDirectory, string RemoteDirectory)
{
    /// <summary>The entries in the order of execution: directories, transfers, moves, deletions.</summary>
    public IReadOnlyList<FtpSyncEntry> Entries { get; init; } = [];

    /// <summary>The reason why the deletions are not part of the plan; null if none was blocked.</summary>
    public string? BlockedDeletionReason { get; init; }

    /// <summary>The number of deletions that are not part of the plan.</summary>
    public int BlockedDeletions { get; init; }

    /// <summary>The number of files that the target already has unchanged.</summary>
    public int Unchanged { get; init; }

    /// <summary>The number of links, devices and other special files, which are neither transferred nor deleted.</summary>
    public int Skipped { get; init; }

    /// <summary>The entries that cannot be compared or transferred. See <see cref="FtpMirrorPlan.Failures"/>.</summary>
    public IReadOnlyList<FtpMirrorFailure> Failures { get; init; } = [];

    /// <summary>The listed lines in an unknown format. See <see cref="FtpMirrorPlan.UnreadableEntries"/>.</summary>
    public IReadOnlyList<FtpEntry> UnreadableEntries { get; init; } = [];

    /// <summary>The directory for deleted and replaced files; null to delete them.</summary>
    public string? Trash { get; init; }

    /// <summary>Whether files of the same size were compared by hash.</summary>
    public bool Checksum { get; init; }

    /// <summary>Whether there is nothing to do.</summary>
    public bool IsEmpty => Entries.Count == 0;

    /// <summary>The total size in bytes of the files to transfer. Files of unknown size count as 0.</summary>
    public long Bytes => Entries.Sum(entry => entry.Action is FtpSyncAction.Add or FtpSyncAction.Change ? entry.Source?.Length ?? 0 : 0);

    /// <summary>The files to transfer.</summary>
    public IReadOnlyList<FtpBatchFile> Files =>
        [.. Entries.Where(entry => entry.Action is FtpSyncAction.Add or FtpSyncAction.Change).Select(entry =>
            new FtpBatchFile(entry.LocalPath, entry.RemotePath) { SourceEntry = entry.RemoteEntry })];

    /// <summary>Returns the number of entries with an action.</summary>
    public int Count(FtpSyncAction action) => Entries.Count(entry => entry.Action == action);
}

/// <summary>The result of one entry of a sync.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Exception">
/// The cause of the failure; null if the entry succeeded. <see cref="OperationCanceledException"/> is never a cause.
/// </param>
public sealed record FtpSyncEntryResult(FtpSyncEntry Entry, Exception? Exception)
{
    /// <summary>Whether the file vanished from the source, or from the target before its deletion. This is not a failure.</summary>
    public bool HasVanished { get; init; }

    /// <summary>Whether a deletion was not executed, because another entry had failed. The next sync deletes the entry.</summary>
    public bool IsPostponed { get; init; }
}

/// <summary>The result of a sync.</summary>
/// <param name="Entries">One result for each entry of the plan.</param>
public sealed record FtpSyncResult(IReadOnlyList<FtpSyncEntryResult> Entries);
