using static Fts.Native.Errno;

namespace Fts.Storage.Local;

/// <summary>The one table from what the operating system says to <see cref="StoreError"/>.</summary>
internal static class SystemErrors
{
    public static StoreError FromErrno(int errno) => errno switch
    {
        ENOENT or ESTALE => StoreError.NotFound,
        // EXDEV is openat2's answer to a name that leaves the root; ELOOP its answer to a chain of links without an end.
        EACCES or EPERM or EROFS or EXDEV or ELOOP => StoreError.Denied,
        EEXIST => StoreError.Exists,
        ENOTEMPTY => StoreError.NotEmpty,
        EISDIR or ENXIO or ENODEV => StoreError.NotAFile,
        ENOTDIR => StoreError.NotADirectory,
        ENOSPC or EFBIG or EMLINK => StoreError.NoSpace,
        EDQUOT => StoreError.QuotaExceeded,
        EBUSY or ETXTBSY or EAGAIN => StoreError.Busy,
        // EINVAL: a character that this file system does not take in names (vfat). EILSEQ: bytes that are not UTF-8 (ZFS, NTFS, ext4 that folds case).
        ENAMETOOLONG or EINVAL or EILSEQ => StoreError.BadName,
        ENOSYS or EOPNOTSUPP => StoreError.NotSupported,
        _ => StoreError.Unavailable,
    };

    public static StoreException CreateException(int errno, string what) => new(FromErrno(errno), $"{what}: error {errno}.");

    /// <summary>Whether an exception of .NET's file calls is the operating system's refusal, and not misuse or a defect.</summary>
    public static bool IsSystemError(Exception exception) => exception is (IOException and not StoreException) or UnauthorizedAccessException;

    /// <summary>The same table for .NET's file calls, which hide some numbers behind types.</summary>
    public static StoreException Translate(Exception exception) => new(
        exception switch
        {
            FileNotFoundException or DirectoryNotFoundException => StoreError.NotFound,
            UnauthorizedAccessException => StoreError.Denied,
            PathTooLongException => StoreError.BadName,
            _ when OperatingSystem.IsWindows() => FromWindows(exception.HResult & 0xFFFF),
            // On Unix the HResult is the error number; the numbers other systems share with Linux are all that is needed there.
            _ => FromErrno(exception.HResult),
        },
        exception.Message,
        exception);

    private static StoreError FromWindows(int code) => code switch
    {
        32 or 33 => StoreError.Busy,
        39 or 112 => StoreError.NoSpace,
        80 or 183 => StoreError.Exists,
        123 or 206 => StoreError.BadName,
        145 => StoreError.NotEmpty,
        267 => StoreError.NotADirectory,
        1295 => StoreError.QuotaExceeded,
        _ => StoreError.Unavailable,
    };
}
