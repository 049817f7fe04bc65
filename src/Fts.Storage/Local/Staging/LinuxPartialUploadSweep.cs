using Fts.Storage.Local.Linux;
using Microsoft.Win32.SafeHandles;
using static Fts.Storage.Local.Linux.LinuxCalls;

namespace Fts.Storage.Local.Staging;

/// <summary>
/// Looks through folders for pending files that nobody writes and that were last written before a time, and removes them. Looks at no file but those, follows no
/// link, and passes over what cannot be read: the next sweep comes.
/// </summary>
internal sealed class LinuxPendingSweep(RootDirectory root, DateTime before, PartialUploadIndex index)
{
    /// <summary>The whole tree; how many were removed.</summary>
    public int Run(CancellationToken cancellationToken) => Walk(".", depth: 0, cancellationToken);

    private int Walk(string relative, int depth, CancellationToken cancellationToken)
    {
        using SafeFileHandle? folder = Open(relative);
        int removed = 0;
        if (folder is not null)
        {
            LinuxFolderNames.ForEach(folder, (name, type) =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (PathRules.IsReserved(name))
                {
                    if (LinuxPendingSlot.TryRemove(folder, name, before))
                    {
                        removed++;
                    }
                    else if (LinuxPendingSlot.Find(folder, name) is { } left)
                    {
                        index.Find(new PartialUploadPlace(relative, name), left.Length, left.Modified);
                    }
                }
                else if (depth < StorePath.MaxDepth && (type == DT_DIR || (type == DT_UNKNOWN && Statx(folder, name, AT_SYMLINK_NOFOLLOW, out LinuxFacts facts) == 0 && facts.IsFolder)))
                {
                    removed += Walk(relative == "." ? name : $"{relative}/{name}", depth + 1, cancellationToken);
                }

                return true;
            });
        }

        return removed;
    }

    private SafeFileHandle? Open(string relative) => root.Open(relative, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, out _);
}
