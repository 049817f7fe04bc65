namespace Fts.Client;

/// <summary>
/// Limits on the data that the client accepts from a server or proxy. An operation that exceeds a limit fails with an
/// <see cref="FtpException"/>, for example <see cref="FtpProtocolException"/> or <see cref="FtpListingException"/>.
/// </summary>
public sealed record FtpLimits
{
    /// <summary>The maximum length of one line of a reply in bytes, at least 256. Default: 16 KiB.</summary>
    public int ReplyLine { get; init; } = 16 * 1024;

    /// <summary>The maximum length of a whole reply in bytes, at least <see cref="ReplyLine"/>. Default: 1 MiB.</summary>
    public int Reply { get; init; } = 1024 * 1024;

    /// <summary>The maximum length of one line of a listing in bytes, at least 256. Default: 16 KiB.</summary>
    public int ListingLine { get; init; } = 16 * 1024;

    /// <summary>The maximum length of a whole listing in bytes, at least <see cref="ListingLine"/>. Default: 1 GiB.</summary>
    public long Listing { get; init; } = 1024L * 1024 * 1024;

    /// <summary>
    /// The maximum number of entries of a remote tree that <see cref="FtpClient.PlanMirrorAsync"/> reads into memory, at least 1. Default:
    /// 2,000,000, which take about 1.7 GB of memory in a download and 1.1 GB in an upload.
    /// </summary>
    public int MirrorEntries { get; init; } = 2_000_000;

    /// <summary>
    /// The maximum length in bytes of the status line and headers in the response of an HTTP proxy, at least 256. Default: 16 KiB.
    /// </summary>
    public int ProxyResponse { get; init; } = 16 * 1024;

    /// <summary>
    /// The maximum number of bytes by which a download may exceed the length that the server reported. Default: 16 GiB. A longer download
    /// is aborted, because a hostile server could send endless data.
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
