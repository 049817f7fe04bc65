namespace Fts.Protocol.Blocks;

/// <summary>The flags in the descriptor, the first byte of a block header (RFC 959 §3.4.2).</summary>
[Flags]
internal enum BlockFlags : byte
{
    None = 0,
    /// <summary>The block is a restart marker and not content.</summary>
    RestartMarker = 16,
    /// <summary>The sender suspects errors in the block. The block is content nevertheless.</summary>
    Suspect = 32,
    /// <summary>The block is the last of its file.</summary>
    EndOfFile = 64,
    /// <summary>The block ends a record. Not set for files without record structure.</summary>
    EndOfRecord = 128,
    All = RestartMarker | Suspect | EndOfFile | EndOfRecord,
}

/// <summary>
/// A received block header is not valid, so the start of the next block is unknown and the connection cannot be used any more.
/// </summary>
/// <param name="message">The reason.</param>
public sealed class BlockFormatException(string message) : IOException(message);

/// <summary>The result of reading some bytes in block mode.</summary>
/// <param name="ConsumedBytes">The number of input bytes that were consumed.</param>
/// <param name="ContentBytes">The number of content bytes, which are at the end of the consumed bytes.</param>
public readonly record struct BlockReadResult(int ConsumedBytes, int ContentBytes);

/// <summary>
/// Reads one file in block mode (RFC 959 §3.4.2). Skips restart markers and ignores ends of records. Returns ranges of the input and does
/// not copy content.
/// </summary>
/// <remarks>The reader is a mutable struct: keep it in a field or pass it by reference.</remarks>
public struct BlockReader
{
    /// <summary>The length of a block header in bytes: the descriptor and the 16-bit count of the bytes that follow.</summary>
    public const int HeaderLength = 3;

    private uint _header;
    private int _headerBytesRead;
    private int _remainingBytes;

    /// <summary>Whether the last block of the file was read to its end. The bytes that follow belong to another file.</summary>
    public bool IsEndOfFile { get; private set; }

    private readonly BlockFlags Flags => (BlockFlags)(_header >> 16);

    /// <summary>Reads the input up to the end of the next piece of content. Stops earlier at the end of the file or of the input.</summary>
    /// <remarks>
    /// If the result has no content and the file has not ended, the whole input was consumed and more is needed. Bytes after the end of the
    /// file are not consumed.
    /// </remarks>
    /// <param name="bytes">The received bytes that have not been consumed yet.</param>
    /// <exception cref="BlockFormatException">A header has a descriptor that RFC 959 does not define.</exception>
    public BlockReadResult Read(ReadOnlySpan<byte> bytes)
    {
        int consumed = 0;
        while (!IsEndOfFile && consumed < bytes.Length)
        {
            if (_remainingBytes > 0)
            {
                int length = Math.Min(_remainingBytes, bytes.Length - consumed);
                (_remainingBytes, consumed) = (_remainingBytes - length, consumed + length);
                UpdateEndOfFile();
                if ((Flags & BlockFlags.RestartMarker) == 0)
                {
                    return new BlockReadResult(consumed, length);
                }
            }
            else
            {
                _header = (_header << 8) | bytes[consumed++];
                if (++_headerBytesRead == HeaderLength)
                {
                    StartBlock();
                }
            }
        }

        return new BlockReadResult(consumed, 0);
    }

    private void StartBlock()
    {
        _header &= 0xFF_FFFF;
        if ((Flags & ~BlockFlags.All) != 0)
        {
            throw new BlockFormatException($"invalid block header: descriptor {(byte)Flags} is not defined in RFC 959");
        }

        (_remainingBytes, _headerBytesRead) = ((int)(_header & 0xFFFF), 0);
        UpdateEndOfFile();
    }

    private void UpdateEndOfFile() => IsEndOfFile = _remainingBytes == 0 && (Flags & BlockFlags.EndOfFile) != 0;
}
