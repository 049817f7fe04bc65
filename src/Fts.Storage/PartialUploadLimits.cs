namespace Fts.Storage;

/// <summary>How many partial uploads a store keeps for one uploader (<see cref="WriteStart.Uploader"/>). The oldest are discarded for a new one.</summary>
public sealed record PartialUploadLimits
{
    /// <summary>The most partial uploads. Default: 100, more than any client interrupts at once.</summary>
    public int MaxCount { get; init; } = 100;

    /// <summary>
    /// The most bytes of all of them together. The newest is kept even if it alone exceeds this, because otherwise a larger file could not
    /// be resumed. Default: 32 GiB.
    /// </summary>
    public long MaxBytes { get; init; } = 32L * 1024 * 1024 * 1024;

    /// <summary>An interrupted upload with as many new bytes is always kept, because sending them again takes long.</summary>
    private const long AlwaysKeptBytes = 16 * 1024 * 1024;

    /// <summary>Returns the limits if they are valid. Called once, by the store that uses them.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="MaxCount"/> is less than 1, or <see cref="MaxBytes"/> is negative.</exception>
    internal PartialUploadLimits Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxCount, 1, nameof(MaxCount));
        ArgumentOutOfRangeException.ThrowIfNegative(MaxBytes, nameof(MaxBytes));
        return this;
    }

    /// <summary>Whether an upload that began as a copy of the committed file received too few new bytes to be kept: fewer than were copied, and less than 16 MiB.</summary>
    /// <param name="copied">The bytes that were copied.</param>
    /// <param name="length">The length of the partial upload, in bytes.</param>
    internal static bool HasTooFewNewBytes(long copied, long length) => length - copied < Math.Min(copied, AlwaysKeptBytes);

    /// <summary>Whether so many partial uploads are too many.</summary>
    internal bool AreExceededBy(int count, long bytes) => count > MaxCount || (bytes > MaxBytes && count > 1);
}
