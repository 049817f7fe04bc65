namespace Fts.Client.Segments;

/// <summary>
/// Into how many segments a file is cut that travels over several connections. One flow carries no more than its window in a round trip, so over long links several
/// carry more; over short ones they only cost.
/// </summary>
internal static class SegmentPlan
{
    /// <summary>Where nobody said a number: smaller files, and servers nearer than this, are not worth it.</summary>
    public const long MinAutomaticBytes = 64 * 1024 * 1024;

    /// <summary>Less is over before a connection has come up to speed.</summary>
    private const long MinAutomaticSegmentBytes = 16 * 1024 * 1024, MinSegmentBytes = 1024 * 1024;

    private static readonly TimeSpan MinRoundTripTime = TimeSpan.FromMilliseconds(10);

    /// <summary>How many segments; 1 for a file that is better not cut.</summary>
    /// <param name="wanted">What the options say.</param>
    /// <param name="connections">Connections there may be.</param>
    /// <param name="bytes">Bytes that are to travel.</param>
    /// <param name="roundTrip">From a command to its reply; null while nobody knows.</param>
    public static int GetSegmentCount(int? wanted, int connections, long bytes, TimeSpan? roundTrip) => (int)(wanted switch
    {
        { } number => Math.Clamp(bytes / MinSegmentBytes, 1, Math.Min(number, connections)),
        null when bytes >= MinAutomaticBytes && roundTrip >= MinRoundTripTime => Math.Clamp(bytes / MinAutomaticSegmentBytes, 1, connections),
        null => 1,
    });

    /// <summary>Cuts what is missing into about as many segments, none longer than an equal share; more where there are gaps.</summary>
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
