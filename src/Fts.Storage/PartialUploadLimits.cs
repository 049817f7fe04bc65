namespace Fts.Storage;

/// <summary>
/// Limits the partial uploads that a store keeps for one uploader (<see cref="WriteStart.Uploader"/>). If a new partial upload exceeds a
/// limit, the oldest ones are discarded.
/// </summary>
public sealed record PartialUploadLimits
{
    /// <summary>The maximum number of partial uploads. Default: 100.</summary>
    public int MaxCount { get; init; } = 100;

    /// <summary>
    /// The maximum total size in bytes. The newest partial upload is kept even if it is larger than this limit, so that it can be resumed.
    /// Default: 32 GiB.
    /// </summary>
    public long MaxBytes { get; init; } = 32L * 1024 * 1024 * 1024;

    /// <summary>
    /// An interrupted upload with at least this many new bytes is kept, because sending these bytes again takes a long time.
    /// </summary>
    private const long AlwaysKeptBytes = 16 * 1024 * 1024;

    /// <summary>Returns these limits if they are valid. A store calls this method once, when it is created.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <see cref="MaxCount"/> is less than 1, or <see cref="MaxBytes"/> is negative.
    /// </exception>
    internal PartialUploadLimits Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxCount, 1, nameof(MaxCount));
        ArgumentOutOfRangeException.ThrowIfNegative(MaxBytes, nameof(MaxBytes));
        return this;
    }

    /// <summary>
    /// Returns whether an upload that continues a committed file received too few new bytes to be kept: fewer than
    /// <paramref name="start"/>, and less than 16 MiB.
    /// </summary>
    /// <param name="start">The offset in the committed file at which the upload began, in bytes.</param>
    /// <param name="length">The length of the partial upload in bytes, including the bytes before <paramref name="start"/>.</param>
    internal static bool HasTooFewNewBytes(long start, long length) => length - start < Math.Min(start, AlwaysKeptBytes);

    /// <summary>
    /// Returns whether partial uploads of this number and total size in bytes exceed a limit. A single partial upload never exceeds
    /// <see cref="MaxBytes"/>.
    /// </summary>
    internal bool AreExceededBy(int count, long bytes) => count > MaxCount || (bytes > MaxBytes && count > 1);
}
