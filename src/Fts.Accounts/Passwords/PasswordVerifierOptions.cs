namespace Fts.Accounts.Passwords;

/// <summary>The limits and costs of a <see cref="PasswordVerifier"/>.</summary>
public sealed record PasswordVerifierOptions
{
    /// <summary>The maximum number of threads that verify passwords. The default is half of the processors, at least 1.</summary>
    public int MaxThreads { get; init; } = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>
    /// The maximum number of verifications that wait for a thread. Further logins are refused. The default of 200 is about 10 seconds of
    /// work for one thread.
    /// </summary>
    public int MaxWaiting { get; init; } = 200;

    /// <summary>
    /// The maximum memory in bytes that all running verifications allocate together, at least 256 MiB. Only Argon2id needs memory.
    /// </summary>
    public long MaxMemory { get; init; } = 512L * 1024 * 1024;

    /// <summary>The cost of new hashes, and of the work for unknown accounts.</summary>
    public int Iterations { get; init; } = PasswordHash.DefaultIterations;

    /// <summary>
    /// The time for which a successful verification is remembered, so that a reconnecting device costs almost nothing. Zero disables this.
    /// </summary>
    public TimeSpan ProofLifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The maximum number of remembered verifications. Each needs about 150 bytes. The oldest is evicted first.</summary>
    public int MaxProofs { get; init; } = 10_000;

    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxThreads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxWaiting, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxMemory, 1024L * Functions.CostLimits.MaxArgon2Memory);
        ArgumentOutOfRangeException.ThrowIfLessThan(Iterations, PasswordHash.MinIterations);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Iterations, PasswordHash.MaxIterations);
        ArgumentOutOfRangeException.ThrowIfLessThan(ProofLifetime, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxProofs, 0);
    }
}
