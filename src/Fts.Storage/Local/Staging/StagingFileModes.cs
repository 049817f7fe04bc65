using System.Text;

namespace Fts.Storage.Local.Staging;

/// <summary>The permission bits of staging files.</summary>
internal static class StagingFileModes
{
    /// <summary>
    /// The mode of a partial upload that is not being written, and of an append record. Only the owner can read such a file, because the
    /// upload may replace a private file.
    /// </summary>
    public const UnixFileMode PartialUpload = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly Lazy<UnixFileMode?> s_newFile = new(ReadNewFileMode);

    /// <summary>
    /// The mode of a new file: read and write for all users, without the bits of the process's umask. Null if the system does not report
    /// the umask.
    /// </summary>
    public static UnixFileMode? NewFile => s_newFile.Value;

    /// <summary>
    /// Returns the mode of a new file, or null if the umask cannot be read. Reads the umask from /proc, because the system call that
    /// returns the umask also changes it.
    /// </summary>
    private static UnixFileMode? ReadNewFileMode()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            IEnumerable<string> lines = File.ReadLines("/proc/self/status", Encoding.ASCII);
            string? line = lines.FirstOrDefault(line => line.StartsWith("Umask:", StringComparison.Ordinal));
            return line is null ? null : (UnixFileMode)(0x1B6 & ~Convert.ToInt32(line[6..].Trim(), 8));
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            return null;
        }
    }
}
