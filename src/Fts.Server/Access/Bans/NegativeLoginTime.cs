namespace Fts.Server.Access.Bans;

/// <summary>
/// Makes a banned login take as long as a login with a wrong password, so that the time of the reply does not reveal the ban. Samples the
/// times of the last checks that failed. Thread-safe.
/// </summary>
internal sealed class NegativeLoginTime(TimeProvider clock)
{
    private const int MaxSamples = 32;

    private readonly Lock _lock = new();
    private readonly TimeSpan[] _samples = new TimeSpan[MaxSamples];
    private int _count;

    /// <summary>Records how long the check of a wrong password took.</summary>
    public void Add(TimeSpan time)
    {
        lock (_lock)
        {
            _samples[_count % MaxSamples] = time;
            _count = _count == int.MaxValue ? MaxSamples : _count + 1;
        }
    }

    /// <summary>
    /// Waits for a random one of the recorded times. If there is none, for example after a restart, runs a check and records its time.
    /// </summary>
    /// <param name="checkAsync">Checks a password that is wrong for certain.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public async ValueTask WaitAsync(Func<CancellationToken, ValueTask> checkAsync, CancellationToken cancellationToken)
    {
        if (GetSample() is { } time)
        {
            // Checks without a wait or a hash need no timer, which has a resolution of a millisecond.
            await (time < TimeSpan.FromMilliseconds(0.5) ? Task.CompletedTask : Task.Delay(time, clock, cancellationToken));
            return;
        }

        long startedAt = clock.GetTimestamp();
        await checkAsync(cancellationToken);
        Add(clock.GetElapsedTime(startedAt));
    }

    private TimeSpan? GetSample()
    {
        lock (_lock)
        {
            return _count == 0 ? null : _samples[Random.Shared.Next(Math.Min(_count, MaxSamples))];
        }
    }
}
