using Fts.Client;

namespace Fts.Transfers.Selection;

/// <summary>Decides which files are transferred.</summary>
/// <param name="filter">The rules for paths.</param>
internal sealed class FileSelection(FtpPathFilter filter)
{
    /// <summary>Only files changed after this time are selected; null for all.</summary>
    public DateTimeOffset? NewerThan { get; init; }

    /// <summary>Only files changed before this time are selected; null for all.</summary>
    public DateTimeOffset? OlderThan { get; init; }

    /// <summary>Only files with more bytes are selected; null for all.</summary>
    public long? LargerThan { get; init; }

    /// <summary>Only files with fewer bytes are selected; null for all.</summary>
    public long? SmallerThan { get; init; }

    /// <summary>Whether every file is selected, so that no metadata is needed.</summary>
    public bool IsEverything => filter.IsEmpty && !NeedsMetadata;

    /// <summary>Whether the selection depends on the size or the time of a file.</summary>
    public bool NeedsMetadata => (NewerThan ?? OlderThan) is not null || (LargerThan ?? SmallerThan) is not null;

    /// <summary>Returns whether a folder can contain selected files.</summary>
    /// <param name="path">The path below the root of the transfer.</param>
    public bool CanContainFiles(string path) => filter.CanContainFiles(path);

    /// <summary>
    /// Returns whether a file is selected. An unknown size or time selects the file, because leaving it out silently would be worse.
    /// </summary>
    /// <param name="path">The path below the root of the transfer, with slashes.</param>
    /// <param name="length">The size in bytes, or null if it is unknown.</param>
    /// <param name="lastModified">The last-modified time, or null if it is unknown.</param>
    public bool IsSelected(string path, long? length, DateTimeOffset? lastModified) =>
        filter.IsIncluded(path)
        && (NewerThan is not { } newer || lastModified is not { } time || time > newer)
        && (OlderThan is not { } older || lastModified is not { } before || before < older)
        && (LargerThan is not { } larger || length is not { } size || size > larger)
        && (SmallerThan is not { } smaller || length is not { } bytes || bytes < smaller);
}
