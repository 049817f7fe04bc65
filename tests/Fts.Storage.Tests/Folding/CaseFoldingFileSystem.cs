using System.Runtime.InteropServices;
using System.Text;

namespace Fts.Storage.Tests.Folding;

/// <summary>
/// The operations of linux/fuse.h on files in memory. Like many file systems, it does not support links and renames with flags.
/// </summary>
internal sealed class CaseFoldingFileSystem
{
    private const int ENOENT = 2, EEXIST = 17, ENOTDIR = 20, EISDIR = 21, ENOSYS = 38, ENOTEMPTY = 39;
    private const uint SetMode = 1, SetSize = 8, SetModified = 32, SetModifiedNow = 256;

    private readonly Dictionary<ulong, FoldingNode> _nodes = new() { [1] = new FoldingNode(1, 0x41ED) };
    private ulong _lastId = 1;

    public byte[] Reply(uint operation, ulong id, ReadOnlySpan<byte> body)
    {
        FoldingNode node = _nodes.GetValueOrDefault(id) ?? throw new FuseException(ENOENT);
        return operation switch
        {
            1 => FormatEntry(Lookup(node, ReadName(body))), // LOOKUP
            3 => [.. new byte[16], .. FormatAttributes(node)], // GETATTR
            4 => SetAttributes(node, body),
            8 => FormatEntry(Add(node, ReadName(body[16..]), ReadUInt32(body, 0))), // MKNOD
            9 => FormatEntry(Add(node, ReadName(body[8..]), 0x4000 | (ReadUInt32(body, 0) & 0xFFF))), // MKDIR
            10 => Remove(node, ReadName(body), isFolder: false), // UNLINK
            11 => Remove(node, ReadName(body), isFolder: true), // RMDIR
            12 => Rename(
                node,
                _nodes[ReadUInt64(body, 0)],
                ReadName(body[8..]),
                ReadName(body[(9 + Encoding.UTF8.GetByteCount(ReadName(body[8..])))..])),
            13 => Link(node, _nodes[ReadUInt64(body, 0)], ReadName(body[8..])),
            14 or 27 => new byte[16], // OPEN, OPENDIR
            15 => Slice(node.Content, ReadUInt64(body, 8), ReadUInt32(body, 16)), // READ
            16 => Write(node, (int)ReadUInt64(body, 8), body.Slice(40, (int)ReadUInt32(body, 16))),
            17 => GetStatistics(), // STATFS
            18 or 20 or 25 or 29 => [], // RELEASE, FSYNC, FLUSH, RELEASEDIR
            28 => List(node, ReadUInt64(body, 8), (int)ReadUInt32(body, 16)), // READDIR
            35 => [.. FormatEntry(Add(node, ReadName(body[16..]), 0x8000 | (ReadUInt32(body, 4) & 0xFFF))), .. new byte[16]], // CREATE
            _ => throw new FuseException(ENOSYS),
        };
    }

    private static FoldingNode Lookup(FoldingNode folder, string name) =>
        folder.Entries.TryGetValue(FoldingNode.Fold(name), out var entry) ? entry.Node : throw new FuseException(ENOENT);

    private FoldingNode Add(FoldingNode folder, string name, uint mode)
    {
        var node = new FoldingNode(++_lastId, mode);
        if (!folder.Entries.TryAdd(FoldingNode.Fold(name), (name, node)))
        {
            throw new FuseException(EEXIST);
        }

        _nodes[node.Id] = node;
        return node;
    }

    private static byte[] Remove(FoldingNode folder, string name, bool isFolder)
    {
        FoldingNode node = Lookup(folder, name);
        if (node.IsFolder != isFolder || node.Entries.Count > 0)
        {
            throw new FuseException(node.Entries.Count > 0 ? ENOTEMPTY : isFolder ? ENOTDIR : EISDIR);
        }

        folder.Entries.Remove(FoldingNode.Fold(name));
        node.Links--;
        return [];
    }

    private static byte[] Rename(FoldingNode source, FoldingNode target, string name, string newName)
    {
        FoldingNode node = Lookup(source, name);
        if (target.Entries.ContainsKey(FoldingNode.Fold(newName)))
        {
            Remove(target, newName, node.IsFolder);
        }

        source.Entries.Remove(FoldingNode.Fold(name));
        target.Entries.Add(FoldingNode.Fold(newName), (newName, node));
        return [];
    }

    private static byte[] Link(FoldingNode folder, FoldingNode node, string name)
    {
        folder.Entries.Add(FoldingNode.Fold(name), (name, node));
        node.Links++;
        return FormatEntry(node);
    }

    private static byte[] Write(FoldingNode node, int offset, ReadOnlySpan<byte> bytes)
    {
        byte[] content = node.Content;
        Array.Resize(ref content, Math.Max(content.Length, offset + bytes.Length));
        bytes.CopyTo(content.AsSpan(offset));
        (node.Content, node.Modified) = (content, DateTime.UtcNow);
        return ToBytes((ulong)bytes.Length);
    }

    private static byte[] SetAttributes(FoldingNode node, ReadOnlySpan<byte> body)
    {
        uint validFields = ReadUInt32(body, 0);
        if ((validFields & SetSize) != 0)
        {
            byte[] content = node.Content;
            Array.Resize(ref content, (int)ReadUInt64(body, 16));
            node.Content = content;
        }

        node.Mode = (validFields & SetMode) != 0 ? (node.Mode & 0xF000) | (ReadUInt32(body, 68) & 0xFFF) : node.Mode;
        node.Modified = (validFields & SetModifiedNow) != 0 ? DateTime.UtcNow
            : (validFields & SetModified) != 0
            ? DateTime.UnixEpoch.AddSeconds((long)ReadUInt64(body, 40)).AddTicks(ReadUInt32(body, 60) / 100)
            : node.Modified;
        return [.. new byte[16], .. FormatAttributes(node)];
    }

    /// <summary>Returns struct fuse_dirent for the entries from an offset on, as many as fit.</summary>
    private static byte[] List(FoldingNode folder, ulong offset, int room)
    {
        var reply = new List<byte>();
        foreach ((string spelling, FoldingNode node) in folder.Entries.Values.Skip((int)offset))
        {
            byte[] name = Encoding.UTF8.GetBytes(spelling);
            int size = (24 + name.Length + 7) & ~7;
            if (reply.Count + size > room)
            {
                break;
            }

            reply.AddRange(
                [.. ToBytes(node.Id, ++offset), .. BitConverter.GetBytes(name.Length), .. BitConverter.GetBytes(node.IsFolder ? 4 : 8)]);
            reply.AddRange([.. name, .. new byte[size - 24 - name.Length]]);
        }

        return [.. reply];
    }

    private static byte[] Slice(byte[] content, ulong offset, uint size) =>
        offset >= (ulong)content.Length ? [] : content[(int)offset..(int)Math.Min((ulong)content.Length, offset + size)];

    /// <summary>Returns struct fuse_entry_out. The kernel caches nothing, so that every spelling is looked up again.</summary>
    private static byte[] FormatEntry(FoldingNode node) => [.. ToBytes(node.Id, 0, 0, 0, 0), .. FormatAttributes(node)];

    /// <summary>Returns struct fuse_statfs_out.</summary>
    private static byte[] GetStatistics() =>
    [
        .. ToBytes(1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 20),
        .. BitConverter.GetBytes(4096),
        .. BitConverter.GetBytes(255),
        .. BitConverter.GetBytes(4096),
        .. new byte[28],
    ];

    /// <summary>Returns struct fuse_attr.</summary>
    private static byte[] FormatAttributes(FoldingNode node)
    {
        // Nanoseconds are positive before 1970 too.
        long ticks = (node.Modified - DateTime.UnixEpoch).Ticks, seconds = (long)Math.Floor((decimal)ticks / TimeSpan.TicksPerSecond);
        uint nanoseconds = (uint)(ticks - (seconds * TimeSpan.TicksPerSecond)) * 100;
        ReadOnlySpan<uint> tail = [nanoseconds, nanoseconds, nanoseconds, node.Mode, node.Links, 0, 0, 0, 4096, 0];
        ulong length = (ulong)node.Content.Length, time = (ulong)seconds;
        return [.. ToBytes(node.Id, length, (length + 511) / 512, time, time, time), .. MemoryMarshal.AsBytes(tail)];
    }

    private static byte[] ToBytes(params ReadOnlySpan<ulong> values) => MemoryMarshal.AsBytes(values).ToArray();

    private static string ReadName(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes[..bytes.IndexOf((byte)0)]);

    private static uint ReadUInt32(ReadOnlySpan<byte> body, int offset) => MemoryMarshal.Read<uint>(body[offset..]);

    private static ulong ReadUInt64(ReadOnlySpan<byte> body, int offset) => MemoryMarshal.Read<ulong>(body[offset..]);
}
