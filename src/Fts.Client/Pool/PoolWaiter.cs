namespace Fts.Client.Pool;

/// <summary>The right to use or open one connection of a pool.</summary>
/// <param name="IdleConnection">The idle connection; null if the holder may open a connection.</param>
/// <param name="IdleSince">The timestamp at which the connection became idle; 0 if <paramref name="IdleConnection"/> is null.</param>
internal readonly record struct PoolSlot(FtpConnection? IdleConnection, long IdleSince);

/// <summary>A call that waits for a <see cref="PoolSlot"/>.</summary>
internal sealed class PoolWaiter(long since)
{
    private readonly TaskCompletionSource<PoolSlot> _granted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The timestamp at which the call started to wait.</summary>
    public long WaitingSince => since;

    /// <summary>The failure of the last attempt of this call to open a connection; null if the call has made no attempt.</summary>
    public FtpException? LastFailure { get; init; }

    /// <summary>Completes with the granted slot, or fails if the pool is closed.</summary>
    public Task<PoolSlot> Granted => _granted.Task;

    public void Grant(PoolSlot slot) => _granted.SetResult(slot);

    public void Fail(Exception exception) => _granted.SetException(exception);
}
