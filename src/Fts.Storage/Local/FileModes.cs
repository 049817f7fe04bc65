using System.Text;

namespace Fts.Storage.Local;

/// <summary>Permission bits of the files that a store makes.</summary>
internal static class FileModes
{
    /// <summary>Of a partial upload that nobody writes: whether its target will be a private file is not known.</summary>
    public const UnixFileMode AtRest = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly Lazy<UnixFileMode?> s_newFile = new(ReadNewFile);

    /// <summary>Of a new file: read and write for everybody but for the bits of the process's umask. Null where the system does not report that.</summary>
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
