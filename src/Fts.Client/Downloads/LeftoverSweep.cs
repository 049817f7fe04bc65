using System.Collections.Concurrent;
using Fts.Native;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Downloads;

/// <summary>
/// Deletes the hidden files with random names that killed processes left in the target directories of a batch. Sweeps each directory once.
/// </summary>
/// <remarks>
/// A running download holds a lock on its file, except for an instant after it has created the file. On a file system without working
/// locks, nothing is deleted. A partial file with a <see cref="PartialDownloadRecord"/> is kept, because it may belong to a target whose
/// name looks random (16 hexadecimal digits).
/// </remarks>
internal sealed class LeftoverSweep
{
    /// <summary>
    /// The minimum age of a leftover on a network file system, whose locks may not exclude the processes of other machines.
    /// </summary>
    private static readonly TimeSpan MinAgeOnNetwork = TimeSpan.FromDays(1);

    /// <summary>The minimum age of an empty leftover. A younger empty file may be in use, but not locked yet.</summary>
    private static readonly TimeSpan MinAgeOfEmptyFile = TimeSpan.FromSeconds(10);

    /// <summary>The swept directories, and whether each was empty before.</summary>
    private readonly ConcurrentDictionary<string, bool> _sweptDirectories = new(StringComparer.Ordinal);

    /// <summary>
    /// Deletes the leftovers in a directory, unless it was swept before. Returns whether the directory was empty before the first sweep.
    /// Returns false if the directory cannot be read. Errors are ignored.
    /// </summary>
    public bool SweepOnce(string directory) => _sweptDirectories.GetOrAdd(directory, Sweep);

    private static bool Sweep(string directory)
    {
        bool isEmpty = true;
        try
        {
            foreach (string path in Directory.EnumerateFileSystemEntries(directory, "*", LocalEntries.All))
            {
                isEmpty = false;
                if (PartialDownloadNames.IsTemporaryName(Path.GetFileName(path.AsSpan())))
                {
                    DeleteIfLeftover(new FileInfo(path));
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // if the directory cannot be used, the download into it reports the error
        }

        return isEmpty;
    }

    /// <summary>Deletes a file with a random name, unless a running download may use the file.</summary>
    private static void DeleteIfLeftover(FileInfo file)
    {
        TimeSpan age = DateTime.UtcNow - file.LastWriteTimeUtc;
        if (!file.Exists || (file.Length == 0 && age < MinAgeOfEmptyFile))
        {
            return;
        }

        using SafeFileHandle? handle = PartialDownloadFile.TryOpenOwn(file.FullName);
        bool isLeftover = handle is not null && HasWorkingLock(handle)
            && !File.Exists(PartialDownloadNames.GetRecordPathOfPartialFile(file.FullName))
            && (age > MinAgeOnNetwork || !IsOnNetwork(file.DirectoryName!));
        if (isLeftover)
        {
            file.Delete();
        }
    }

    /// <summary>
    /// Returns whether the open file is actually locked. It may not be, because .NET ignores the error of a file system without locks.
    /// </summary>
    private static bool HasWorkingLock(SafeFileHandle file) =>
        OperatingSystem.IsWindows() || FileCalls.Flock(file, FileCalls.LOCK_EX | FileCalls.LOCK_NB) == 0;

    /// <summary>Returns whether the directory is on a network file system, or the type of the file system is unknown.</summary>
    private static bool IsOnNetwork(string directory)
    {
        try
        {
            return new DriveInfo(directory).DriveType == DriveType.Network;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return true;
        }
    }
}
