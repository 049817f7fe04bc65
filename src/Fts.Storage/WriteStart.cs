namespace Fts.Storage;

/// <summary>The content with which an upload starts, and whether the upload can be resumed after an interruption.</summary>
public readonly record struct WriteStart
{
    private WriteStart(long? offset, bool keepsContent, bool createOnly) =>
        (Offset, ShouldKeepContent, IsCreateOnly) = (offset, keepsContent, createOnly);

    /// <summary>The offset in bytes of the caller's first byte, or null for the end of the existing content.</summary>
    public long? Offset { get; }

    /// <summary>
    /// True to start with the content of the committed file, or of the partial upload to resume. False to start with an empty file.
    /// </summary>
    public bool ShouldKeepContent { get; }

    /// <summary>
    /// Whether the file must be new. If an entry with its name exists, opening and committing throw <see cref="StoreError.Exists"/>. No
    /// other call to the store can create the entry between the check at the commit and the publication.
    /// </summary>
    public bool IsCreateOnly { get; init; }

    /// <summary>Whether the file must exist. If it does not exist, the commit throws <see cref="StoreError.NotFound"/>.</summary>
    /// <remarks>
    /// The local store checks this immediately before the commit. If another process deletes the file after the check, the commit creates
    /// it again.
    /// </remarks>
    public bool MustExist { get; init; }

    /// <summary>
    /// Whether the bytes of an existing file must stay. If the commit would replace a file instead of appending to it, the commit throws
    /// <see cref="StoreError.Exists"/>.
    /// </summary>
    public bool MustKeepExistingBytes { get; init; }

    /// <summary>Whether the commit can replace an existing file by other content.</summary>
    internal bool CanReplace => !IsCreateOnly && !MustKeepExistingBytes;

    /// <summary>The uploader, as given to <see cref="WithUploader"/>, or null if the upload cannot be resumed.</summary>
    /// <remarks>
    /// <see cref="Append"/> and <see cref="FromOffset"/> resume the uploader's partial upload if one exists, instead of continuing the
    /// committed file. <see cref="Replace"/> and <see cref="Create"/> discard the partial upload when the new upload is opened. A partial
    /// upload that continues a committed file is resumed only if that file is unchanged.
    /// </remarks>
    public string? Uploader { get; init; }

    /// <summary>
    /// Whether this start is <see cref="Append"/>: the commit appends the bytes at the end that the file has at that time, even if the file
    /// grew during the upload.
    /// </summary>
    internal bool IsAppend => ShouldKeepContent && Offset is null && !IsCreateOnly;

    /// <summary>
    /// Returns whether an upload with this start begins exactly at the end of a committed file of this length in bytes, so that it
    /// overwrites none of the file's bytes. Returns false if no file exists (null).
    /// </summary>
    internal bool IsAtEndOf(long? committedLength) => ShouldKeepContent && committedLength is { } length && (Offset ?? length) == length;

    /// <summary>Starts with an empty file that replaces an existing file (STOR).</summary>
    public static WriteStart Replace => new(0, false, false);

    /// <summary>Starts with an empty file that must be new (STOU).</summary>
    public static WriteStart Create => new(0, false, true);

    /// <summary>Starts at the end of the committed file, or with an empty file if none exists (APPE).</summary>
    /// <remarks>
    /// The commit appends the bytes at the end that the file has at that time. Simultaneous appends are therefore all applied, one after
    /// another.
    /// </remarks>
    public static WriteStart Append => new(null, true, false);

    /// <summary>Returns a copy of this value for an upload that the uploader can resume after an interruption.</summary>
    /// <param name="uploader">Any text that identifies the uploader.</param>
    public WriteStart WithUploader(string uploader) => this with { Uploader = uploader };

    /// <summary>
    /// Starts with the content of the committed file, or of the partial upload to resume, and overwrites the content from an offset (REST,
    /// then STOR).
    /// </summary>
    /// <param name="offset">The offset in bytes. 0 is the same as <see cref="Replace"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The offset is negative.</exception>
    /// <remarks>
    /// Bytes of the committed file after the last written byte are kept. Bytes of a partial upload after the offset are discarded. Opening
    /// throws <see cref="StoreError.BadOffset"/> if the offset is past the end. If the offset is the end of the committed file, and that
    /// file was extended, truncated, replaced or deleted before the commit, the commit throws <see cref="StoreError.Busy"/>.
    /// </remarks>
    public static WriteStart FromOffset(long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return offset == 0 ? Replace : new WriteStart(offset, true, false);
    }
}
