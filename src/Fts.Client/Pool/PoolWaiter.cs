namespace Fts.Client.Pool;

/// <summary>The right to one connection of a pool.</summary>
/// <param name="IdleConnection">An idle connection to use; null for the right to open one.</param>
/// <param name="IdleSince">When the idle connection was returned, as a timestamp.</param>
internal readonly record struct PoolSlot(FtpConnection? IdleConnection, long IdleSince);

/// <summary>A call that waits for a <see cref="PoolSlot"/>.</summary>
internal sealed class PoolWaiter(long since)
{
    private readonly TaskCompletionSource<PoolSlot> _granted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>When the call began to wait, as a timestamp.</summary>
    public long WaitingSince => since;

    /// <summary>Why the call's last attempt to open a connection failed; null if it made none.</summary>
    public FtpException? LastFailure { get; init; }

    /// <summary>Completes with the slot, or fails if the pool is closed.</summary>
    public Task<PoolSlot> Granted => _granted.Task;

    public void Grant(PoolSlot slot) => _granted.SetResult(slot);

    public void Fail(Exception exception) => _granted.SetException(exception);
}
