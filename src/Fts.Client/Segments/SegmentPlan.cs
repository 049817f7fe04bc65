namespace Fts.Client.Segments;

/// <summary>
/// Determines the number of segments into which a file is split. A TCP connection sends at most one window per round trip, so with long
/// round trips several connections are faster. With short round trips, more connections only cost time.
/// </summary>
internal static class SegmentPlan
{
    /// <summary>The minimum length in bytes of a file that is split if the options specify no number of segments.</summary>
    public const long MinAutomaticBytes = 64 * 1024 * 1024;

    /// <summary>
    /// The minimum length in bytes of a segment if the options specify no number of segments. A shorter transfer ends before its connection
    /// reaches full speed.
    /// </summary>
    private const long MinAutomaticSegmentBytes = 16 * 1024 * 1024;

    /// <summary>The minimum length in bytes of a segment if the options specify the number of segments.</summary>
    private const long MinSegmentBytes = 1024 * 1024;

    /// <summary>The minimum round-trip time for which a file is split if the options specify no number of segments.</summary>
    private static readonly TimeSpan MinRoundTripTime = TimeSpan.FromMilliseconds(10);

    /// <summary>Returns the number of segments; 1 if the file should not be split.</summary>
    /// <param name="wanted">The number of segments in the options; null to choose automatically.</param>
    /// <param name="connections">The maximum number of connections.</param>
    /// <param name="bytes">The number of bytes to transfer.</param>
    /// <param name="roundTrip">The time from a command to its reply; null if unknown.</param>
    public static int GetSegmentCount(int? wanted, int connections, long bytes, TimeSpan? roundTrip) => (int)(wanted switch
    {
        { } number => Math.Clamp(bytes / MinSegmentBytes, 1, Math.Min(number, connections)),
        null when bytes >= MinAutomaticBytes && roundTrip >= MinRoundTripTime =>
            Math.Clamp(bytes / MinAutomaticSegmentBytes, 1, connections),
        null => 1,
    });

    /// <summary>
    /// Splits ranges into segments whose length is at most 1/<paramref name="count"/> of the total. The result may have more than
    /// <paramref name="count"/> segments, because no segment spans two ranges.
    /// </summary>
    public static IEnumerable<ByteRange> SplitRanges(IReadOnlyList<ByteRange> missing, int count)
    {
        long share = Math.Max(1, (missing.Sum(range => range.Length) + count - 1) / count);
        foreach (ByteRange range in missing)
        {
            for (long start = range.Start; start < range.End; start += share)
            {
                yield return new ByteRange(start, Math.Min(start + share, range.End));
            }
        }
    }
}
