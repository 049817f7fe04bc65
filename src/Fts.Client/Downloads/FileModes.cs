using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Downloads;

/// <summary>
/// The Unix modes of downloaded files. A download that replaces a file keeps the mode of that file. Until such a download is complete, only
/// the owner can read the hidden file that receives it. Windows has no modes.
/// </summary>
internal static class FileModes
{
    /// <summary>Read and write for the owner: 0600.</summary>
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The permissions of owner, group and others, without the set-user-ID, set-group-ID and sticky bits.</summary>
    private const UnixFileMode Permissions = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Returns the permissions of the file at a path; null if it does not exist, or on Windows.</summary>
    public static UnixFileMode? GetTargetMode(string path) => GetMode(new FileInfo(path));

    /// <summary>
    /// Returns the permissions of a file, or of the file that a link points to. Returns null if that file does not exist, or on Windows.
    /// </summary>
    public static UnixFileMode? GetMode(FileInfo file)
    {
        if (OperatingSystem.IsWindows() || !file.Exists)
        {
            return null;
        }

        try
        {
            bool isLink = file.Attributes.HasFlag(FileAttributes.ReparsePoint);
            FileSystemInfo real = isLink ? file.ResolveLinkTarget(returnFinalTarget: true) ?? file : file;
            return real.Exists ? real.UnixFileMode & Permissions : null;
        }
        catch (IOException)
        {
            // The link is circular, so it points to no file.
            return null;
        }
    }

    /// <summary>Sets the mode of an open file, ignoring the umask. Does nothing on a file system without Unix modes.</summary>
    public static void SetMode(SafeFileHandle handle, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        try
        {
            File.SetUnixFileMode(handle, mode);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            // This process owns the file, so the cause must be a file system without modes, such as FAT.
        }
    }
}
