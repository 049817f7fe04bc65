using System.Text;

namespace Fts.Storage.Local;

/// <summary>Permission bits of the files that a store makes.</summary>
internal static class FileModes
{
    /// <summary>Of a partial upload that is not being written: its target may be a private file by the time it is resumed.</summary>
    public const UnixFileMode AtRest = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly Lazy<UnixFileMode?> s_newFile = new(ReadNewFile);

    /// <summary>Of a new file: read and write for all users, without the bits of the process's umask. Null if the system does not report the umask.</summary>
    public static UnixFileMode? NewFile => s_newFile.Value;

    /// <summary>From the file system, because the call that returns the umask sets it as well.</summary>
    private static UnixFileMode? ReadNewFile()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            string? line = File.ReadLines("/proc/self/status", Encoding.ASCII).FirstOrDefault(line => line.StartsWith("Umask:", StringComparison.Ordinal));
            return line is null ? null : (UnixFileMode)(0x1B6 & ~Convert.ToInt32(line[6..].Trim(), 8));
        }
        catch (Exception exception) when (SystemErrors.IsRefusal(exception))
        {
            return null;
        }
    }
}
