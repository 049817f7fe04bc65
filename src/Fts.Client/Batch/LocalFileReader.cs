using Fts.Native;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Batch;

/// <summary>
/// Reads small local files into memory with few system calls, because each call adds noticeable time in a batch of thousands of files.
/// </summary>
internal static class LocalFileReader
{
    /// <summary>
    /// Reads a file. Returns its length in bytes and its last-modified time in UTC. Returns null if the file is longer than
    /// <see cref="BlockUpload.MaxFileBytes"/>, or is a pipe or another special file.
    /// </summary>
    /// <param name="path">The full path. It must not contain NUL, because the system would end the path there.</param>
    /// <param name="content">Receives the content. Must be at least one byte longer than the maximum length.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file is a directory, or this user may not read it.</exception>
    public static (int Length, DateTime LastModified)? ReadSmallFile(string path, byte[] content)
    {
        if (OperatingSystem.IsLinux() && SystemCallNumbers.IsSupported && Environment.Is64BitProcess)
        {
            // With O_NONBLOCK, opening a pipe does not wait for a writer.
            using SafeFileHandle opened = FileCalls.Open(path, FileCalls.O_RDONLY | FileCalls.O_CLOEXEC | FileCalls.O_NONBLOCK);
            FileStatus status = default;
            bool hasStatus = !opened.IsInvalid && FileStatus.Statx(opened, "", DirectoryCalls.AT_EMPTY_PATH, out status) == 0;
            bool isFile = hasStatus && status.IsFile;
            if (hasStatus && !isFile && !status.IsDirectory)
            {
                return null; // ReadPortably would wait for a writer when it opens a pipe
            }

            if (isFile && status.Length > BlockUpload.MaxFileBytes)
            {
                return null;
            }

            // ReadPortably reads files in /proc, which report the length 0 although they have content. If a system call here fails,
            // ReadPortably throws the exception.
            if (isFile && status.Length > 0 && TryReadAll(opened, content.AsSpan(0, (int)status.Length)))
            {
                return ((int)status.Length, status.LastModified);
            }
        }

        return ReadPortably(path, content);
    }

    /// <summary>Reads with one system call. Returns false if the call fails or reads fewer bytes than requested.</summary>
    private static unsafe bool TryReadAll(SafeFileHandle file, Span<byte> content)
    {
        fixed (byte* start = content)
        {
            return FileCalls.Read(file, start, (nuint)content.Length) == content.Length;
        }
    }

    /// <summary>Does the same as <see cref="ReadSmallFile"/> with the .NET methods, which make more system calls.</summary>
    private static (int Length, DateTime LastModified)? ReadPortably(string path, byte[] content)
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
