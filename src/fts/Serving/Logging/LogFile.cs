using System.Runtime.InteropServices;
using Fts.Cli;
using Fts.Native;
using Microsoft.Win32.SafeHandles;

namespace Fts.Serving.Logging;

/// <summary>
/// The file of the log. Lines are appended. <see cref="TryReopen"/> opens the path again, because log rotation renames the old file. Errors
/// of writing are thrown, and the next write tries again. Only the thread of the log writes and reopens.
/// </summary>
internal sealed class LogFile : IDisposable
{
    /// <summary>The mode of a new file: read and write for its owner, read for its group.</summary>
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private SafeFileHandle _file;
    private bool _hasFailed;

    /// <summary>Opens the file, or creates it.</summary>
    /// <exception cref="UserErrorException">The file cannot be opened for writing.</exception>
    public LogFile(string path)
    {
        FullPath = Path.GetFullPath(path);
        try
        {
            _file = Open(FullPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(
                ExitCode.LocalFileError, $"cannot write the log file {FullPath}: {LocalErrorText.Describe(e)}",
                "choose a file in an existing folder that this user may write");
        }
    }

    /// <summary>The absolute path.</summary>
    public string FullPath { get; }

    /// <summary>Appends bytes.</summary>
    /// <exception cref="IOException">The bytes, or some of them, cannot be written.</exception>
    public void Write(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            if (_hasFailed)
            {
                Append("\n"u8); // the failed write may have written a part of a line
                _hasFailed = false;
            }

            Append(bytes.Span);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _hasFailed = true;
            throw new IOException(LocalErrorText.Describe(e), e);
        }
    }

    /// <summary>Opens the path again. If that fails, keeps the previous file and returns the reason. Returns null on success.</summary>
    public string? TryReopen()
    {
        try
        {
            SafeFileHandle file = Open(FullPath);
            _file.Dispose();
            (_file, _hasFailed) = (file, false);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return LocalErrorText.Describe(e);
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private static SafeFileHandle Open(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        }

        // With O_APPEND, the kernel appends each write even if another program has truncated the file meanwhile (logrotate, copytruncate).
        SafeFileHandle file = FileCalls.Open(
            path, FileCalls.O_WRONLY | FileCalls.O_CREAT | FileCalls.O_APPEND | FileCalls.O_CLOEXEC | FileCalls.O_NOCTTY, (int)Mode);
        if (!file.IsInvalid)
        {
            return file;
        }

        int error = Marshal.GetLastPInvokeError();
        file.Dispose();
        throw error is Errno.EACCES or Errno.EPERM
            ? new UnauthorizedAccessException()
            : new IOException(Marshal.GetPInvokeErrorMessage(error), error);
    }

    private void Append(ReadOnlySpan<byte> bytes) =>
        RandomAccess.Write(_file, bytes, OperatingSystem.IsLinux() ? 0 : RandomAccess.GetLength(_file));
}
