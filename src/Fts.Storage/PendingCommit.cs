namespace Fts.Storage;

/// <summary>The result that <see cref="IFileWriter.CommitAsync"/> would have at this moment.</summary>
/// <param name="DirectoryId">The <see cref="FileEntry.Id"/> of the directory of the file, or 0 if the store has no identifiers.</param>
/// <param name="Name">The name of the file in that directory. If the upload's path is a link, the name of the link's target.</param>
/// <param name="FileId">
/// The <see cref="FileEntry.Id"/> of the file after the commit, or 0 if it is not known before the commit.
/// </param>
/// <param name="Length">The size of the file after the commit, in bytes.</param>
/// <param name="Existing">
/// The entry that has the name of the file now, or null if none has it. A link is not followed. The commit replaces this entry, or appends
/// to it.
/// </param>
public readonly record struct PendingCommit(ulong DirectoryId, string Name, ulong FileId, long Length, FileEntry? Existing)
{
    /// <summary>
    /// Whether <see cref="FileId"/> and <see cref="Length"/> stay the same if another upload creates, replaces or deletes the existing
    /// entry. They do not if the commit may append to that entry.
    /// </summary>
    public bool IsIndependentOfExisting { get; init; }
}
