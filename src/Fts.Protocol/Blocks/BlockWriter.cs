using System.Buffers.Binary;

namespace Fts.Protocol.Blocks;

/// <summary>
/// Writes one file after another in block mode (RFC 959 §3.4.2) into a buffer. The buffer may hold several small files. The last block of
/// each file has the end-of-file flag, and is empty if the content of the file has already been sent.
/// </summary>
/// <param name="buffer">The buffer for the blocks. The caller owns it and must not modify it while the writer is in use.</param>
public sealed class BlockWriter(byte[] buffer)
{
    /// <summary>The maximum length of a block's content in bytes, the largest value of its 16-bit count.</summary>
    public const int MaxContentLength = ushort.MaxValue;

    private int _length;
    // The offset of the block to which more content can be added.
    private int? _openBlock;

    /// <summary>The bytes to send. They consist of complete blocks, so they can be sent before the file ends.</summary>
    public ReadOnlyMemory<byte> Blocks => buffer.AsMemory(0, _length);

    private int FreeBytes => buffer.Length - _length;

    /// <summary>Writes as much content as fits into the buffer. Returns the number of bytes written, or 0 if the buffer is full.</summary>
    /// <remarks>If the buffer is full, send <see cref="Blocks"/> and call <see cref="Clear"/>.</remarks>
    /// <param name="content">The next content of the current file.</param>
    public int Write(ReadOnlySpan<byte> content)
    {
        int written = 0;
        while (written < content.Length && TryGetOpenBlock(out int start))
        {
            int blockLength = _length - start - BlockReader.HeaderLength;
            int added = Math.Min(Math.Min(MaxContentLength - blockLength, FreeBytes), content.Length - written);
            content.Slice(written, added).CopyTo(buffer.AsSpan(_length));
            (_length, written) = (_length + added, written + added);
            BinaryPrimitives.WriteUInt16BigEndian(buffer.AsSpan(start + 1), (ushort)(blockLength + added));
        }

        return written;
    }

    /// <summary>Ends the current file. Returns false if the buffer is full.</summary>
    public bool TryEndFile()
    {
        if (_openBlock is null && FreeBytes < BlockReader.HeaderLength)
        {
            return false;
        }

        buffer[_openBlock ?? StartBlock()] = (byte)BlockFlags.EndOfFile;
        _openBlock = null;
        return true;
    }

    /// <summary>Empties the buffer after its blocks were sent.</summary>
    public void Clear() => (_length, _openBlock) = (0, null);

    /// <summary>
    /// Gets the offset of the open block. Starts a new block if no block is open or the open block is full. Returns false if the buffer has
    /// no space left.
    /// </summary>
    private bool TryGetOpenBlock(out int start)
    {
        bool needsBlock = _openBlock is not { } open || _length - open - BlockReader.HeaderLength == MaxContentLength;
        if (FreeBytes <= (needsBlock ? BlockReader.HeaderLength : 0))
        {
            start = 0;
            return false;
        }

        start = needsBlock ? StartBlock() : _openBlock!.Value;
        return true;
    }

    private int StartBlock()
    {
        _openBlock = _length;
        buffer.AsSpan(_length, BlockReader.HeaderLength).Clear();
        _length += BlockReader.HeaderLength;
        return _openBlock.Value;
    }
}
