namespace Fts.Storage.Local;

/// <summary>An inline call that is running. Passed to <see cref="InlineCallPolicy.EndCall"/>.</summary>
/// <param name="StartedAt">The timestamp of the start.</param>
/// <param name="WaitCount">How often the thread had waited before the call.</param>
/// <param name="Slot">The slot that records the start, or -1 if the slot of the thread was in use.</param>
internal readonly record struct InlineCall(long StartedAt, long WaitCount, int Slot);

/// <summary>
/// Decides whether the calls that are expected not to block run inline (on the caller's thread) or on a worker thread. The caller's thread
/// may serve the sockets of many sessions.
/// </summary>
/// <remarks>
/// <para>
/// A call is slow if it took long and its thread waited. A thread that other threads only kept from running does not count, because a busy
/// processor says nothing about the file system. Where the system does not report waits, every long call is slow.
/// </para>
/// <para>
/// Inline calls are allowed after a number of fast calls on worker threads. They are suspended if an inline call was slow, or if a caller
/// finds that an inline call of another thread has run for too long. The first suspension lasts at least one second. Each further
/// suspension lasts twice as long, up to one minute. A suspension that begins ten minutes or more after the previous one began lasts one
/// second again.
/// </para>
/// <para>Thread-safe. <c>_lock</c> guards all changes of the state except the slots.</para>
/// </remarks>
/// <param name="clock">Measures the calls.</param>
/// <param name="getWaitCount">Returns how often the current thread has waited, or -1 if that is unknown.</param>
internal sealed class InlineCallPolicy(TimeProvider clock, Func<long> getWaitCount)
{
    /// <summary>The number of consecutive fast calls on worker threads after which inline calls are allowed.</summary>
    public const int FastCallsToAllow = 16;

    /// <summary>A call that takes longer, and whose thread waits, is slow. Ordinary calls take microseconds.</summary>
    public static readonly TimeSpan SlowThreshold = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// A call of another thread that has run for longer is slow. Only that thread knows whether it waits, so this time is longer than a
    /// busy processor usually delays a thread.
    /// </summary>
    public static readonly TimeSpan RunningThreshold = TimeSpan.FromMilliseconds(50);

    /// <summary>The shortest and the longest time for which inline calls are suspended.</summary>
    public static readonly TimeSpan MinSuspension = TimeSpan.FromSeconds(1), MaxSuspension = TimeSpan.FromMinutes(1);

    /// <summary>A suspension takes twice as long as the previous one if that one began less than this time ago.</summary>
    public static readonly TimeSpan DoublingWindow = TimeSpan.FromMinutes(10);

    // The start of an inline call is recorded in a slot of its thread. Each slot has a cache line of its own. If two threads share a slot,
    // the second call is not recorded.
    private const int SlotCount = 16, SlotStride = 8; // slots, and array elements for each slot

    private readonly Lock _lock = new();
    private readonly long[] _startedAt = new long[SlotCount * SlotStride];
    private volatile bool _isAllowed;
    private int _fastCalls;
    private long _suspendedAt;
    private TimeSpan _suspension; // the length of the last suspension, or 0 before the first one

    /// <summary>Whether calls are currently allowed to run inline.</summary>
    public bool IsInlineAllowed => _isAllowed;

    /// <summary>
    /// Begins an inline call. Returns false if the call must run on a worker thread. After true, the caller must call
    /// <see cref="EndCall"/>.
    /// </summary>
    public bool TryBeginCall(out InlineCall call)
    {
        call = default;
        if (!_isAllowed)
        {
            return false;
        }

        long now = GetTimestamp();
        for (int i = 0; i < _startedAt.Length; i += SlotStride)
        {
            if (Volatile.Read(ref _startedAt[i]) is not 0 and var startedAt && clock.GetElapsedTime(startedAt, now) > RunningThreshold)
            {
                Suspend();
                return false;
            }
        }

        int slot = Environment.CurrentManagedThreadId % SlotCount * SlotStride;
        bool isRecorded = Interlocked.CompareExchange(ref _startedAt[slot], now, 0) == 0;
        call = new InlineCall(now, getWaitCount(), isRecorded ? slot : -1);
        return true;
    }

    /// <summary>Ends an inline call. Suspends inline calls if the call was slow.</summary>
    public void EndCall(InlineCall call)
    {
        if (call.Slot >= 0)
        {
            Volatile.Write(ref _startedAt[call.Slot], 0);
        }

        if (IsSlow(call.StartedAt, call.WaitCount))
        {
            Suspend();
        }
    }

    /// <summary>
    /// Runs a call on the current thread, which is a worker thread, and records whether the call was fast. Used for the calls that run
    /// inline when inline calls are allowed.
    /// </summary>
    public TResult RunMeasured<TState, TResult>(TState state, Func<TState, TResult> function)
    {
        long startedAt = GetTimestamp();
        long waitCount = getWaitCount();
        try
        {
            return function(state);
        }
        finally
        {
            Record(IsSlow(startedAt, waitCount));
        }
    }

    private bool IsSlow(long startedAt, long waitCount) =>
        clock.GetElapsedTime(startedAt, GetTimestamp()) > SlowThreshold && (waitCount < 0 || getWaitCount() != waitCount);

    /// <summary>
    /// Records a call on a worker thread. Allows inline calls after enough fast calls, but not before the last suspension
    /// ends.
    /// </summary>
    private void Record(bool isSlow)
    {
        lock (_lock)
        {
            _fastCalls = isSlow ? 0 : _fastCalls + 1;
            if (!_isAllowed && _fastCalls >= FastCallsToAllow && clock.GetElapsedTime(_suspendedAt, GetTimestamp()) >= _suspension)
            {
                _isAllowed = true;
            }
        }
    }

    /// <summary>Suspends inline calls, for twice as long as last time if the last suspension is recent.</summary>
    private void Suspend()
    {
        lock (_lock)
        {
            if (!_isAllowed)
            {
                return;
            }

            long now = GetTimestamp();
            bool isRecent = _suspension > TimeSpan.Zero && clock.GetElapsedTime(_suspendedAt, now) < DoublingWindow;
            TimeSpan doubled = _suspension * 2 < MaxSuspension ? _suspension * 2 : MaxSuspension;
            (_suspension, _suspendedAt, _fastCalls, _isAllowed) = (isRecent ? doubled : MinSuspension, now, 0, false);
        }
    }

    /// <summary>Returns the current timestamp. Zero marks an empty slot, so it is never returned.</summary>
    private long GetTimestamp() => clock.GetTimestamp() is not 0 and var now ? now : 1;
}
