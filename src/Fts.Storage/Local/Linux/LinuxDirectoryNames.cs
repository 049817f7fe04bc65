using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static Fts.Storage.Local.Linux.LinuxCalls;

namespace Fts.Storage.Local.Linux;

/// <summary>Reads the names of an open directory, hidden ones included, without looking at the entries.</summary>
internal static class LinuxDirectoryNames
{
    private const int BufferSize = 32 * 1024;

    // struct linux_dirent64: inode (8), offset (8), record length (2), type (1), name, NUL.
    private const int LengthOffset = 16, TypeOffset = 18, NameOffset = 19;

    /// <summary>Returns the names in a directory of this machine; none if it cannot be read.</summary>
    public static List<string> GetNames(string path)
    {
        var names = new List<string>();
        using var directory = new SafeFileHandle(Openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0), ownsHandle: true);
        if (!directory.IsInvalid)
        {
            ForEach(directory, (name, _) =>
            {
                names.Add(name);
                return true;
            });
        }

        return names;
    }

    /// <summary>
    /// Calls <paramref name="visit"/> with each name and type until it returns false. Returns false if the visitor stopped or the directory could not be
    /// read to its end.
    /// </summary>
    public static unsafe bool ForEach(SafeFileHandle directory, Func<string, byte, bool> visit)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            fixed (byte* start = buffer)
            {
                int size;
                while ((size = Getdents64(directory, start, BufferSize)) > 0)
                {
                    for (int at = 0; at < size; at += BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(at + LengthOffset)))
                    {
                        ReadOnlySpan<byte> name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(start + at + NameOffset);
                        if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8)
                            && !visit(EscapedUtf8.GetString(name), buffer[at + TypeOffset]))
                        {
                            return false;
                        }
                    }
                }

                return size == 0;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
