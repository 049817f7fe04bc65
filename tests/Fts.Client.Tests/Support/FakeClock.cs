namespace Fts.Client.Tests.Support;

/// <summary>A clock that moves only when a test advances it.</summary>
internal sealed class FakeClock : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<Timer> _timers = [];
    private readonly List<(TimeSpan Due, int Count, TaskCompletionSource Armed)> _watchers = [];
    private TimeSpan _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp()
    {
        lock (_lock)
        {
            return _now.Ticks;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock and fires each timer that is due.</summary>
    public void Advance(TimeSpan time)
    {
        Timer[] due;
        lock (_lock)
        {
            _now += time;
            due = [.. _timers.Where(timer => timer.Due <= _now)];
            _timers.RemoveAll(timer => timer.Due <= _now);
        }

        Array.ForEach(due, timer => timer.Fire());
    }

    /// <summary>Waits until <paramref name="count"/> timers exist that fire exactly after <paramref name="dueTime"/>.</summary>
    public Task WaitForTimersAsync(TimeSpan dueTime, int count = 1)
    {
        lock (_lock)
        {
            if (_timers.Count(timer => timer.Due == _now + dueTime) >= count)
            {
                return Task.CompletedTask;
            }

            var armed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _watchers.Add((_now + dueTime, count, armed));
            return armed.Task.WaitAsync(TimeSpan.FromSeconds(10), System);
        }
    }

    private void Arm(Timer timer, TimeSpan dueTime)
    {
        lock (_lock)
        {
            _timers.Remove(timer);
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                timer.Due = _now + dueTime;
                _timers.Add(timer);
                _watchers.FindAll(watcher => watcher.Due == timer.Due && _timers.Count(other => other.Due == timer.Due) >= watcher.Count)
                    .ForEach(watcher => watcher.Armed.TrySetResult());
            }
        }
    }

    private void Disarm(Timer timer)
    {
        lock (_lock)
        {
            _timers.Remove(timer);
        }
    }

    private sealed class Timer(FakeClock clock, Action fire) : ITimer
    {
        public TimeSpan Due { get; set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            clock.Arm(this, dueTime);
            return true;
        }

        public void Dispose() => clock.Disarm(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
