using System.Buffers.Binary;

namespace Fts.Protocol.Blocks;

/// <summary>
/// The sending side of block mode (RFC 959 §3.4.2): puts files into a buffer as blocks, one after the other, several small ones beside each other. The last block
/// of a file says so; one whose content has left already ends with an empty block.
/// </summary>
internal sealed class BlockWriter(byte[] buffer)
{
    /// <summary>The most that a block's count can say.</summary>
    public const int MaxContent = ushort.MaxValue;

    private int _length;
    private int? _open;

    /// <summary>What is to be sent. A block that is open in it is whole as it stands; the file goes on in another one.</summary>
    public ReadOnlyMemory<byte> Blocks => buffer.AsMemory(0, _length);

    private int Room => buffer.Length - _length;

    /// <summary>Takes content, as much as there is room for; 0 when the blocks must leave first.</summary>
    public int Write(ReadOnlySpan<byte> content)
    {
        int taken = 0;
        while (taken < content.Length && TryOpen(out int at))
        {
            int there = _length - at - BlockReader.HeaderBytes;
            int piece = Math.Min(Math.Min(MaxContent - there, Room), content.Length - taken);
            content.Slice(taken, piece).CopyTo(buffer.AsSpan(_length));
            (_length, taken) = (_length + piece, taken + piece);
            BinaryPrimitives.WriteUInt16BigEndian(buffer.AsSpan(at + 1), (ushort)(there + piece));
        }

        return taken;
    }

    /// <summary>Ends the file; false when the blocks must leave first.</summary>
    public bool TryEnd()
    {
        if (_open is null && Room < BlockReader.HeaderBytes)
        {
            return false;
        }

        buffer[_open ?? Open()] = (byte)BlockFlags.EndOfFile;
        _open = null;
        return true;
    }

    /// <summary>All of it was sent: the buffer is empty again.</summary>
    public void Clear() => (_length, _open) = (0, null);

    /// <summary>Where the block begins that has room for more, if need be a new one.</summary>
    private bool TryOpen(out int at)
    {
        bool isFull = _open is { } open && _length - open - BlockReader.HeaderBytes == MaxContent;
        bool fits = Room > (_open is null || isFull ? BlockReader.HeaderBytes : 0);
        at = !fits ? 0 : _open is null || isFull ? Open() : _open.Value;
        return fits;
    }

    private int Open()
    {
        _open = _length;
        buffer.AsSpan(_length, BlockReader.HeaderBytes).Clear();
        _length += BlockReader.HeaderBytes;
        return _open.Value;
    }
}
