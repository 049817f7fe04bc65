using Fts.Accounts.Passwords.Verification;

namespace Fts.Accounts.Passwords;

/// <summary>Verifies passwords for a server without delaying its transfers and other sessions. Thread-safe.</summary>
/// <remarks>
/// <para>
/// Verifications run in the order of their arrival, on a few threads with a low priority. If too many wait, further ones are refused
/// (<see cref="PasswordOutcome.Busy"/>).
/// </para>
/// <para>
/// A successful verification is remembered for a short time, so that a device that reconnects often costs almost nothing. A changed hash
/// is always verified again. The caller decides whether the account is enabled, at each login.
/// </para>
/// <para>
/// A rejection takes as long for a wrong password as for an unknown account (<see cref="VerifyUnknownAsync"/>). An imported hash that costs
/// more than a new hash takes longer until it is replaced.
/// </para>
/// </remarks>
public sealed class PasswordVerifier : IDisposable
{
    private readonly PasswordVerifierOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly ProofCache _proofs;
    private readonly RejectionCost _rejections;
    private readonly VerificationQueue _queue;
    private long _computedCount;

    /// <summary>Creates a verifier. It starts its threads on demand, and they end if they are idle.</summary>
    /// <param name="options">The limits and costs, or null for the defaults.</param>
    /// <param name="timeProvider">The clock, or null for the system clock.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value of the options is out of range.</exception>
    public PasswordVerifier(PasswordVerifierOptions? options = null, TimeProvider? timeProvider = null)
    {
        _options = options ?? new PasswordVerifierOptions();
        _options.Validate();
        _timeProvider = timeProvider ?? TimeProvider.System;
        _proofs = new ProofCache(_options.ProofLifetime, _options.MaxProofs, _timeProvider);
        _rejections = new RejectionCost(_options.Iterations, _timeProvider);
        _queue = new VerificationQueue(_options.MaxThreads, _options.MaxWaiting, _options.MaxMemory);
    }

    /// <summary>The number of verifications that wait for a thread.</summary>
    public int WaitingCount => _queue.WaitingCount;

    /// <summary>The number of passwords that were compared with a hash by computing the hash function.</summary>
    internal long ComputedCount => Volatile.Read(ref _computedCount);

    internal RejectionCost Rejections => _rejections;

    internal ProofCache Proofs => _proofs;

    internal VerificationQueue Queue => _queue;

    /// <summary>Verifies the password of an account.</summary>
    /// <param name="account">The name of the account.</param>
    /// <param name="hash">The stored text of its hash. A text that cannot be verified rejects every password.</param>
    /// <param name="password">The password.</param>
    /// <param name="cancellationToken">Cancels the wait. A verification that runs already ends in the background.</param>
    /// <exception cref="ObjectDisposedException">The verifier is disposed.</exception>
    public ValueTask<PasswordVerdict> VerifyAsync(string account, string hash, string password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(account);
        ArgumentNullException.ThrowIfNull(hash);
        ArgumentNullException.ThrowIfNull(password);
        if (password.Length > PasswordHash.MaxPasswordBytes || hash.Length > PasswordHash.MaxTextLength)
        {
            return VerifyUnknownAsync(password, cancellationToken);
        }

        Proof proof = _proofs.CreateProof(account, hash, password);
        return _proofs.TryFind(proof, out bool needsUpgrade)
            ? new(new PasswordVerdict(PasswordOutcome.Accepted, needsUpgrade))
            : VerifyHashAsync(proof, hash, password, cancellationToken);
    }

    /// <summary>
    /// Rejects the login of an account that does not exist, is disabled, or has no password. Takes as long as the rejection of a wrong
    /// password.
    /// </summary>
    /// <param name="password">The password.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>A rejection, or <see cref="PasswordOutcome.Busy"/> if too many verifications wait.</returns>
    /// <exception cref="ObjectDisposedException">The verifier is disposed.</exception>
    public ValueTask<PasswordVerdict> VerifyUnknownAsync(string password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(password);
        return RunAsync(() => Reject(password), 0, cancellationToken);
    }

    /// <summary>Creates a hash with the cost of the options, for a new password or instead of a hash that needs an upgrade.</summary>
    /// <param name="password">The password.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The hash, or null if too many verifications wait. The caller then keeps the existing hash.</returns>
    /// <exception cref="ArgumentException">The password is empty, too long, or not valid text.</exception>
    /// <exception cref="ObjectDisposedException">The verifier is disposed.</exception>
    public async ValueTask<PasswordHash?> CreateHashAsync(string password, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(password);
        Task<PasswordHash>? task = _queue.TryRun(() => PasswordHash.Create(password, _options.Iterations), 0, cancellationToken);
        return task is null ? null : await task.ConfigureAwait(false);
    }

    /// <summary>Cancels the waiting verifications.</summary>
    public void Dispose() => _queue.Dispose();

    private ValueTask<PasswordVerdict> VerifyHashAsync(Proof proof, string hash, string password, CancellationToken cancellationToken) =>
        PasswordHash.TryParse(hash, out PasswordHash? parsed, out _)
            ? RunAsync(() => Verify(proof, parsed, password), parsed.RequiredMemory, cancellationToken)
            : VerifyUnknownAsync(password, cancellationToken);

    private async ValueTask<PasswordVerdict> RunAsync(Func<PasswordVerdict> verify, long memory, CancellationToken cancellationToken)
    {
        Task<PasswordVerdict>? task = _queue.TryRun(verify, memory, cancellationToken);
        return task is null ? new(PasswordOutcome.Busy, false) : await task.ConfigureAwait(false);
    }

    private PasswordVerdict Verify(Proof proof, PasswordHash hash, string password)
    {
        // A client may open several connections at once. The first verification serves the others that waited behind it.
        if (_proofs.TryFind(proof, out bool needsUpgrade))
        {
            return new(PasswordOutcome.Accepted, needsUpgrade);
        }

        try
        {
            Interlocked.Increment(ref _computedCount);
            long started = _timeProvider.GetTimestamp();
            if (!hash.Verify(password))
            {
                PerformRest(hash, password, started);
                return default;
            }
        }
        catch (OutOfMemoryException)
        {
            return new(PasswordOutcome.Busy, false);
        }

        needsUpgrade = hash.NeedsUpgrade(_options.Iterations);
        _proofs.Add(proof, needsUpgrade);
        return new(PasswordOutcome.Accepted, needsUpgrade);
    }

    private void PerformRest(PasswordHash hash, string password, long started)
    {
        Span<byte> buffer = stackalloc byte[PasswordHash.MaxPasswordBytes];
        if (!PasswordBytes.TryCreate(password, buffer, out PasswordBytes bytes))
        {
            // The hash was not computed.
            _rejections.Perform([]);
            return;
        }

        using (bytes)
        {
            _rejections.PerformRest(hash, bytes.Value, started);
        }
    }

    private PasswordVerdict Reject(string password)
    {
        Span<byte> buffer = stackalloc byte[PasswordHash.MaxPasswordBytes];
        using PasswordBytes bytes = PasswordBytes.TryCreate(password, buffer, out PasswordBytes created) ? created : default;
        _rejections.Perform(bytes.Value);
        return default;
    }
}
