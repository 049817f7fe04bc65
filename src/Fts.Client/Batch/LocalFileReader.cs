using Fts.Native;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Batch;

/// <summary>Reads small local files into memory. In a batch of thousands of files, each system call adds noticeable time.</summary>
internal static class LocalFileReader
{
    /// <summary>
    /// Reads a file. Returns its length in bytes and its last-modified time in UTC, or null if it is longer than
    /// <see cref="BlockUpload.MaxFileBytes"/>, or is a pipe.
    /// </summary>
    /// <param name="path">A full path without NUL, because the system would end the path there.</param>
    /// <param name="content">Receives the content: at least one byte more than the maximum length.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file is a directory, or this user may not read it.</exception>
    public static (int Length, DateTime LastModified)? TryRead(string path, byte[] content)
    {
        if (OperatingSystem.IsLinux() && SystemCallNumbers.IsSupported && Environment.Is64BitProcess)
        {
            using SafeFileHandle opened = FileCalls.Open(path, FileCalls.O_RDONLY | FileCalls.O_CLOEXEC);
            FileStatus status = default;
            bool isFile = !opened.IsInvalid
                && FileStatus.Statx(opened, "", DirectoryCalls.AT_EMPTY_PATH, out status) == 0 && status.IsFile;
            // A length of 0 may be that of a file in /proc, which has content. If a call fails, those below throw the exception.
            if (isFile && status.Length > BlockUpload.MaxFileBytes)
            {
                return null;
            }

            if (isFile && status.Length > 0 && TryReadAll(opened, content.AsSpan(0, (int)status.Length)))
            {
                return ((int)status.Length, status.LastModified);
            }
        }

        return TryReadPortably(path, content);
    }

    private static unsafe bool TryReadAll(SafeFileHandle file, Span<byte> content)
    {
        fixed (byte* start = content)
        {
            return FileCalls.Read(file, start, (nuint)content.Length) == content.Length;
        }
    }

    private static (int Length, DateTime LastModified)? TryReadPortably(string path, byte[] content)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path);
            if (RandomAccess.GetLength(file) > BlockUpload.MaxFileBytes)
            {
                return null;
            }

            int length = 0;
            int read;
            while (length <= BlockUpload.MaxFileBytes
                && (read = RandomAccess.Read(file, content.AsSpan(length, BlockUpload.MaxFileBytes + 1 - length), length)) > 0)
            {
                length += read;
            }

            return length <= BlockUpload.MaxFileBytes ? (length, File.GetLastWriteTimeUtc(file)) : null;
        }
        catch (NotSupportedException)
        {
            return null; // a pipe has no length, and can be read only once
        }
    }
}
