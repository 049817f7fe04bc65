using Fts.Storage.Local;

namespace Fts.Storage.Tests.Local;

/// <summary>When calls run inline: after fast calls on worker threads, and not for a while after a slow one.</summary>
public sealed class InlineGateTests
{
    private static readonly TimeSpan s_slow = InlineGate.SlowTime + TimeSpan.FromTicks(1);

    private readonly ManualClock _clock = new();
    private readonly InlineGate _gate;

    public InlineGateTests() => _gate = new InlineGate(_clock);

    [Fact]
    public void The_first_calls_of_a_store_run_on_worker_threads()
    {
        Assert.False(_gate.TryEnter(out _));
        MeasureCalls(InlineGate.FastCallsToOpen - 1, TimeSpan.Zero);
        Assert.False(_gate.TryEnter(out _));
        MeasureCalls(1, TimeSpan.Zero);
        Assert.True(_gate.TryEnter(out _));
    }

    [Fact]
    public void A_slow_call_among_the_first_ones_starts_the_count_again()
    {
        MeasureCalls(InlineGate.FastCallsToOpen - 1, TimeSpan.Zero);
        MeasureCalls(1, s_slow);
        MeasureCalls(InlineGate.FastCallsToOpen - 1, TimeSpan.Zero);
        Assert.False(_gate.IsOpen);
        MeasureCalls(1, TimeSpan.Zero);
        Assert.True(_gate.IsOpen);
    }

    [Fact]
    public void A_slow_inline_call_closes_the_gate_until_time_and_fast_calls_have_passed()
    {
        Open();
        RunInline(InlineGate.SlowTime);
        Assert.True(_gate.IsOpen);
        RunInline(s_slow);
        Assert.False(_gate.TryEnter(out _));

        MeasureCalls(InlineGate.FastCallsToOpen, TimeSpan.Zero);
        Assert.False(_gate.IsOpen);
        _clock.Advance(InlineGate.MinClosedTime);
        MeasureCalls(1, TimeSpan.Zero);
        Assert.True(_gate.IsOpen);
    }

    [Fact]
    public void A_call_that_still_runs_closes_the_gate_for_the_next_caller()
    {
        Open();
        Assert.True(_gate.TryEnter(out InlineCall hung));
        _clock.Advance(s_slow);
        bool isEntered = true;
        var other = new Thread(() => isEntered = _gate.TryEnter(out _));
        other.Start();
        other.Join();
        Assert.False(isEntered);
        Assert.False(_gate.IsOpen);
        _gate.Exit(hung);
    }

    [Fact]
    public void The_closed_time_doubles_up_to_a_minute_and_returns_to_a_second_after_ten_good_minutes()
    {
        for (TimeSpan closed = InlineGate.MinClosedTime; closed < InlineGate.MaxClosedTime * 2; closed *= 2)
        {
            TimeSpan expected = closed < InlineGate.MaxClosedTime ? closed : InlineGate.MaxClosedTime;
            Open();
            RunInline(s_slow);
            _clock.Advance(expected - TimeSpan.FromTicks(1));
            MeasureCalls(InlineGate.FastCallsToOpen, TimeSpan.Zero);
            Assert.False(_gate.IsOpen);
            _clock.Advance(TimeSpan.FromTicks(1));
        }

        Open();
        _clock.Advance(InlineGate.MemoryTime);
        RunInline(s_slow);
        _clock.Advance(InlineGate.MinClosedTime);
        MeasureCalls(InlineGate.FastCallsToOpen, TimeSpan.Zero);
        Assert.True(_gate.IsOpen);
    }

    private void Open()
    {
        MeasureCalls(InlineGate.FastCallsToOpen, TimeSpan.Zero);
        Assert.True(_gate.IsOpen);
    }

    private void RunInline(TimeSpan duration)
    {
        Assert.True(_gate.TryEnter(out InlineCall call));
        _clock.Advance(duration);
        _gate.Exit(call);
    }

    private void MeasureCalls(int count, TimeSpan duration)
    {
        for (int i = 0; i < count; i++)
        {
            _gate.Measure(duration, duration =>
            {
                _clock.Advance(duration);
                return true;
            });
        }
    }

    /// <summary>A clock that a test advances, with a resolution of one tick.</summary>
    private sealed class ManualClock : TimeProvider
    {
        private long _now = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan time) => _now += time.Ticks;
    }
}
