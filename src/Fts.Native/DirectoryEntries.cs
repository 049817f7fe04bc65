using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Fts.Native;

/// <summary>The entries that one getdents64(2) call returned, without "." and "..". Use <c>foreach</c> to read the entries.</summary>
public unsafe ref partial struct DirectoryEntries
{
    public const byte DT_UNKNOWN = 0, DT_DIR = 4, DT_REG = 8;

    // struct linux_dirent64: inode (8), offset (8), record length (2), type (1), name, NUL.
    private const int LengthOffset = 16, TypeOffset = 18, NameOffset = 19;

    private ReadOnlySpan<byte> _record, _rest;

    private DirectoryEntries(ReadOnlySpan<byte> records) => _rest = records;

    /// <summary>This enumerator. <see cref="Name"/> and <see cref="Type"/> describe the current entry.</summary>
    public readonly DirectoryEntries Current => this;

    /// <summary>The bytes of the current entry's name. A NUL follows these bytes in the buffer.</summary>
    public readonly ReadOnlySpan<byte> Name
    {
        get
        {
            ReadOnlySpan<byte> name = _record[NameOffset..];
            return name[..name.IndexOf((byte)0)];
        }
    }

    /// <summary>The type of the current entry: a DT_ constant. File systems may report <see cref="DT_UNKNOWN"/> for every entry.</summary>
    public readonly byte Type => _record[TypeOffset];

    /// <summary>Reads the next entries of a directory into the buffer, which must not change while they are enumerated.</summary>
    /// <returns>
    /// The number of bytes read, 0 at the end of the directory, or -1 on failure, with <see cref="Marshal.GetLastPInvokeError"/> set.
    /// </returns>
    public static int Read(SafeFileHandle directory, Span<byte> buffer, out DirectoryEntries entries)
    {
        fixed (byte* start = buffer)
        {
            int size = (int)Getdents64(SystemCallNumbers.Getdents64, directory, start, (nuint)buffer.Length);
            entries = new DirectoryEntries(buffer[..Math.Max(size, 0)]);
            return size;
        }
    }

    /// <summary>Returns this enumerator, for <c>foreach</c>.</summary>
    public readonly DirectoryEntries GetEnumerator() => this;

    /// <summary>Moves to the next entry. Returns false after the last entry.</summary>
    public bool MoveNext()
    {
        while (!_rest.IsEmpty)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(_rest[LengthOffset..]);
            _record = _rest[..length];
            _rest = _rest[length..];
            ReadOnlySpan<byte> name = Name;
            if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
            {
                return true;
            }
        }

        return false;
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Getdents64(nint number, SafeFileHandle directory, byte* buffer, nuint size);
}
