namespace Fts.Protocol.Deflate;

/// <summary>What is wrong with a deflated transfer.</summary>
internal enum DeflateFault
{
    /// <summary>The connection ended before the zlib stream did: the transfer broke off.</summary>
    Truncated,
    /// <summary>Not a zlib stream, one whose checksum is wrong, or one that something follows.</summary>
    Corrupt,
    /// <summary>It expands beyond what is allowed.</summary>
    ExpansionLimitExceeded,
}

/// <summary>A deflated transfer that cannot be taken for what its sender meant. An <see cref="IOException"/>, as any other end of a connection before its time.</summary>
internal sealed class DeflateException(DeflateFault fault, string message, Exception? cause = null) : IOException(message, cause)
{
    public DeflateFault Fault { get; } = fault;
}
