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
/// A file's SHA-256 in an extended attribute, beside the time and the size of the content it is of: who writes to the file gives it another time, and the hash
/// counts no more. (The time of change, which nobody can set, would be better; but writing the attribute is a change.) A program that rewrites a file in place
/// and sets its old time again is not noticed. A file system without attributes, without room for one or without leave to write one remembers nothing.
/// </summary>
internal static class LinuxHashAttribute
{
    /// <summary>Name and value fit into what ext4 leaves of an inode of its usual 256 bytes, so that they cost no block. Other versions would need another first byte.</summary>
    private const byte Version = 1;
    private const int TimeOffset = 1, SizeOffset = 9, HashOffset = 17, ValueLength = HashOffset + SHA256.HashSizeInBytes;

    private static ReadOnlySpan<byte> AttributeName => "user.fts.sha256\0"u8;

    /// <summary>What is open, if it is still what somebody saw; else null.</summary>
    public static FileStatus? GetStatusIfUnchanged(SafeFileHandle file, in FileEntry seen) =>
        Statx(file, "", AT_EMPTY_PATH, out FileStatus status) == 0 && status.IsFile && status.ToEntry("") is var now &&
        (now.Id, now.Length, now.LastModified) == (seen.Id, seen.Length, seen.LastModified) ? status : null;

    /// <summary>
    /// Whether a file that is only named (O_PATH) may have a hash, of whatever content. Few have one, and this spares opening the others: of such a handle the kernel
    /// tells no attribute, but of what it names it does.
    /// </summary>
    public static unsafe bool MayExist(SafeFileHandle named)
    {
        fixed (byte* name = AttributeName)
        {
            return Getxattr($"/proc/self/fd/{named.DangerousGetHandle()}", name, null, 0) >= 0 || Marshal.GetLastPInvokeError() is not (ENODATA or EOPNOTSUPP);
        }
    }

    /// <summary>The hash of a file that has these facts; null where there is none, or one of another content.</summary>
    public static byte[]? Read(SafeFileHandle file, in FileStatus status)
    {
        Span<byte> value = stackalloc byte[ValueLength], head = stackalloc byte[HashOffset];
        WriteHeader(head, status);
        return ReadAttribute(file, value) == ValueLength && value[..HashOffset].SequenceEqual(head) ? value[HashOffset..].ToArray() : null;
    }

    /// <summary>Remembers the hash of a file that has these facts.</summary>
    public static unsafe void Write(SafeFileHandle file, in FileStatus status, ReadOnlySpan<byte> sha256)
    {
        Span<byte> value = stackalloc byte[ValueLength];
        WriteHeader(value, status);
        sha256.CopyTo(value[HashOffset..]);
        fixed (byte* name = AttributeName, bytes = value)
        {
            _ = Fsetxattr(file, name, bytes, ValueLength, 0); // a note that cannot be made is none
        }
    }

    /// <summary>
    /// The hash of a file whose time is about to be set, to be remembered again with the new one. One that counts no more is taken away: the time it speaks of might
    /// be the very one that comes.
    /// </summary>
    public static unsafe byte[]? ReadAndInvalidate(SafeFileHandle file, in FileStatus status)
    {
        byte[]? hash = Read(file, status);
        if (hash is null && ReadAttribute(file, []) >= 0)
        {
            fixed (byte* name = AttributeName)
            {
                _ = Fremovexattr(file, name);
            }
        }

        return hash;
    }

    /// <summary>How long the attribute is; negative where there is none, or more than there is room for.</summary>
    private static unsafe nint ReadAttribute(SafeFileHandle file, Span<byte> value)
    {
        fixed (byte* name = AttributeName, bytes = value)
        {
            return Fgetxattr(file, name, bytes, (nuint)value.Length);
        }
    }

    private static void WriteHeader(Span<byte> value, in FileStatus status)
    {
        value[0] = Version;
        // Of a time that no 64 bits of nanoseconds hold, the low ones tell it apart as well.
        BinaryPrimitives.WriteInt64LittleEndian(value[TimeOffset..], unchecked((status.LastModifiedSeconds * 1_000_000_000) + status.LastModifiedNanoseconds));
        BinaryPrimitives.WriteInt64LittleEndian(value[SizeOffset..], status.Length);
    }
}
