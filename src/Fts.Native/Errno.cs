namespace Fts.Native;

/// <summary>
/// The error numbers of Linux. They are the same on x64 and arm64. Numbers up to 34 are the same on macOS, except <see cref="EAGAIN"/>.
/// </summary>
public static class Errno
{
    public const int EPERM = 1, ENOENT = 2, EINTR = 4, EIO = 5, ENXIO = 6, EAGAIN = 11, EACCES = 13, EBUSY = 16, EEXIST = 17, EXDEV = 18;
    public const int ENODEV = 19;
    public const int ENOTDIR = 20, EISDIR = 21, EINVAL = 22, ENFILE = 23, EMFILE = 24, ETXTBSY = 26, EFBIG = 27;
    public const int ENOSPC = 28, EROFS = 30, EMLINK = 31, EPIPE = 32;
    public const int ENAMETOOLONG = 36, ENOSYS = 38, ENOTEMPTY = 39, ELOOP = 40, ENODATA = 61, EILSEQ = 84, EOPNOTSUPP = 95;
    public const int ENETDOWN = 100, ENETUNREACH = 101, ECONNABORTED = 103, ECONNRESET = 104;
    public const int ENOTCONN = 107, ETIMEDOUT = 110, EHOSTUNREACH = 113;
    public const int ESTALE = 116, EDQUOT = 122;

    /// <summary>The number of EAGAIN on macOS.</summary>
    public const int MacEagain = 35;
}
