using Fts.Native;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.FileCalls;

namespace Fts.Client.Downloads;

/// <summary>
/// A hidden local file that receives a download in block mode. A complete file is renamed to the target. An incomplete file is deleted.
/// </summary>
/// <remarks>
/// Unlike a <see cref="PartialDownloadFile"/>, the file has a random name, so that no other download uses the same file. A lock protects it
/// from <see cref="LeftoverSweep"/>. The lock is still held for a moment after the rename, when an exclusive lock would prevent other
/// .NET programs from opening the target. A shared lock does not prevent this. On Linux, this class makes some system calls directly,
/// because .NET makes additional calls, which take noticeable time in a batch of thousands of files.
/// </remarks>
internal sealed class StagingFile : IDisposable
{
    private readonly string _target, _path;
    private readonly SafeFileHandle _handle;
    private readonly UnixFileMode? _mode;
    private long _length;
    private bool _isPositionAtEnd = OperatingSystem.IsLinux(); // whether write(2) appends to the content
    private bool _isCommitted;

    /// <summary>Creates and locks the hidden file beside the target.</summary>
    /// <param name="target">The full path of the target.</param>
    /// <param name="mode">The permissions of the existing target, which the new file keeps; null if the target does not exist.</param>
    /// <exception cref="IOException">The file cannot be created.</exception>
    public StagingFile(string target, UnixFileMode? mode)
    {
        (_target, _path, _mode) = (target, PartialDownloadNames.CreateTemporaryPath(target), mode);
        _handle = Create(_path, isPrivate: mode is not null);
        if (OperatingSystem.IsLinux())
        {
            // On other systems, the .NET runtime has locked the file. The result is ignored, because a sweep deletes no files on a file
            // system without locks.
            _ = Flock(_handle, LOCK_SH | LOCK_NB);
        }
    }

    /// <summary>Appends bytes. Writes synchronously, because a write to the page cache does not wait for the disk.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        // On Linux, write(2) is called directly, because .NET first makes another system call for each new handle.
        for (nint written; _isPositionAtEnd && !bytes.IsEmpty && (written = TryWrite(bytes)) > 0; bytes = bytes[(int)written..])
        {
            _length += written;
        }

        if (!bytes.IsEmpty)
        {
            // If the system call failed, the .NET call usually also fails and throws the appropriate exception. If the .NET call succeeds,
            // for example after a signal, it does not move the file position, so write(2) must not be used again.
            _isPositionAtEnd = false;
            RandomAccess.Write(_handle, bytes, _length);
            _length += bytes.Length;
        }
    }

    /// <summary>Sets the last-modified time and the mode, if they are known, and renames the file to the target.</summary>
    /// <exception cref="FtpTargetExistsException">The target exists, and <paramref name="overwrite"/> is false.</exception>
    public void Commit(DateTime? lastModifiedUtc, bool overwrite)
    {
        if (lastModifiedUtc is { } time && !TrySetLastModified(time))
        {
            File.SetLastWriteTimeUtc(_handle, time);
        }

        if (_mode is { } mode)
        {
            FileModes.SetMode(_handle, mode);
        }

        try
        {
            if (!overwrite || !TryReplace(_path, _target))
            {
                File.Move(_path, _target, overwrite);
            }
        }
        catch (IOException) when (!overwrite && Path.Exists(_target))
        {
            throw new FtpTargetExistsException(_target);
        }

        _isCommitted = true;
        _handle.Dispose();
    }

    public void Dispose()
    {
        if (!_isCommitted && !_handle.IsClosed)
        {
            File.Delete(_path);
        }

        _handle.Dispose();
    }

    /// <summary>
    /// Creates the file without the lock that .NET takes on Linux. Windows can rename an open file only with
    /// <see cref="FileShare.Delete"/>.
    /// </summary>
    private static SafeFileHandle Create(string path, bool isPrivate)
    {
        if (OperatingSystem.IsLinux() && Environment.Is64BitProcess)
        {
            // O_RDWR, because a shared flock(2) on NFS requires that the file can be read.
            int mode = isPrivate ? (int)FileModes.OwnerOnly : 0x1B6; // 0666 in octal
            SafeFileHandle handle = FileCalls.Open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
            if (!handle.IsInvalid)
            {
                return handle;
            }

            handle.Dispose();
        }

        // If the system call failed, the .NET call below also fails and throws the appropriate exception.
        if (isPrivate && !OperatingSystem.IsWindows())
        {
            return new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Share = FileShare.Delete,
                BufferSize = 0,
                UnixCreateMode = FileModes.OwnerOnly,
            }).SafeFileHandle;
        }

        return File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.Delete);
    }

    /// <summary>Writes with one system call. Returns the number of bytes written, or -1 on failure.</summary>
    private unsafe nint TryWrite(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return FileCalls.Write(_handle, start, (nuint)bytes.Length);
        }
    }

    /// <summary>
    /// Sets the last-modified time with one system call. The .NET method also reads the last-access time. Returns false if the call fails,
    /// or on a system other than 64-bit Linux.
    /// </summary>
    private unsafe bool TrySetLastModified(DateTime time)
    {
        TimeSpec* times = stackalloc TimeSpec[2];
        (times[0].Nanoseconds, times[1]) = (DirectoryCalls.UTIME_OMIT, TimeSpec.FromUtc(time));
        return OperatingSystem.IsLinux() && Environment.Is64BitProcess && Futimens(_handle, times) == 0;
    }

    /// <summary>
    /// Renames the file with one system call. The .NET method also checks that the source exists. Returns false if the call fails, or on a
    /// system other than Linux.
    /// </summary>
    private static bool TryReplace(string path, string target) => OperatingSystem.IsLinux() && FileCalls.Rename(path, target) == 0;
}
