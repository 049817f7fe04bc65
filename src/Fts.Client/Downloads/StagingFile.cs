using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Downloads;

/// <summary>
/// A local file that a small download becomes: under a hidden name of its own beside its target, renamed over it when it is whole, and otherwise removed. Unlike a
/// <see cref="PartialDownloadFile"/> it is for nobody to find, so it is not locked either: where there are ten thousand, each call to the system counts.
/// </summary>
internal sealed partial class StagingFile : IDisposable
{
    private readonly string _target, _path;
    private readonly SafeFileHandle _handle;
    private readonly UnixFileMode? _mode;
    private long _length;
    private bool _isCommitted;

    /// <param name="target">A full path.</param>
    /// <param name="mode">The final mode: the mode of the replaced file. Null for a new file.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    public StagingFile(string target, UnixFileMode? mode)
    {
        (_target, _path, _mode) = (target, PartialDownloadNames.CreateTemporaryPath(target), mode);
        _handle = Create(_path, isPrivate: mode is not null);
    }

    /// <summary>Appends bytes; a local file is written synchronously, for nothing waits longer than the page cache.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_handle, bytes, _length);
        _length += bytes.Length;
    }

    /// <summary>Gives the file its name and, when known, its time.</summary>
    /// <exception cref="FtpTargetExistsException">The target came into being meanwhile and is not to be replaced.</exception>
    public void Commit(DateTime? lastModifiedUtc, bool overwrite)
    {
        if (lastModifiedUtc is { } time)
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

    /// <summary>.NET would lock it. On Windows a name can be changed or removed only of a file that is open for it.</summary>
    private static SafeFileHandle Create(string path, bool isPrivate)
    {
        if (OperatingSystem.IsLinux() && Environment.Is64BitProcess)
        {
            const int WriteOnly = 0x1, Creating = 0x40, Exclusive = 0x80, CloseOnExec = 0x80000;
            SafeFileHandle handle = OpenNative(path, WriteOnly | Creating | Exclusive | CloseOnExec, isPrivate ? (int)FileModes.OwnerOnly : 0x1B6 /* 0666 */);
            if (!handle.IsInvalid)
            {
                return handle;
            }

            handle.Dispose();
        }

        // What was in the way the first time is told in .NET's words.
        if (isPrivate && !OperatingSystem.IsWindows())
        {
            return new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Delete, BufferSize = 0, UnixCreateMode = FileModes.OwnerOnly,
            }).SafeFileHandle;
        }

        return File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.Delete);
    }

    /// <summary>Spares the look at whether the source is there. False where the system refused, or is another.</summary>
    private static bool TryReplace(string path, string target) => OperatingSystem.IsLinux() && Rename(path, target) == 0;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenNative(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);
}
