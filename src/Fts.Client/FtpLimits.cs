namespace Fts.Client;

/// <summary>What a server may make the client read or remember before the client calls it nonsense and leaves.</summary>
public sealed record FtpLimits
{
    /// <summary>Bytes of one line of a reply.</summary>
    public int ReplyLine { get; init; } = 16 * 1024;

    /// <summary>Bytes of one whole reply; FEAT, HELP and STAT can be long.</summary>
    public int Reply { get; init; } = 1024 * 1024;

    /// <summary>Bytes of one line of a listing: a name, its facts or mode, a link's target.</summary>
    public int ListingLine { get; init; } = 16 * 1024;

    /// <summary>Bytes of one whole listing. A listing is passed on as it arrives and never held; this ends one that never does.</summary>
    public long Listing { get; init; } = 1024L * 1024 * 1024;

    /// <summary>Files and folders of a tree that is mirrored, which are held until the plan is made; a million take some 500 MB.</summary>
    public int MirrorEntries { get; init; } = 1_000_000;

    /// <summary>Bytes of an HTTP proxy's answer, headers included.</summary>
    public int ProxyResponse { get; init; } = 16 * 1024;

    /// <summary>
    /// Number of bytes that a download may exceed the reported length by; 16 GiB by default. Longer downloads are aborted, because a hostile
    /// server could send data without end.
    /// </summary>
    public long BytesBeyondReportedSize { get; init; } = 16L * 1024 * 1024 * 1024;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(BytesBeyondReportedSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(ProxyResponse, 256);
        ArgumentOutOfRangeException.ThrowIfLessThan(MirrorEntries, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ReplyLine, 256);
        ArgumentOutOfRangeException.ThrowIfLessThan(Reply, ReplyLine);
        ArgumentOutOfRangeException.ThrowIfLessThan(ListingLine, 256);
        ArgumentOutOfRangeException.ThrowIfLessThan(Listing, ListingLine);
    }
}
