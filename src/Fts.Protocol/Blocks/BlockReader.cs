namespace Fts.Protocol.Blocks;

/// <summary>Some of the bytes that were looked at: so many are used up, and the last of these are content.</summary>
internal readonly record struct BlockPiece(int Used, int Content);

/// <summary>
/// The receiving side of block mode (RFC 959 §3.4.2), for one file: takes blocks apart as their bytes come, and keeps none of them. Markers for restarts are
/// passed over, ends of records mean nothing in a file without records.
/// </summary>
internal struct BlockReader
{
    /// <summary>The descriptor, and the count of the bytes that follow.</summary>
    public const int HeaderBytes = 3;

    private uint _header;
    private int _headerBytes;
    private int _left;

    /// <summary>The file's last block was read to its end: what follows is another file's.</summary>
    public bool HasEnded { get; private set; }

    private readonly BlockFlags Flags => (BlockFlags)(_header >> 16);

    /// <summary>
    /// Finds the next content. None in all that was looked at, and no end either, asks for more bytes; with the end, nothing beyond it was used.
    /// </summary>
    /// <exception cref="BlockException">A descriptor that RFC 959 does not know.</exception>
    public BlockPiece Read(ReadOnlySpan<byte> bytes)
    {
        int used = 0;
        while (!HasEnded && used < bytes.Length)
        {
            if (_left > 0)
            {
                int piece = Math.Min(_left, bytes.Length - used);
                (_left, used) = (_left - piece, used + piece);
                EndBlock();
                if ((Flags & BlockFlags.RestartMarker) == 0)
                {
                    return new BlockPiece(used, piece);
                }
            }
            else
            {
                _header = (_header << 8) | bytes[used++];
                if (++_headerBytes == HeaderBytes)
                {
                    BeginBlock();
                }
            }
        }

        return new BlockPiece(used, 0);
    }

    private void BeginBlock()
    {
        _header &= 0xFF_FFFF;
        if ((Flags & ~BlockFlags.All) != 0)
        {
            throw new BlockException($"a block with the descriptor {(byte)Flags}, which RFC 959 does not know");
        }

        (_left, _headerBytes) = ((int)(_header & 0xFFFF), 0);
        EndBlock();
    }

    private void EndBlock() => HasEnded = _left == 0 && (Flags & BlockFlags.EndOfFile) != 0;
}
