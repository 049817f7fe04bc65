using Fts.Native;
using Fts.Storage.Local.Linux;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;
using static Fts.Native.DirectoryEntries;
using static Fts.Native.FileCalls;
using static Fts.Native.FileStatus;

namespace Fts.Storage.Local.Staging;

/// <summary>
/// Looks through folders for pending files that nobody writes and that were last written before a time, and removes them. Looks at no file but those, follows no
/// link, and passes over what cannot be read: the next sweep comes.
/// </summary>
internal sealed class LinuxPartialUploadSweep(LinuxRootDirectory root, DateTime before, PartialUploadIndex index)
{
    /// <summary>The whole tree; how many were removed.</summary>
    public int Run(CancellationToken cancellationToken) => Walk(".", depth: 0, cancellationToken);

    private int Walk(string relative, int depth, CancellationToken cancellationToken)
    {
        using SafeFileHandle? directory = Open(relative);
        int removed = 0;
        if (directory is not null)
        {
            LinuxDirectoryNames.ForEach(directory, (name, type) =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (PathRules.IsReserved(name))
                {
                    if (LinuxPartialUploads.TryRemove(directory, name, before))
                    {
                        removed++;
                    }
                    else if (LinuxPartialUploads.Find(directory, name) is { } left)
                    {
                        index.AddFound(new PartialUploadLocation(relative, name), left.Length, left.LastModified);
                    }
                }
                else if (depth < StorePath.MaxDepth && (type == DT_DIR || (type == DT_UNKNOWN && Statx(directory, name, AT_SYMLINK_NOFOLLOW, out FileStatus status) == 0 && status.IsDirectory)))
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
