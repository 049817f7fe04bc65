using System.Threading.RateLimiting;

namespace Fts.Server.Access;

/// <summary>
/// Limits the number of new connections per second, for all clients together and for each block of addresses. A client that was idle may
/// open twice as many connections at once. Thread-safe.
/// </summary>
internal sealed class ConnectionRate : IDisposable
{
    // Created by the first connection that counts, because the limiters have timers that wake the process ten times a second.
    private readonly Lazy<RateLimiter?> _total;
    private readonly Lazy<PartitionedRateLimiter<AddressBlock>?> _perAddress;

    /// <summary>Creates the limits. 0 means no limit.</summary>
    /// <param name="total">The maximum number of new connections per second.</param>
    /// <param name="perAddress">The maximum number of new connections per second from one block of addresses.</param>
    public ConnectionRate(int total, int perAddress)
    {
        _total = new(() => total == 0 ? null : new TokenBucketRateLimiter(CreateOptions(total)));
        // The partitioned limiter removes the buckets of addresses that have been idle for some seconds.
        _perAddress = new(() => perAddress == 0
            ? null
            : PartitionedRateLimiter.Create<AddressBlock, AddressBlock>(
                address => RateLimitPartition.GetTokenBucketLimiter(address, _ => CreateOptions(perAddress))));
    }

    /// <summary>Counts a new connection. Returns false if the connection exceeds a limit.</summary>
    public bool TryAcquire(AddressBlock address)
    {
        // The limit per address is first, so that the connections of one client do not use up the limit of all.
        using RateLimitLease? own = _perAddress.Value?.AttemptAcquire(address);
        if (own is { IsAcquired: false })
        {
            return false;
        }

        using RateLimitLease? total = _total.Value?.AttemptAcquire();
        return total is null or { IsAcquired: true };
    }

    public void Dispose()
    {
        foreach (IDisposable? limiter in (IDisposable?[])[
            _total.IsValueCreated ? _total.Value : null, _perAddress.IsValueCreated ? _perAddress.Value : null])
        {
            limiter?.Dispose();
        }
    }

    private static TokenBucketRateLimiterOptions CreateOptions(int perSecond)
    {
        // Tokens are added ten times a second, so that a client need not wait a whole second.
        bool isDivisible = perSecond >= 10;
        return new TokenBucketRateLimiterOptions
        {
            TokenLimit = (int)Math.Min(int.MaxValue, 2L * perSecond),
            TokensPerPeriod = isDivisible ? perSecond / 10 : perSecond,
            ReplenishmentPeriod = isDivisible ? TimeSpan.FromMilliseconds(100) : TimeSpan.FromSeconds(1),
            QueueLimit = 0,
            AutoReplenishment = true,
        };
    }
}
