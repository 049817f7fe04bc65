namespace Fts.Accounts.Delivery;

/// <summary>The times of repeated deliveries.</summary>
public static class DeliverySchedule
{
    /// <summary>The number of deliveries after which an event is a dead letter: about one day.</summary>
    public const int DefaultMaxAttempts = 300;

    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Returns the pause before the next delivery of an event: 1 s after the first failure, doubled by each further failure up to 5 min,
    /// and changed at random by up to 20 %, so that many queues do not continue at the same time.
    /// </summary>
    /// <param name="failures">The number of failed deliveries, at least 1.</param>
    /// <param name="random">A random number from 0 to 1.</param>
    public static TimeSpan GetPause(int failures, double random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(failures, 1);
        TimeSpan pause = First * Math.Pow(2, Math.Min(failures - 1, 30));
        return (pause < Longest ? pause : Longest) * (0.8 + (0.4 * random));
    }
}
