using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using Microsoft.Win32.SafeHandles;
using static Fts.Storage.Local.LinuxCalls;

namespace Fts.Storage.Local;

/// <summary>
/// Looks through folders for pending files that nobody writes and that were last written before a time, and removes them. Looks at no file but those, follows no
/// link, and passes over what cannot be read: the next sweep comes.
/// </summary>
internal sealed class LinuxPendingSweep(RootDirectory root, DateTime before)
{
    private const int BufferSize = 32 * 1024;

    // struct linux_dirent64: inode (8), offset (8), record length (2), type (1), name, NUL.
    private const int LengthOffset = 16, TypeOffset = 18, NameOffset = 19;

    /// <summary>The whole tree; how many were removed.</summary>
    public int Run(CancellationToken cancellationToken) => Walk(".", depth: 0, cancellationToken);

    /// <summary>One folder; true when nothing but such files was in it, and none is any more.</summary>
    public bool Empty(StorePath path)
    {
        using SafeFileHandle? folder = Open(path.Relative);
        if (folder is null)
        {
            return false;
        }

        bool isEmpty = true;
        ForEach(folder, (name, _) => isEmpty &= name is not null && PathRules.IsReserved(name) && LinuxPendingSlot.TryRemove(folder, name));
        return isEmpty;
    }

    private int Walk(string relative, int depth, CancellationToken cancellationToken)
    {
        using SafeFileHandle? folder = Open(relative);
        int removed = 0;
        if (folder is not null)
        {
            ForEach(folder, (name, type) =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (name is null)
                {
                    return; // nobody can upload there
                }

                if (PathRules.IsReserved(name))
                {
                    removed += LinuxPendingSlot.TryRemove(folder, name, before) ? 1 : 0;
                }
                else if (depth < StorePath.MaxDepth && (type == DT_DIR || (type == DT_UNKNOWN && Statx(folder, name, AT_SYMLINK_NOFOLLOW, out LinuxFacts facts) == 0 && facts.IsFolder)))
                {
                    removed += Walk($"{relative}/{name}", depth + 1, cancellationToken);
                }
            });
        }

        return removed;
    }

    private SafeFileHandle? Open(string relative) => root.Open(relative, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, out _);

    /// <summary>Names and types; null for a name that is not UTF-8. Where the folder cannot be read on, its names are at an end.</summary>
    private static unsafe void ForEach(SafeFileHandle folder, Action<string?, byte> look)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            fixed (byte* start = buffer)
            {
                int size;
                while ((size = Getdents64(folder, start, BufferSize)) > 0)
                {
                    for (int at = 0; at < size; at += BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(at + LengthOffset)))
                    {
                        ReadOnlySpan<byte> name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(start + at + NameOffset);
                        if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                        {
                            look(Utf8.IsValid(name) ? Encoding.UTF8.GetString(name) : null, buffer[at + TypeOffset]);
                        }
                    }
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
