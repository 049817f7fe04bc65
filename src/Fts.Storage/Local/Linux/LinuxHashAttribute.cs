using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Fts.Native;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;
using static Fts.Native.Errno;
using static Fts.Native.FileCalls;
using static Fts.Native.FileStatus;

namespace Fts.Storage.Local.Linux;

/// <summary>
/// Caches the SHA-256 of a file in an extended attribute, together with the last-modified time and the size of the hashed content.
/// </summary>
/// <remarks>
/// <para>
/// Every write to the file changes its last-modified time and so invalidates the hash. A program that rewrites a file in place, keeps its
/// size and restores its time is not detected. The status-change time cannot be used, because writing the attribute changes that time too.
/// </para>
/// <para>
/// No hash is cached if the file system has no extended attributes or no space for one, or if the server cannot write to the file.
/// </para>
/// </remarks>
internal static class LinuxHashAttribute
{
    /// <summary>The version of the format, which is the first byte of the attribute's value.</summary>
    private const byte Version = 1;

    /// <summary>
    /// The offsets of the time, the size and the hash in the value, and the length of the value, in bytes. The attribute fits into an ext4
    /// inode of 256 bytes, so that it needs no block of its own.
    /// </summary>
    private const int TimeOffset = 1, SizeOffset = 9, HashOffset = 17, ValueLength = HashOffset + SHA256.HashSizeInBytes;

    private static ReadOnlySpan<byte> AttributeName => "user.fts.sha256\0"u8;

    /// <summary>
    /// Returns the status of an open file if an entry that was read before has the same id, length and time. Otherwise returns null.
    /// </summary>
    public static FileStatus? GetStatusIfUnchanged(SafeFileHandle file, in FileEntry entry)
    {
        if (Statx(file, "", AT_EMPTY_PATH, out FileStatus status) != 0 || !status.IsFile)
        {
            return null;
        }

        FileEntry now = status.ToEntry("");
        return (now.Id, now.Length, now.LastModified) == (entry.Id, entry.Length, entry.LastModified) ? status : null;
    }

    /// <summary>
    /// Returns whether a file that is open as a path only (O_PATH) may have a cached hash, valid or invalid. If the result is false, the
    /// caller need not open the file to read the hash.
    /// </summary>
    /// <remarks>
    /// The kernel does not return attributes through an O_PATH handle. The attributes are therefore read through /proc/self/fd.
    /// </remarks>
    public static unsafe bool MayExist(SafeFileHandle pathHandle)
    {
        fixed (byte* name = AttributeName)
        {
            return Getxattr($"/proc/self/fd/{pathHandle.DangerousGetHandle()}", name, null, 0) >= 0
                || Marshal.GetLastPInvokeError() is not (ENODATA or EOPNOTSUPP);
        }
    }

    /// <summary>
    /// Returns the cached hash of a file with this status, or null if none is cached or the file has changed since the hash was cached.
    /// </summary>
    public static byte[]? Read(SafeFileHandle file, in FileStatus status)
    {
        Span<byte> value = stackalloc byte[ValueLength], header = stackalloc byte[HashOffset];
        WriteHeader(header, status);
        return ReadAttribute(file, value) == ValueLength && value[..HashOffset].SequenceEqual(header)
            ? value[HashOffset..].ToArray()
            : null;
    }

    /// <summary>Caches the hash of a file with this status. Does not report failure.</summary>
    public static unsafe void Write(SafeFileHandle file, in FileStatus status, ReadOnlySpan<byte> sha256)
    {
        Span<byte> value = stackalloc byte[ValueLength];
        WriteHeader(value, status);
        sha256.CopyTo(value[HashOffset..]);
        fixed (byte* name = AttributeName, bytes = value)
        {
            _ = Fsetxattr(file, name, bytes, ValueLength, 0);
        }
    }

    /// <summary>
    /// Returns the valid hash of a file whose time is about to be set, or null if none is cached. The caller caches the hash again after it
    /// has set the time.
    /// </summary>
    /// <remarks>Deletes an invalid hash, because the new time could be equal to the time that is stored with this hash.</remarks>
    public static byte[]? ReadOrDiscard(SafeFileHandle file, in FileStatus status)
    {
        byte[]? hash = Read(file, status);
        if (hash is null && ReadAttribute(file, []) >= 0)
        {
            Discard(file);
        }

        return hash;
    }

    /// <summary>Deletes the cached hash of a file. Does not report failure.</summary>
    public static unsafe void Discard(SafeFileHandle file)
    {
        fixed (byte* name = AttributeName)
        {
            _ = Fremovexattr(file, name);
        }
    }

    /// <summary>
    /// Reads the attribute. Returns its length in bytes, or a negative number if it does not exist or is longer than the buffer. If the
    /// buffer is empty, only returns the length.
    /// </summary>
    private static unsafe nint ReadAttribute(SafeFileHandle file, Span<byte> value)
    {
        fixed (byte* name = AttributeName, bytes = value)
        {
            return Fgetxattr(file, name, bytes, (nuint)value.Length);
        }
    }

    /// <summary>Writes the version, the time and the size that identify the hashed content.</summary>
    private static void WriteHeader(Span<byte> value, in FileStatus status)
    {
        value[0] = Version;
        // A time that exceeds 64 bits of nanoseconds is truncated. The low bits still distinguish times.
        long nanoseconds = unchecked((status.LastModifiedSeconds * 1_000_000_000) + status.LastModifiedNanoseconds);
        BinaryPrimitives.WriteInt64LittleEndian(value[TimeOffset..], nanoseconds);
        BinaryPrimitives.WriteInt64LittleEndian(value[SizeOffset..], status.Length);
    }
}
