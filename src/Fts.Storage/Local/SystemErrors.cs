using System.Runtime.InteropServices;
using static Fts.Native.Errno;

namespace Fts.Storage.Local;

/// <summary>Translates errors of the operating system to <see cref="StoreError"/>.</summary>
internal static class SystemErrors
{
    /// <summary>Returns the store error for an error number of Linux.</summary>
    public static StoreError FromErrno(int errno) => errno switch
    {
        ENOENT or ESTALE => StoreError.NotFound,
        // openat2 returns EXDEV for a path that leaves the root, and ELOOP for a loop of links.
        EACCES or EPERM or EROFS or EXDEV or ELOOP => StoreError.Denied,
        EEXIST => StoreError.Exists,
        ENOTEMPTY => StoreError.NotEmpty,
        EISDIR or ENXIO or ENODEV => StoreError.NotAFile,
        ENOTDIR => StoreError.NotADirectory,
        ENOSPC or EFBIG or EMLINK => StoreError.NoSpace,
        EDQUOT => StoreError.QuotaExceeded,
        EBUSY or ETXTBSY or EAGAIN => StoreError.Busy,
        // EINVAL: a character that the file system does not support in names (vfat). EILSEQ: bytes that are not UTF-8 (ZFS, NTFS, and
        // ext4 with case folding).
        ENAMETOOLONG or EINVAL or EILSEQ => StoreError.BadName,
        ENOSYS or EOPNOTSUPP => StoreError.NotSupported,
        _ => StoreError.Unavailable,
    };

    /// <summary>Creates an exception for an error number.</summary>
    /// <param name="errno">The error number of Linux.</param>
    /// <param name="name">The file or operation, for the message.</param>
    public static StoreException CreateException(int errno, string name) =>
        new(FromErrno(errno), $"{name}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno}).");

    /// <summary>
    /// Returns whether an exception of .NET's file functions reports an error of the operating system, and not a bug in the caller.
    /// </summary>
    public static bool IsSystemError(Exception exception) =>
        exception is (IOException and not StoreException) or UnauthorizedAccessException;

    /// <summary>Translates an exception of .NET's file functions to a <see cref="StoreException"/>.</summary>
    public static StoreException Translate(Exception exception) => new(
        exception switch
        {
            FileNotFoundException or DirectoryNotFoundException => StoreError.NotFound,
            UnauthorizedAccessException => StoreError.Denied,
            PathTooLongException => StoreError.BadName,
            _ when OperatingSystem.IsWindows() => FromWindows(exception.HResult & 0xFFFF),
            // On Unix the HResult is the error number. Other Unix systems use the same numbers as Linux for the most common errors only.
            _ => FromErrno(exception.HResult),
        },
        exception.Message,
        exception);

    /// <summary>Returns the store error for an error code of Windows (winerror.h).</summary>
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
