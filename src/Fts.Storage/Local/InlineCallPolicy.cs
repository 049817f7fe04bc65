namespace Fts.Storage.Local;

/// <summary>An inline call that is running. Passed to <see cref="InlineGate.Exit"/>.</summary>
/// <param name="StartedAt">The timestamp of the start.</param>
/// <param name="Slot">The slot that records the call, or -1.</param>
internal readonly record struct InlineCall(long StartedAt, int Slot);

/// <summary>
/// Decides whether the calls that are expected not to block run inline, on the thread of the caller. That thread may be one that polls the
/// sockets of many sessions.
/// </summary>
/// <remarks>
/// <para>
/// The gate opens after a number of fast calls on worker threads. It closes when an inline call was slow, or when the next caller finds one
/// that has been running for too long. It then stays closed for a second, and for twice that time whenever it closes again soon.
/// </para>
/// <para>Thread-safe. <c>_lock</c> guards the changes of the state.</para>
/// </remarks>
internal sealed class InlineGate(TimeProvider clock)
{
    /// <summary>The number of consecutive fast calls after which the gate opens.</summary>
    public const int FastCallsToOpen = 16;

    /// <summary>
    /// A call that takes longer is slow. Ordinary calls take microseconds, and the scheduler can delay one by some milliseconds.
    /// </summary>
    public static readonly TimeSpan SlowTime = TimeSpan.FromMilliseconds(10);

    /// <summary>How long the gate stays closed at least.</summary>
    public static readonly TimeSpan MinClosedTime = TimeSpan.FromSeconds(1), MaxClosedTime = TimeSpan.FromMinutes(1);

    /// <summary>The time after which an earlier slow call no longer prolongs the next closing.</summary>
    public static readonly TimeSpan MemoryTime = TimeSpan.FromMinutes(10);

    // Each slot has a cache line of its own. Two threads that share a slot are possible: the second one is not recorded.
    private const int SlotCount = 16, SlotStride = 8;

    private readonly Lock _lock = new();
    private readonly long[] _startedAt = new long[SlotCount * SlotStride];
    private volatile bool _isOpen;
    private int _fastCalls;
    private long _closedAt;
    private TimeSpan _closedTime;

    /// <summary>Whether calls may run inline.</summary>
    public bool IsOpen => _isOpen;

    /// <summary>Starts an inline call. Returns false if the call must run on a worker thread.</summary>
    public bool TryEnter(out InlineCall call)
    {
        call = default;
        if (!_isOpen)
        {
            return false;
        }

        long now = GetTimestamp();
        for (int i = 0; i < _startedAt.Length; i += SlotStride)
        {
            if (Volatile.Read(ref _startedAt[i]) is not 0 and var startedAt && clock.GetElapsedTime(startedAt, now) > SlowTime)
            {
                Close();
                return false;
            }
        }

        int slot = Environment.CurrentManagedThreadId % SlotCount * SlotStride;
        bool isRecorded = Interlocked.CompareExchange(ref _startedAt[slot], now, 0) == 0;
        call = new InlineCall(now, isRecorded ? slot : -1);
        return true;
    }

    /// <summary>Ends an inline call, and closes the gate if it was slow.</summary>
    public void Exit(InlineCall call)
    {
        if (call.Slot >= 0)
        {
            Volatile.Write(ref _startedAt[call.Slot], 0);
        }

        if (clock.GetElapsedTime(call.StartedAt, GetTimestamp()) > SlowTime)
        {
            Close();
        }
    }

    /// <summary>Runs a call on a worker thread that would run inline if the gate were open, and records its duration.</summary>
    public TResult Measure<TState, TResult>(TState state, Func<TState, TResult> function)
    {
        long startedAt = GetTimestamp();
        try
        {
            return function(state);
        }
        finally
        {
            Record(clock.GetElapsedTime(startedAt, GetTimestamp()));
        }
    }

    private void Record(TimeSpan duration)
    {
        lock (_lock)
        {
            _fastCalls = duration > SlowTime ? 0 : _fastCalls + 1;
            if (!_isOpen && _fastCalls >= FastCallsToOpen && clock.GetElapsedTime(_closedAt, GetTimestamp()) >= _closedTime)
            {
                _isOpen = true;
            }
        }
    }

    private void Close()
    {
        lock (_lock)
        {
            if (!_isOpen)
            {
                return;
            }

            long now = GetTimestamp();
            bool isSoon = _closedTime > TimeSpan.Zero && clock.GetElapsedTime(_closedAt, now) < MemoryTime;
            TimeSpan doubled = _closedTime * 2 < MaxClosedTime ? _closedTime * 2 : MaxClosedTime;
            (_closedTime, _closedAt, _fastCalls, _isOpen) = (isSoon ? doubled : MinClosedTime, now, 0, false);
        }
    }

    /// <summary>Returns the current timestamp. Zero marks an empty slot, so it is never returned.</summary>
    private long GetTimestamp() => clock.GetTimestamp() is not 0 and var now ? now : 1;
}
