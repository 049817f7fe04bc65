namespace Fts.Protocol.Blocks;

/// <summary>What the first byte of a block's header tells (RFC 959 §3.4.2).</summary>
[Flags]
internal enum BlockFlags : byte
{
    None = 0,
    /// <summary>Not content, but a marker for a restart.</summary>
    RestartMarker = 16,
    /// <summary>The sender had trouble reading what it sends; content all the same.</summary>
    Suspect = 32,
    EndOfFile = 64,
    /// <summary>Of a record, which files without record structure do not have.</summary>
    EndOfRecord = 128,
    All = RestartMarker | Suspect | EndOfFile | EndOfRecord,
}

/// <summary>What came is no block: where the next one starts, nobody knows any more. An <see cref="IOException"/>, as any other end of a connection before its time.</summary>
internal sealed class BlockFormatException(string message) : IOException(message);

/// <summary>Some of the bytes that were looked at: so many are used up, and the last of these are content.</summary>
internal readonly record struct BlockReadResult(int ConsumedBytes, int ContentBytes);

/// <summary>
/// The receiving side of block mode (RFC 959 §3.4.2), for one file: takes blocks apart as their bytes come, and keeps none of them. Markers for restarts are
/// passed over, ends of records mean nothing in a file without records.
/// </summary>
internal struct BlockReader
{
    /// <summary>The descriptor, and the count of the bytes that follow.</summary>
    public const int HeaderLength = 3;

    private uint _header;
    private int _headerBytesRead;
    private int _remainingBytes;

    /// <summary>The file's last block was read to its end: what follows is another file's.</summary>
    public bool IsEndOfFile { get; private set; }

    private readonly BlockFlags Flags => (BlockFlags)(_header >> 16);

    /// <summary>
    /// Finds the next content. None in all that was looked at, and no end either, asks for more bytes; with the end, nothing beyond it was used.
    /// </summary>
    /// <exception cref="BlockFormatException">A descriptor that RFC 959 does not know.</exception>
    public BlockReadResult Read(ReadOnlySpan<byte> bytes)
    {
        int used = 0;
        while (!IsEndOfFile && used < bytes.Length)
        {
            if (_remainingBytes > 0)
            {
                int piece = Math.Min(_remainingBytes, bytes.Length - used);
                (_remainingBytes, used) = (_remainingBytes - piece, used + piece);
                EndBlock();
                if ((Flags & BlockFlags.RestartMarker) == 0)
                {
                    return new BlockReadResult(used, piece);
                }
            }
            else
            {
                _header = (_header << 8) | bytes[used++];
                if (++_headerBytesRead == HeaderLength)
                {
                    BeginBlock();
                }
            }
        }

        return new BlockReadResult(used, 0);
    }

    private void BeginBlock()
    {
        _header &= 0xFF_FFFF;
        if ((Flags & ~BlockFlags.All) != 0)
        {
            throw new BlockFormatException($"a block with the descriptor {(byte)Flags}, which RFC 959 does not know");
        }

        (_remainingBytes, _headerBytesRead) = ((int)(_header & 0xFFFF), 0);
        EndBlock();
    }

    private void EndBlock() => IsEndOfFile = _remainingBytes == 0 && (Flags & BlockFlags.EndOfFile) != 0;
}
