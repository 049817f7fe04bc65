using Fts.Accounts.Passwords;
using Fts.Accounts.Passwords.Verification;

namespace Fts.Accounts.Tests.Passwords;

public sealed class PasswordVerifierTests
{
    private const int Iterations = 4000;

    // MD5-crypt of "Hello world!", created with libxcrypt.
    private const string Md5Crypt = "$1$saltstri$YMyguxXMBpd2TEZ.vS/3q1";

    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);

    private static readonly PasswordVerifierOptions s_options = new() { MaxThreads = 1, MaxWaiting = 2, Iterations = Iterations };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_correct_password_is_accepted_and_a_wrong_one_is_rejected()
    {
        using var verifier = new PasswordVerifier(s_options);
        string hash = PasswordHash.Create("secret", Iterations).Text;
        Assert.Equal(new PasswordVerdict(PasswordOutcome.Accepted, false), await verifier.VerifyAsync("ann", hash, "secret", Token));
        Assert.Equal(new PasswordVerdict(PasswordOutcome.Rejected, false), await verifier.VerifyAsync("ann", hash, "Secret", Token));
        Assert.Equal(new PasswordVerdict(PasswordOutcome.Rejected, false), await verifier.VerifyUnknownAsync("secret", Token));
    }

    [Fact]
    public async Task A_foreign_hash_is_accepted_and_replaced()
    {
        using var verifier = new PasswordVerifier(s_options);
        Assert.Equal(new PasswordVerdict(PasswordOutcome.Accepted, true), await verifier.VerifyAsync("ann", Md5Crypt, "Hello world!", Token));
        Assert.Equal(new PasswordVerdict(PasswordOutcome.Accepted, true), await verifier.VerifyAsync("ann", Md5Crypt, "Hello world!", Token));
        PasswordHash? hash = await verifier.CreateHashAsync("Hello world!", Token);
        Assert.StartsWith("$pbkdf2-sha512$i=4000$", hash!.Text, StringComparison.Ordinal);
        Assert.Equal(new PasswordVerdict(PasswordOutcome.Accepted, false), await verifier.VerifyAsync("ann", hash.Text, "Hello world!", Token));
    }

    [Theory]
    [InlineData("")]
    [InlineData("!")]
    [InlineData("secret")]
    [InlineData("$6$rounds=999999999$saltstring$x")]
    [InlineData("$pbkdf2-sha512$i=1000$AAECAwQFBgcICQoLDA0ODw$!")]
    public async Task A_hash_that_cannot_be_verified_rejects_every_password(string hash)
    {
        using var verifier = new PasswordVerifier(s_options);
        Assert.Equal(PasswordOutcome.Rejected, (await verifier.VerifyAsync("ann", hash, "secret", Token)).Outcome);
        Assert.Equal(PasswordOutcome.Rejected, (await verifier.VerifyAsync("ann", hash, "", Token)).Outcome);
        Assert.Equal(2 * Iterations, verifier.Rejections.PerformedIterations);
    }

    [Fact]
    public async Task Every_rejection_performs_the_work_of_a_new_hash()
    {
        // The clock stands still, so that the time of a foreign hash is not subtracted.
        using var verifier = new PasswordVerifier(s_options, new ManualClock());
        await AssertWorkAsync(() => verifier.VerifyUnknownAsync("wrong", Token));
        await AssertWorkAsync(() => verifier.VerifyUnknownAsync(new string('x', 1000), Token));
        await AssertWorkAsync(() => verifier.VerifyUnknownAsync("\uD800", Token));
        string current = PasswordHash.Create("secret", Iterations).Text, old = PasswordHash.Create("secret", 1000).Text;
        foreach (string hash in (string[])[current, old, Md5Crypt, "malformed"])
        {
            await AssertWorkAsync(() => verifier.VerifyAsync("ann", hash, "wrong", Token));
            await AssertWorkAsync(() => verifier.VerifyAsync("ann", hash, new string('x', 1000), Token));
            await AssertWorkAsync(() => verifier.VerifyAsync("ann", hash, "\uD800", Token));
        }

        async Task AssertWorkAsync(Func<ValueTask<PasswordVerdict>> verify)
        {
            long before = verifier.Rejections.PerformedIterations;
            Assert.Equal(PasswordOutcome.Rejected, (await verify()).Outcome);
            Assert.Equal(Iterations, verifier.Rejections.PerformedIterations - before);
        }
    }

    [Fact]
    public async Task A_remembered_password_is_accepted_without_work_for_five_minutes()
    {
        var clock = new ManualClock();
        using var verifier = new PasswordVerifier(s_options, clock);
        string hash = PasswordHash.Create("secret", Iterations).Text;
        Assert.True((await verifier.VerifyAsync("ann", hash, "secret", Token)).IsAccepted);

        using var gate = new ManualResetEventSlim();
        Task<bool> running = Block(verifier, gate);
        clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Task<PasswordVerdict> remembered = verifier.VerifyAsync("ann", hash, "secret", Token).AsTask();
        Assert.True(remembered.IsCompletedSuccessfully);
        Assert.True((await remembered).IsAccepted);

        clock.Advance(TimeSpan.FromTicks(1));
        Task<PasswordVerdict> expired = verifier.VerifyAsync("ann", hash, "secret", Token).AsTask();
        Assert.Equal(0, verifier.Proofs.Count);
        Assert.False(expired.IsCompleted);
        gate.Set();
        Assert.True((await expired).IsAccepted);
        Assert.True(await running);
    }

    [Fact]
    public async Task A_remembered_password_is_not_accepted_for_another_account_or_hash()
    {
        using var verifier = new PasswordVerifier(s_options, new ManualClock());
        string hash = PasswordHash.Create("secret", Iterations).Text, changed = PasswordHash.Create("changed", Iterations).Text;
        Assert.True((await verifier.VerifyAsync("ann", hash, "secret", Token)).IsAccepted);
        Assert.Equal(1, verifier.Proofs.Count);
        Assert.False((await verifier.VerifyAsync("ann", changed, "secret", Token)).IsAccepted);
        Assert.False((await verifier.VerifyAsync("ann", hash, "changed", Token)).IsAccepted);
        Assert.False((await verifier.VerifyAsync("bob", changed, "secret", Token)).IsAccepted);
        Assert.Equal(1, verifier.Proofs.Count);
    }

    [Fact]
    public async Task Simultaneous_logins_of_one_client_share_one_verification()
    {
        using var verifier = new PasswordVerifier(s_options with { MaxWaiting = 10 }, new ManualClock());
        using var gate = new ManualResetEventSlim();
        Task<bool> running = Block(verifier, gate);
        Task<PasswordVerdict>[] logins =
            [.. Enumerable.Range(0, 5).Select(_ => verifier.VerifyAsync("ann", Md5Crypt, "Hello world!", Token).AsTask())];
        gate.Set();
        Assert.All(await Task.WhenAll(logins), verdict => Assert.True(verdict.IsAccepted));

        Assert.Equal(1, verifier.ComputedCount);
        Assert.True(await running);
    }

    [Fact]
    public async Task A_full_queue_is_reported_as_busy_for_known_and_unknown_accounts()
    {
        using var verifier = new PasswordVerifier(s_options);
        using var gate = new ManualResetEventSlim();
        Task<bool> running = Block(verifier, gate);
        Task<PasswordVerdict> first = verifier.VerifyUnknownAsync("x", Token).AsTask();
        Task<PasswordVerdict> second = verifier.VerifyUnknownAsync("x", Token).AsTask();
        Assert.Equal(2, verifier.WaitingCount);
        Assert.Equal(new PasswordVerdict(PasswordOutcome.Busy, false), await verifier.VerifyUnknownAsync("x", Token));
        Assert.Equal(new PasswordVerdict(PasswordOutcome.Busy, false), await verifier.VerifyAsync("ann", Md5Crypt, "Hello world!", Token));
        Assert.Null(await verifier.CreateHashAsync("x", Token));
        gate.Set();
        Assert.Equal(PasswordOutcome.Rejected, (await first).Outcome);
        Assert.Equal(PasswordOutcome.Rejected, (await second).Outcome);
        Assert.True(await running);
    }

    [Fact]
    public async Task A_waiting_login_can_be_cancelled()
    {
        using var verifier = new PasswordVerifier(s_options);
        using var gate = new ManualResetEventSlim();
        Task<bool> running = Block(verifier, gate);
        using var cancellation = new CancellationTokenSource();
        Task<PasswordVerdict> login = verifier.VerifyAsync("ann", Md5Crypt, "Hello world!", cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => login);
        Assert.Equal(0, verifier.WaitingCount);
        gate.Set();
        Assert.True(await running);
    }

    [Fact]
    public void Options_out_of_range_are_rejected()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new PasswordVerifier(s_options with { MaxThreads = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PasswordVerifier(s_options with { MaxWaiting = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PasswordVerifier(s_options with { MaxMemory = 1024 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PasswordVerifier(s_options with { Iterations = 999 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PasswordVerifier(s_options with { ProofLifetime = TimeSpan.FromTicks(-1) }));
    }

    [Fact]
    public void The_oldest_proof_is_evicted_first()
    {
        var cache = new ProofCache(TimeSpan.FromMinutes(1), 2, new ManualClock());
        Proof[] proofs = [.. Enumerable.Range(0, 3).Select(i => cache.CreateProof("ann", "hash", $"{i}"))];
        cache.Add(proofs[0], false);
        cache.Add(proofs[1], true);
        cache.Add(proofs[0], false);
        cache.Add(proofs[2], false);
        Assert.Equal(2, cache.Count);
        Assert.False(cache.TryFind(proofs[0], out _));
        Assert.True(cache.TryFind(proofs[1], out bool needsUpgrade) && needsUpgrade);
        Assert.True(cache.TryFind(proofs[2], out needsUpgrade) && !needsUpgrade);
    }

    [Fact]
    public void A_proof_depends_on_each_part_and_on_the_key()
    {
        var cache = new ProofCache(TimeSpan.FromMinutes(1), 2, TimeProvider.System);
        var other = new ProofCache(TimeSpan.FromMinutes(1), 2, TimeProvider.System);
        string huge = new('x', 5000);
        Proof[] proofs =
        [
            cache.CreateProof("a", "b", "c"), other.CreateProof("a", "b", "c"), cache.CreateProof("ab", "", "c"),
            cache.CreateProof("", "ab", "c"), cache.CreateProof("", "a", "bc"), cache.CreateProof(huge, "b", "c"),
        ];
        Assert.Equal(proofs.Length, proofs.Distinct().Count());
        Assert.Equal(proofs[0], cache.CreateProof("a", "b", "c"));
        Assert.Equal(proofs[^1], cache.CreateProof(huge, "b", "c"));
    }

    [Fact]
    public async Task No_lifetime_disables_the_cache()
    {
        using var verifier = new PasswordVerifier(s_options with { ProofLifetime = TimeSpan.Zero });
        Assert.True((await verifier.VerifyAsync("ann", Md5Crypt, "Hello world!", Token)).IsAccepted);
        Assert.Equal(0, verifier.Proofs.Count);
    }

    /// <summary>Occupies the only thread until the gate is set. Returns when the thread is occupied.</summary>
    private static Task<bool> Block(PasswordVerifier verifier, ManualResetEventSlim gate)
    {
        var started = new ManualResetEventSlim();
        Task<bool> task = verifier.Queue.TryRun(
            () =>
            {
                started.Set();
                return gate.Wait(s_deadline, CancellationToken.None);
            },
            0,
            Token)!;
        Assert.True(started.Wait(s_deadline, Token));
        return task;
    }
}
