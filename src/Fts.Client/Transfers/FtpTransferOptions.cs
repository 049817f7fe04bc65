namespace Fts.Client;

/// <summary>Whether a transfer resumes an interrupted transfer of the same file.</summary>
public enum FtpResume
{
    /// <summary>Never. An interrupted download leaves no file.</summary>
    Never,
    /// <summary>
    /// An interrupted download keeps its bytes in a hidden file beside the target, if a later download can verify them. The next download
    /// to that target verifies the bytes and continues after them, or starts from the beginning. Uploads always start from the beginning.
    /// </summary>
    Partial,
    /// <summary>
    /// As <see cref="Partial"/>, and an existing target is resumed as well. An upload resumes at the size that the server reports. If the
    /// server supports hashes, a hash must prove that the target is the beginning of the local file. A download resumes an existing target
    /// only if a hash proves that it is the beginning of the remote file. Nothing is transferred if the target is already complete. If the
    /// target differs, it is not changed, and <see cref="FtpTargetExistsException"/> is thrown.
    /// </summary>
    PartialOrTarget,
}

/// <summary>How a transfer is verified. Except in ASCII mode, the length is also compared if the server reports it.</summary>
public enum FtpVerification
{
    /// <summary>By length only.</summary>
    Length,
    /// <summary>By length, and resumed transfers also by SHA-256 if the server supports HASH or XSHA256.</summary>
    ResumedByHash,
    /// <summary>
    /// By the SHA-256 of every file. If the server lists neither HASH nor XSHA256, <see cref="FtpIntegrityException"/> is thrown before a
    /// byte is transferred. If the server lists one of them but rejects it, the exception is thrown after the transfer.
    /// </summary>
    ByHash,
}

/// <summary>The representation type of a transfer (TYPE, RFC 959 §3.1.1).</summary>
public enum FtpTransferType
{
    /// <summary>The bytes are not changed (TYPE I).</summary>
    Binary,
    /// <summary>
    /// Text (TYPE A): lines end in CRLF on the wire, and in <see cref="Environment.NewLine"/> in the local file. The server converts to its
    /// own line endings. The lengths and hashes of the two files may differ. Only the server's final reply confirms the transfer, and the
    /// transfer cannot be resumed.
    /// </summary>
    Ascii,
}

/// <summary>The options of a file transfer.</summary>
public sealed record FtpTransferOptions
{
    /// <summary>The default options.</summary>
    public static FtpTransferOptions Default { get; } = new();

    /// <summary>
    /// Whether the transfer replaces an existing target; true by default. If false and the target exists,
    /// <see cref="FtpTargetExistsException"/> is thrown before a byte is transferred.
    /// </summary>
    public bool Overwrite { get; init; } = true;

    /// <summary>
    /// Whether the transfer of a file resumes an interrupted transfer; <see cref="FtpResume.Partial"/> by default. Transfers of streams are
    /// never resumed.
    /// </summary>
    public FtpResume Resume { get; init; } = FtpResume.Partial;

    /// <summary>
    /// How the transfer of a file is verified; <see cref="FtpVerification.ResumedByHash"/> by default. Transfers of streams are verified by
    /// length.
    /// </summary>
    public FtpVerification Verification { get; init; } = FtpVerification.ResumedByHash;

    /// <summary>
    /// Whether line endings are converted; <see cref="FtpTransferType.Binary"/> by default. A transfer in ASCII mode is not resumed, not
    /// split into segments and not compressed. With <see cref="FtpResume.PartialOrTarget"/> or <see cref="FtpVerification.ByHash"/>, the
    /// transfer throws <see cref="ArgumentException"/>.
    /// </summary>
    public FtpTransferType Type { get; init; }

    /// <summary>
    /// Whether a downloaded file receives the last-modified time that the server reports; true by default. In
    /// <see cref="FtpClient.UploadManyAsync"/>, whether the client sets the last-modified times on the server (MFMT).
    /// </summary>
    public bool PreserveLastModified { get; init; } = true;

    /// <summary>
    /// The entry of the remote file from a listing; null by default. If its metadata is exact enough, a download does not request the
    /// metadata again.
    /// </summary>
    public FtpEntry? SourceEntry { get; init; }

    /// <summary>
    /// The maximum number of connections that transfer segments of one file. 1 means that the file is not split. Null, the default, means
    /// several connections for a large file on a distant server.
    /// </summary>
    /// <remarks>
    /// <para>The number is limited by <see cref="FtpClientOptions.MaxConnections"/> and by the length of the file in MiB. Transfers of
    /// streams use one connection.</para>
    /// <para>A download in segments requires REST and a last-modified time, by which a change during the download is detected. A time in
    /// whole seconds must be at least a minute old, because a second change within the same second would not alter it.</para>
    /// <para>An upload in segments requires COMB, which joins files on the server, and enough storage there for two copies of the
    /// file.</para>
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int? Segments
    {
        get;
        init => field = value is null or >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Segments), value, "The number of segments must be at least 1.");
    }

    /// <summary>Whether a transfer fails if no hashes can be compared.</summary>
    internal bool IsHashRequired => Verification == FtpVerification.ByHash;

    /// <summary>Returns whether a transfer is verified by hash if the server supports hashes.</summary>
    internal bool ShouldVerifyByHash(bool isResumed) =>
        Verification == FtpVerification.ByHash || (Verification == FtpVerification.ResumedByHash && isResumed);
}
