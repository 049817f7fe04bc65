using Fts.Storage;

namespace Fts.Cli;

/// <summary>Why the local system refused, in a few words of ours: the runtime's sentences name the path a second time.</summary>
internal static class LocalErrorText
{
    public static string Describe(Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => "no such file or folder",
        UnauthorizedAccessException => "permission denied",
        StoreException store => store.Error switch
        {
            StoreError.NotFound => "no such file or folder",
            StoreError.Denied => "permission denied",
            StoreError.Exists => "it exists already",
            StoreError.NotEmpty => "the folder is not empty",
            StoreError.NotAFile => "it is not a file",
            StoreError.NotADirectory => "it is not a folder",
            StoreError.NoSpace => "no space left",
            StoreError.QuotaExceeded => "the quota is used up",
            StoreError.Busy => "it is in use",
            StoreError.BadName => "the name cannot be used",
            _ => store.Message,
        },
        _ when IsDiskFull(e) => "no space left",
        _ => e.Message,
    };

    /// <summary>Whether a disk has no room left: ENOSPC or EDQUOT, and their like on Windows, which .NET has no exceptions for.</summary>
    public static bool IsDiskFull(Exception e) =>
        e is IOException && (OperatingSystem.IsWindows() ? (e.HResult & 0xFFFF) is 39 or 112 or 1295 : e.HResult is 28 || e.HResult == (OperatingSystem.IsLinux() ? 122 : 69));
}
