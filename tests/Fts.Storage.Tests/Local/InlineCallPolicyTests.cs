using Fts.Native;
using Fts.Storage.Local;

namespace Fts.Storage.Tests.Local;

/// <summary>When calls run inline: after fast calls on worker threads, and not for a while after a slow one.</summary>
public sealed class InlineCallPolicyTests
{
    private static readonly TimeSpan s_slow = InlineCallPolicy.SlowThreshold + TimeSpan.FromTicks(1);

    private readonly ManualClock _clock = new();
    private readonly InlineCallPolicy _policy;
    private long _waitCount;

    public InlineCallPolicyTests() => _policy = new InlineCallPolicy(_clock, () => _waitCount);

    [Fact]
    public void The_first_calls_of_a_store_run_on_worker_threads()
    {
        Assert.False(_policy.TryBeginCall(out _));
        MeasureCalls(InlineCallPolicy.FastCallsToAllow - 1, TimeSpan.Zero);
        Assert.False(_policy.TryBeginCall(out _));
        MeasureCalls(1, TimeSpan.Zero);
        Assert.True(_policy.TryBeginCall(out _));
    }

    [Fact]
    public void A_slow_call_among_the_first_ones_starts_the_count_again()
    {
        MeasureCalls(InlineCallPolicy.FastCallsToAllow - 1, TimeSpan.Zero);
        MeasureCalls(1, s_slow);
        MeasureCalls(InlineCallPolicy.FastCallsToAllow - 1, TimeSpan.Zero);
        Assert.False(_policy.IsInlineAllowed);
        MeasureCalls(1, TimeSpan.Zero);
        Assert.True(_policy.IsInlineAllowed);
    }

    [Fact]
    public void A_slow_inline_call_suspends_inline_calls_until_time_and_fast_calls_have_passed()
    {
        Open();
        RunInline(InlineCallPolicy.SlowThreshold);
        Assert.True(_policy.IsInlineAllowed);
        RunInline(s_slow);
        Assert.False(_policy.TryBeginCall(out _));

        MeasureCalls(InlineCallPolicy.FastCallsToAllow, TimeSpan.Zero);
        Assert.False(_policy.IsInlineAllowed);
        _clock.Advance(InlineCallPolicy.MinSuspension);
        MeasureCalls(1, TimeSpan.Zero);
        Assert.True(_policy.IsInlineAllowed);
    }

    [Fact]
    public void A_call_that_only_waited_for_a_processor_suspends_nothing()
    {
        Open();
        Assert.True(_policy.TryBeginCall(out InlineCall call));
        _clock.Advance(s_slow);
        _policy.EndCall(call);
        Assert.True(_policy.IsInlineAllowed);
    }

    [Fact]
    public void A_long_call_suspends_inline_calls_if_the_system_does_not_report_waits()
    {
        Open();
        _waitCount = -1;
        Assert.True(_policy.TryBeginCall(out InlineCall call));
        _clock.Advance(s_slow);
        _policy.EndCall(call);
        Assert.False(_policy.IsInlineAllowed);
    }

    [Fact]
    public void The_system_reports_a_wait()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux reports waits.");
        long before = ProcessCalls.GetWaitCount();
        Thread.Sleep(1);
        Assert.True(ProcessCalls.GetWaitCount() > before);
    }

    [Fact]
    public void A_call_that_still_runs_suspends_inline_calls_for_the_next_caller()
    {
        Open();
        Assert.True(_policy.TryBeginCall(out InlineCall hung));
        _clock.Advance(InlineCallPolicy.RunningThreshold + TimeSpan.FromTicks(1));
        bool isEntered = true;
        var other = new Thread(() => isEntered = _policy.TryBeginCall(out _));
        other.Start();
        other.Join();
        Assert.False(isEntered);
        Assert.False(_policy.IsInlineAllowed);
        _policy.EndCall(hung);
    }

    [Fact]
    public void The_suspension_doubles_up_to_a_minute_and_returns_to_a_second_after_ten_good_minutes()
    {
        for (TimeSpan suspension = InlineCallPolicy.MinSuspension; suspension < InlineCallPolicy.MaxSuspension * 2; suspension *= 2)
        {
            TimeSpan expected = suspension < InlineCallPolicy.MaxSuspension ? suspension : InlineCallPolicy.MaxSuspension;
            Open();
            RunInline(s_slow);
            _clock.Advance(expected - TimeSpan.FromTicks(1));
            MeasureCalls(InlineCallPolicy.FastCallsToAllow, TimeSpan.Zero);
            Assert.False(_policy.IsInlineAllowed);
            _clock.Advance(TimeSpan.FromTicks(1));
        }

        Open();
        _clock.Advance(InlineCallPolicy.DoublingWindow);
        RunInline(s_slow);
        _clock.Advance(InlineCallPolicy.MinSuspension);
        MeasureCalls(InlineCallPolicy.FastCallsToAllow, TimeSpan.Zero);
        Assert.True(_policy.IsInlineAllowed);
    }

    private void Open()
    {
        MeasureCalls(InlineCallPolicy.FastCallsToAllow, TimeSpan.Zero);
        Assert.True(_policy.IsInlineAllowed);
    }

    private void RunInline(TimeSpan duration)
    {
        Assert.True(_policy.TryBeginCall(out InlineCall call));
        Wait(duration);
        _policy.EndCall(call);
    }

    private void Wait(TimeSpan duration)
    {
        _clock.Advance(duration);
        _waitCount++;
    }

    private void MeasureCalls(int count, TimeSpan duration)
    {
        for (int i = 0; i < count; i++)
        {
            _policy.RunMeasured(duration, duration =>
            {
                Wait(duration);
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
