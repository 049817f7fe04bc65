using System.Buffers.Binary;

namespace Fts.Protocol.Blocks;

/// <summary>
/// The sending side of block mode (RFC 959 §3.4.2): puts files into a buffer as blocks, one after the other, several small ones beside each other. The last block
/// of a file says so; one whose content has left already ends with an empty block.
/// </summary>
internal sealed class BlockWriter(byte[] buffer)
{
    /// <summary>The most that a block's count can say.</summary>
    public const int MaxContentLength = ushort.MaxValue;

    private int _length;
    private int? _openBlock;

    /// <summary>What is to be sent. A block that is open in it is whole as it stands; the file goes on in another one.</summary>
    public ReadOnlyMemory<byte> Blocks => buffer.AsMemory(0, _length);

    private int FreeBytes => buffer.Length - _length;

    /// <summary>Takes content, as much as there is room for; 0 when the blocks must leave first.</summary>
    public int Write(ReadOnlySpan<byte> content)
    {
        int taken = 0;
        while (taken < content.Length && TryGetOpenBlock(out int at))
        {
            int there = _length - at - BlockReader.HeaderLength;
            int piece = Math.Min(Math.Min(MaxContentLength - there, FreeBytes), content.Length - taken);
            content.Slice(taken, piece).CopyTo(buffer.AsSpan(_length));
            (_length, taken) = (_length + piece, taken + piece);
            BinaryPrimitives.WriteUInt16BigEndian(buffer.AsSpan(at + 1), (ushort)(there + piece));
        }

        return taken;
    }

    /// <summary>Ends the file; false when the blocks must leave first.</summary>
    public bool TryEndFile()
    {
        if (_openBlock is null && FreeBytes < BlockReader.HeaderLength)
        {
            return false;
        }

        buffer[_openBlock ?? BeginBlock()] = (byte)BlockFlags.EndOfFile;
        _openBlock = null;
        return true;
    }

    /// <summary>All of it was sent: the buffer is empty again.</summary>
    public void Clear() => (_length, _openBlock) = (0, null);

    /// <summary>Where the block begins that has room for more, if need be a new one.</summary>
    private bool TryGetOpenBlock(out int at)
    {
        bool isFull = _openBlock is { } open && _length - open - BlockReader.HeaderLength == MaxContentLength;
        bool fits = FreeBytes > (_openBlock is null || isFull ? BlockReader.HeaderLength : 0);
        at = !fits ? 0 : _openBlock is null || isFull ? BeginBlock() : _openBlock.Value;
        return fits;
    }

    private int BeginBlock()
    {
        _openBlock = _length;
        buffer.AsSpan(_length, BlockReader.HeaderLength).Clear();
        _length += BlockReader.HeaderLength;
        return _openBlock.Value;
    }
}
