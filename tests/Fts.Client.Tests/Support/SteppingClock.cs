namespace Fts.Client.Tests.Support;

/// <summary>A clock that is ten seconds later at each reading, so that every time limit below that is over at its first check. Timers run in real time.</summary>
internal sealed class SteppingClock : TimeProvider
{
    private long _readings;

    public override long TimestampFrequency => 1;

    public override long GetTimestamp() => 10 * Interlocked.Increment(ref _readings);
}
