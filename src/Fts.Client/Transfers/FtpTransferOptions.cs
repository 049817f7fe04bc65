namespace Fts.Client;

/// <summary>Whether a transfer goes on where an earlier one broke off.</summary>
public enum FtpResume
{
    /// <summary>Never; and a download that breaks off leaves nothing behind.</summary>
    Never,
    /// <summary>
    /// A download that breaks off keeps what came, hidden beside its target, if a later one will be able to prove what it is a part of; the next download to
    /// that target proves it and goes on from there, or starts anew. Uploads start anew.
    /// </summary>
    Partial,
    /// <summary>
    /// As <see cref="Partial"/>, and what stands under the target's own name is gone on with, too: that of an upload by its size on the server and, where the server
    /// has hashes, if it is the beginning of the local file; that of a download only where a hash proves it. Complete already, nothing moves.
    /// What is no beginning is left as it is: <see cref="FtpTargetExistsException"/>.
    /// </summary>
    PartialOrTarget,
}

/// <summary>What is looked at before a transfer counts as done, besides the length, which always is where the server tells it.</summary>
public enum FtpVerification
{
    /// <summary>Nothing else.</summary>
    Length,
    /// <summary>The SHA-256 of what was resumed, if the server has HASH or XSHA256.</summary>
    ResumedByHash,
    /// <summary>
    /// The SHA-256 of every file. If the server has neither HASH nor XSHA256, <see cref="FtpIntegrityException"/> is thrown before a byte is transferred.
    /// If the server announces one and then refuses it, the exception is thrown after the transfer.
    /// </summary>
    ByHash,
}

/// <summary>The representation type of a transfer (TYPE, RFC 959 §3.1.1).</summary>
public enum FtpTransferType
{
    /// <summary>The bytes as they are (TYPE I).</summary>
    Binary,
    /// <summary>
    /// Text (TYPE A): lines end in CRLF on the wire, and in <see cref="Environment.NewLine"/> in the local file. The server converts to its own line ends.
    /// The lengths and hashes of the two files differ. Only the server's final reply confirms the transfer, and it cannot be resumed.
    /// </summary>
    Ascii,
}

/// <summary>How one file is transferred.</summary>
public sealed record FtpTransferOptions
{
    /// <summary>The defaults.</summary>
    public static FtpTransferOptions Default { get; } = new();

    /// <summary>
    /// Whether a target that exists is replaced; true unless said otherwise. When false, the target is looked for first and
    /// <see cref="FtpTargetExistsException"/> ends the transfer before a byte moves.
    /// </summary>
    public bool Overwrite { get; init; } = true;

    /// <summary>Whether a file's transfer goes on where an earlier one broke off; <see cref="FtpResume.Partial"/> unless said otherwise. Transfers of streams never do.</summary>
    public FtpResume Resume { get; init; } = FtpResume.Partial;

    /// <summary>How a file's transfer is verified; <see cref="FtpVerification.ResumedByHash"/> unless said otherwise. Transfers of streams are by their length.</summary>
    public FtpVerification Verification { get; init; } = FtpVerification.ResumedByHash;

    /// <summary>
    /// Whether line ends are converted; <see cref="FtpTransferType.Binary"/> by default. A transfer in ASCII mode is not resumed, not split into segments and not
    /// compressed. With <see cref="FtpResume.PartialOrTarget"/> or <see cref="FtpVerification.ByHash"/> it throws <see cref="ArgumentException"/>.
    /// </summary>
    public FtpTransferType Type { get; init; }

    /// <summary>Whether a downloaded file gets the server's modification time, where the server tells it; true unless said otherwise.</summary>
    public bool PreserveLastModified { get; init; } = true;

    /// <summary>What a listing already told of the file to download: saves asking again.</summary>
    public FtpEntry? SourceEntry { get; init; }

    /// <summary>
    /// Over how many connections a file travels at once, in as many segments: null, as unless said otherwise, for several where the file is large and the server far
    /// away, 1 for never. There are never more than <see cref="FtpClientOptions.MaxConnections"/>, nor more than the file has MiB. Downloads need a server that starts
    /// in the middle of a file (REST) and tells when it changed, which must be a minute ago where it tells that to the second: sooner, another change would not show.
    /// Uploads need one that joins files (COMB), and room there for the file twice. Any other transfer, those of streams among them, goes over one connection.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int? Segments
    {
        get;
        init => field = value is null or >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(Segments), value, "1 or more.");
    }

    /// <summary>Whether a transfer must not succeed without a comparison of hashes.</summary>
    internal bool IsHashRequired => Verification == FtpVerification.ByHash;

    internal bool ShouldVerifyByHash(bool isResumed) => Verification == FtpVerification.ByHash || (Verification == FtpVerification.ResumedByHash && isResumed);
}
