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
