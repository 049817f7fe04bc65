using Fts.Storage.Local.Staging;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;
using static Fts.Native.Errno;
using static Fts.Native.FileCalls;

namespace Fts.Storage.Local.Linux;

/// <summary>
/// Runs a call that needs an empty directory on a directory that contains only partial uploads. They are first moved to the parent
/// directory under random hidden names. They are deleted if the call succeeds and moved back if it fails, so that a refused call changes
/// nothing.
/// </summary>
internal static class LinuxDirectoryClearing
{
    /// <summary>
    /// Returns 0 or the error number of <paramref name="call"/>. Returns ENOTEMPTY, without calling it, if the directory contains anything
    /// else.
    /// </summary>
    /// <param name="parent">The parent directory.</param>
    /// <param name="name">The name of the directory in it.</param>
    /// <param name="call">Returns 0 or an error number.</param>
    public static int RunOnCleared(SafeFileHandle parent, string name, Func<int> call)
    {
        using var directory = new SafeFileHandle(Openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0), ownsHandle: true);
        if (directory.IsInvalid || FindPartialUploads(directory) is not { } uploads)
        {
            return ENOTEMPTY;
        }

        var moved = new List<(string Name, string Aside)>(uploads.Count);
        int error = ENOTEMPTY;
        try
        {
            error = MoveAside(directory, uploads, parent, moved) ? call() : ENOTEMPTY;
        }
        finally
        {
            foreach ((string upload, string aside) in moved)
            {
                if (error == 0)
                {
                    _ = Unlinkat(parent, aside, 0);
                }
                else if (LinuxRootDirectory.Rename(parent, aside, directory, upload, replace: false) == EEXIST)
                {
                    _ = Unlinkat(parent, aside, 0); // a newer partial upload of the same name replaces it
                }
            }
        }

        return error;
    }

    /// <summary>The names of the partial uploads; null if the directory contains another entry or an upload in progress. Stops at the first visible name.</summary>
    private static List<string>? FindPartialUploads(SafeFileHandle directory)
    {
        var names = new List<string>();
        bool hasOnlyHidden = LinuxDirectoryNames.ForEach(directory, (name, _) =>
        {
            bool isHidden = PathRules.IsReserved(name);
            if (isHidden)
            {
                names.Add(name);
            }

            return isHidden;
        });
        return hasOnlyHidden && names.TrueForAll(name => LinuxPartialUploads.Find(directory, name) is not null) ? names : null;
    }

    /// <summary>
    /// Moves the partial uploads. Each is locked while it is moved, so that no client can resume it under its old name meanwhile.
    /// </summary>
    private static bool MoveAside(SafeFileHandle directory, List<string> uploads, SafeFileHandle parent, List<(string Name, string Aside)> moved)
    {
        foreach (string upload in uploads)
        {
            string aside = StagingNames.CreateRandom();
            if (LinuxPartialUploads.TryAcquire(directory, upload, out SafeFileHandle? handle, out _) != StagingFileState.Acquired)
            {
                return false;
            }

            using (handle)
            {
                if (LinuxRootDirectory.Rename(directory, upload, parent, aside, replace: false) != 0)
                {
                    return false;
                }
            }

            moved.Add((upload, aside));
        }

        return true;
    }
}
