namespace Fts.Client.Tests.Support;

/// <summary>
/// A clock that advances by ten seconds at each reading, so that every shorter time limit has passed at its first check. Timers use real
/// time.
/// </summary>
internal sealed class SteppingClock : TimeProvider
{
    private long _readings;

    public override long TimestampFrequency => 1;

    public override long GetTimestamp() => 10 * Interlocked.Increment(ref _readings);
}
