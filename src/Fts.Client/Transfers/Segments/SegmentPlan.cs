namespace Fts.Client;

/// <summary>
/// Into how many segments a file is cut that travels over several connections. One flow carries no more than its window in a round trip, so over long links several
/// carry more; over short ones they only cost.
/// </summary>
internal static class SegmentPlan
{
    /// <summary>Where nobody said a number: smaller files, and servers nearer than this, are not worth it.</summary>
    public const long LeastAutomatic = 64 * 1024 * 1024;

    /// <summary>Less is over before a connection has come up to speed.</summary>
    private const long LeastAutomaticPart = 16 * 1024 * 1024, LeastPart = 1024 * 1024;

    private static readonly TimeSpan LongLink = TimeSpan.FromMilliseconds(10);

    /// <summary>How many segments; 1 for a file that is better not cut.</summary>
    /// <param name="wanted">What the options say.</param>
    /// <param name="connections">Connections there may be.</param>
    /// <param name="bytes">Bytes that are to travel.</param>
    /// <param name="roundTrip">From a command to its reply; null while nobody knows.</param>
    public static int Count(int? wanted, int connections, long bytes, TimeSpan? roundTrip) => (int)(wanted switch
    {
        { } number => Math.Clamp(bytes / LeastPart, 1, Math.Min(number, connections)),
        null when bytes >= LeastAutomatic && roundTrip >= LongLink => Math.Clamp(bytes / LeastAutomaticPart, 1, connections),
        null => 1,
    });

    /// <summary>Cuts what is missing into about as many segments, none longer than an equal share; more where there are gaps.</summary>
    public static IEnumerable<ByteRange> Split(IReadOnlyList<ByteRange> missing, int count)
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
