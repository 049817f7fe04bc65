using Fts.Storage.Local.Staging;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;
using static Fts.Native.Errno;
using static Fts.Native.FileCalls;

namespace Fts.Storage.Local.Linux;

/// <summary>Prepares a directory that contains only partial uploads for a call that needs an empty directory, and runs the call.</summary>
/// <remarks>
/// The partial uploads are first moved to the parent directory under random hidden names. If the call succeeds, they are deleted. If the
/// call fails, they are moved back, so that a refused call changes nothing.
/// </remarks>
internal static class LinuxDirectoryClearing
{
    /// <summary>
    /// Runs the call and returns its result. If the directory contains an upload in progress or an entry that is not a partial upload, or
    /// cannot be read, returns ENOTEMPTY without running the call.
    /// </summary>
    /// <param name="parent">The parent directory.</param>
    /// <param name="name">The name of the directory in the parent directory.</param>
    /// <param name="call">The call. It returns 0 or an error number.</param>
    public static int RunWithoutPartialUploads(SafeFileHandle parent, string name, Func<int> call)
    {
        int descriptor = Openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
        using var directory = new SafeFileHandle(descriptor, ownsHandle: true);
        if (directory.IsInvalid || FindPartialUploads(directory) is not { } uploads)
        {
            return ENOTEMPTY;
        }

        var moved = new List<(string Name, string TemporaryName)>(uploads.Count);
        int error = ENOTEMPTY;
        try
        {
            error = MoveToParent(directory, uploads, parent, moved) ? call() : ENOTEMPTY;
        }
        finally
        {
            foreach ((string upload, string temporaryName) in moved)
            {
                if (error == 0)
                {
                    _ = Unlinkat(parent, temporaryName, 0);
                }
                else if (LinuxRootDirectory.Rename(parent, temporaryName, directory, upload, replace: false) == EEXIST)
                {
                    _ = Unlinkat(parent, temporaryName, 0); // a newer partial upload has the name
                }
            }
        }

        return error;
    }

    /// <summary>
    /// Returns the names of the partial uploads in a directory, or null if it contains any other entry or an upload in progress.
    /// </summary>
    /// <remarks>Stops at the first name that is not the name of a staging file.</remarks>
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
        return hasOnlyHidden && names.TrueForAll(name => LinuxPartialUploads.GetStatus(directory, name) is not null) ? names : null;
    }

    /// <summary>
    /// Moves the partial uploads to the parent directory, and adds each of them to <paramref name="moved"/>. Each partial upload is locked
    /// while it is moved, so that no client can resume it under its old name. Returns false if any of them could not be locked or moved.
    /// </summary>
    private static bool MoveToParent(
        SafeFileHandle directory, List<string> uploads, SafeFileHandle parent, List<(string Name, string TemporaryName)> moved)
    {
        foreach (string upload in uploads)
        {
            string temporaryName = StagingNames.CreateRandom();
            if (LinuxPartialUploads.TryAcquire(directory, upload, out SafeFileHandle? handle, out _) != StagingFileState.Acquired)
            {
                return false;
            }

            using (handle)
            {
                if (LinuxRootDirectory.Rename(directory, upload, parent, temporaryName, replace: false) != 0)
                {
                    return false;
                }
            }

            moved.Add((upload, temporaryName));
        }

        return true;
    }
}
