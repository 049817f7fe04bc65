using Fts.Storage;

namespace Fts.Cli;

/// <summary>Describes errors of the local system briefly. The messages of .NET would repeat the path.</summary>
internal static class LocalErrorText
{
    /// <summary>Returns the reason for the error, without a path.</summary>
    public static string Describe(Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => "no such file or folder",
        UnauthorizedAccessException => "permission denied",
        StoreException store => store.Error switch
        {
            StoreError.NotFound => "no such file or folder",
            StoreError.Denied => "permission denied",
            StoreError.Exists => "already exists",
            StoreError.NotEmpty => "the folder is not empty",
            StoreError.NotAFile => "not a file",
            StoreError.NotADirectory => "not a folder",
            StoreError.NoSpace => "no space left",
            StoreError.QuotaExceeded => "quota exceeded",
            StoreError.Busy => "in use by another command or process",
            StoreError.BadName => "the name cannot be used",
            _ => store.Message,
        },
        _ when IsDiskFull(e) => "no space left",
        _ => e.Message,
    };

    /// <summary>
    /// Returns whether the disk or a quota is full: ENOSPC, EDQUOT, or the corresponding errors of Windows. .NET has no exceptions for
    /// them.
    /// </summary>
    public static bool IsDiskFull(Exception e)
    {
        int quotaExceeded = OperatingSystem.IsLinux() ? 122 : 69;
        return e is IOException
            && (OperatingSystem.IsWindows() ? (e.HResult & 0xFFFF) is 39 or 112 or 1295 : e.HResult is 28 || e.HResult == quotaExceeded);
    }
}
