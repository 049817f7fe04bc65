using System.Net;
using Fts.Accounts.Bans;
using Fts.Protocol;
using Fts.Server.Access;
using Fts.Server.Access.Bans;

namespace Fts.Server;

/// <summary>
/// The bans of a server. Failed logins create automatic bans. A ban refuses logins before the password is checked. Neither wrong nor
/// correct passwords change a ban. Thread-safe.
/// </summary>
/// <remarks>
/// A change applies at once in memory, and is then written to the store. If the store fails, the change stays in memory and is written
/// later.
/// </remarks>
public sealed class FtpBanList
{
    /// <summary>How often the store is read again, and ended bans are removed.</summary>
    internal static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(10);

    private readonly FtpServerOptions _serverOptions;
    private readonly FtpBanOptions _options;
    private readonly Lock _lock = new();
    private readonly BanIndex _bans = new();
    private readonly FailureCounts _failures;
    private Task _storeWork = Task.CompletedTask; // reads and writes of the store follow each other in this chain of tasks
    private readonly Dictionary<BanSubject, BanRemoval?> _unsaved = []; // changed in memory, not yet in the store; null for a set ban
    private HashSet<BanSubject> _withoutEffect = []; // logged bans of networks that are never banned
    private volatile bool _hasBans;

    internal FtpBanList(FtpServerOptions serverOptions, FtpBanOptions options)
    {
        (_serverOptions, _options) = (serverOptions, options);
        _failures = new FailureCounts(
            options.Window, serverOptions.MaxTrackedAddresses, Math.Max(1, options.MaxFailuresPerAccount + options.MaxFailuresPerAddress));
    }

    private DateTimeOffset Now => _serverOptions.TimeProvider.GetUtcNow();

    /// <summary>Returns the bans that have not ended, ordered by their start.</summary>
    public IReadOnlyList<Ban> GetBans()
    {
        DateTimeOffset now = Now;
        lock (_lock)
        {
            return [.. _bans.All.Where(ban => ban.IsActive(now)).OrderBy(ban => ban.Since)];
        }
    }

    /// <summary>
    /// Returns the ban that refuses a login, or null. If several bans apply, returns the one that ends last. No ban applies to a network of
    /// <see cref="FtpBanOptions.NeverBanned"/>.
    /// </summary>
    /// <param name="address">The address of the client.</param>
    /// <param name="account">The name of the account. Null returns only bans of all logins from the address.</param>
    public Ban? Find(IPAddress address, string? account)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!_hasBans)
        {
            return null; // the usual case needs no lock
        }

        Ban? ban;
        lock (_lock)
        {
            ban = _bans.Find(address, account, Now);
        }

        return ban is null || IsNeverBanned(address) ? null : ban;
    }

    /// <summary>The networks to which no ban applies (<see cref="FtpBanOptions.NeverBanned"/>).</summary>
    public IReadOnlyList<IPNetwork> NeverBanned => _options.NeverBanned;

    /// <summary>Returns whether an address belongs to a network of <see cref="FtpBanOptions.NeverBanned"/>.</summary>
    public bool IsNeverBanned(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        IPAddress unmapped = address.UnmapIPv4();
        return _options.NeverBanned.Any(network => network.Contains(unmapped));
    }

    /// <summary>
    /// Returns whether a ban of a subject has no effect, because a network of <see cref="FtpBanOptions.NeverBanned"/> contains its network.
    /// </summary>
    public bool IsNeverBanned(BanSubject subject)
    {
        ArgumentNullException.ThrowIfNull(subject);
        return subject.IsWithin(_options.NeverBanned);
    }

    /// <summary>Adds a ban, or replaces the ban with the same subject. Open sessions continue.</summary>
    /// <exception cref="IOException">The store cannot be written. The ban applies nevertheless, until the server stops.</exception>
    public async ValueTask AddAsync(Ban ban, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ban);
        lock (_lock)
        {
            Set(ban.Subject, ban, null);
        }

        LogAdded(ban);
        await WriteUnsavedAsync(cancellationToken);
    }

    /// <summary>
    /// Removes the ban of a subject, and the failed logins that were counted for it. Returns false if there is no such ban.
    /// </summary>
    /// <param name="subject">The subject of the ban.</param>
    /// <param name="actor">The system user that removes the ban, for its event; null if unknown.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="IOException">The store cannot be written. The ban no longer applies, until the server is restarted.</exception>
    public async ValueTask<bool> RemoveAsync(
        BanSubject subject, string? actor = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        lock (_lock)
        {
            if (_bans.Get(subject) is null)
            {
                return false;
            }

            Set(subject, null, new BanRemoval(BanRemovalReason.Removed, Now, actor));
            AddressBlock block = AddressBlock.FromAddress(subject.Network.BaseAddress);
            if (subject.Account is { } account)
            {
                _failures.RemoveAccount(block, GetHash(account));
            }
            else
            {
                _failures.RemoveAddress(block);
            }
        }

        Log.BanRemoved(_serverOptions.Logger, subject.ToString().ToPrintable(), actor is null ? "" : $" by {actor.ToPrintable()}");
        await WriteUnsavedAsync(cancellationToken);
        return true;
    }

    /// <summary>Writes the changes that the store does not have yet, reads the bans from it, and removes bans that have ended.</summary>
    /// <exception cref="IOException">The store cannot be read or written. The bans in memory stay in force.</exception>
    public async ValueTask RefreshAsync(CancellationToken cancellationToken = default)
    {
        await WriteUnsavedAsync(cancellationToken);
        RemoveEnded();
        if (_options.Store is { } store)
        {
            await EnqueueStoreWorkAsync(() => LoadAsync(store, cancellationToken));
        }
    }

    /// <summary>Reads the store again at intervals, until the token is cancelled. Failures are logged.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(RefreshInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                await TryRefreshAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    /// <summary>Completes when the last change has been written, or its write has failed. Never throws.</summary>
    internal async Task CompleteAsync()
    {
        Task last;
        lock (_lock)
        {
            last = _storeWork;
        }

        await last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Reads the store again. A failure is logged.</summary>
    internal async ValueTask TryRefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RefreshAsync(cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.BanStoreFailed(_serverOptions.Logger, e.Message.ToPrintable());
        }
    }

    /// <summary>
    /// Counts a failed login, whose password was checked. Bans the account at the address, or the address, at the limits.
    /// </summary>
    internal void RecordFailure(IPAddress address, string account, string password)
    {
        if (IsNeverBanned(address))
        {
            return;
        }

        DateTimeOffset now = Now;
        AddressBlock block = AddressBlock.FromAddress(address);
        Ban? ban = null;
        lock (_lock)
        {
            (int ofAccount, int different) = _failures.Add(block, GetHash(account), GetHash(password), now);
            if (_options.MaxFailuresPerAddress > 0 && different >= _options.MaxFailuresPerAddress)
            {
                ban = Create(BanSubject.FromClient(address), different, "different failed logins");
                _failures.RemoveAddress(block);
            }
            else if (_options.MaxFailuresPerAccount > 0 && ofAccount >= _options.MaxFailuresPerAccount
                && account.Length is > 0 and <= BanSubject.MaxAccountLength)
            {
                ban = Create(BanSubject.FromClient(address, account), ofAccount, "failed logins");
            }

            if (ban is null)
            {
                return;
            }

            EvictAutomaticBans();
            Set(ban.Subject, ban, null);
        }

        LogAdded(ban);
        _ = TryWriteAsync();

        Ban Create(BanSubject subject, int count, string what) => new(
            subject, $"{count} {what} within {FormatWindow()}", now, now + _options.Duration, BanSource.Automatic, count);
    }

    /// <summary>Restarts the count of the failed logins of an account from an address, after a successful login.</summary>
    internal void RecordSuccess(IPAddress address, string account)
    {
        lock (_lock)
        {
            _failures.RemoveAccount(AddressBlock.FromAddress(address), GetHash(account));
        }
    }

    private static int GetHash(string text) => text.GetHashCode(StringComparison.Ordinal);

    private string FormatWindow() => _options.Window.TotalMinutes >= 1
        ? $"{Math.Round(_options.Window.TotalMinutes)} min"
        : $"{Math.Ceiling(_options.Window.TotalSeconds)} s";

    /// <summary>Sets a ban in memory, or removes it for a reason. Requires the lock.</summary>
    private void Set(BanSubject subject, Ban? ban, BanRemoval? removal)
    {
        _bans.Set(subject, ban);
        _hasBans = _bans.Count > 0;
        if (_options.Store is not null)
        {
            _unsaved[subject] = removal;
        }
    }

    /// <summary>If the list is full, removes the automatic bans that end first, to bound the memory. Requires the lock.</summary>
    private void EvictAutomaticBans()
    {
        if (_bans.Count < _serverOptions.MaxTrackedAddresses)
        {
            return;
        }

        // A tenth is removed at once, because sorting all bans for each new ban would be too slow.
        foreach (Ban ban in _bans.All.Where(ban => ban.Source == BanSource.Automatic).OrderBy(ban => ban.Until)
            .Take(Math.Max(1, _bans.Count / 10)).ToArray())
        {
            Set(ban.Subject, null, new BanRemoval(BanRemovalReason.Evicted, Now));
        }
    }

    /// <summary>Removes ended bans from memory. <see cref="LoadAsync"/> removes them from the store.</summary>
    private void RemoveEnded()
    {
        DateTimeOffset now = Now;
        Ban[] ended;
        lock (_lock)
        {
            ended = [.. _bans.All.Where(ban => !ban.IsActive(now))];
            _bans.Replace([.. _bans.All.Where(ban => ban.IsActive(now))]);
            _hasBans = _bans.Count > 0;
        }

        foreach (Ban ban in ended)
        {
            Log.BanEnded(_serverOptions.Logger, ban.Subject.ToString().ToPrintable());
        }
    }

    private async Task TryWriteAsync()
    {
        try
        {
            await WriteUnsavedAsync(CancellationToken.None);
        }
        catch (Exception e)
        {
            Log.BanStoreFailed(_serverOptions.Logger, e.Message.ToPrintable());
        }
    }

    /// <summary>Writes all changes that the store does not have yet.</summary>
    private async ValueTask WriteUnsavedAsync(CancellationToken cancellationToken)
    {
        if (_options.Store is not { } store)
        {
            return;
        }

        await EnqueueStoreWorkAsync(() => WriteUnsavedAsync(store, cancellationToken));
    }

    private async Task WriteUnsavedAsync(IBanStore store, CancellationToken cancellationToken)
    {
        while (TakeUnsaved() is { } change)
        {
            try
            {
                if (change.Ban is { } ban)
                {
                    await store.SaveAsync(ban, cancellationToken);
                }
                else
                {
                    await store.RemoveAsync(
                        change.Subject, change.Removal ?? new BanRemoval(BanRemovalReason.Ended, Now), cancellationToken);
                }
            }
            catch
            {
                lock (_lock)
                {
                    _unsaved.TryAdd(change.Subject, change.Removal); // a later change has priority
                }

                throw;
            }
        }
    }

    private async Task LoadAsync(IBanStore store, CancellationToken cancellationToken)
    {
        IReadOnlyList<Ban> stored = await store.LoadAsync(cancellationToken);
        DateTimeOffset now = Now;
        foreach (Ban ended in stored.Where(ban => !ban.IsActive(now)))
        {
            await store.RemoveAsync(ended.Subject, new BanRemoval(BanRemovalReason.Ended, now), cancellationToken);
        }

        lock (_lock)
        {
            IEnumerable<Ban> unsaved = _unsaved.Keys.Select(_bans.Get).OfType<Ban>();
            _bans.Replace([.. stored.Where(ban => ban.IsActive(now) && !_unsaved.ContainsKey(ban.Subject)), .. unsaved]);
            _hasBans = _bans.Count > 0;
        }

        LogBansWithoutEffect();
    }

    /// <summary>Runs work on the store after all earlier work has ended. Work never runs on the thread of the caller.</summary>
    private Task EnqueueStoreWorkAsync(Func<Task> work)
    {
        lock (_lock)
        {
            return _storeWork = RunAfterAsync(_storeWork, work);
        }

        static async Task RunAfterAsync(Task previous, Func<Task> work)
        {
            await previous.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
            await work();
        }
    }

    /// <summary>Removes and returns one unsaved change with the current state of its subject. Returns null if there is none.</summary>
    private (BanSubject Subject, Ban? Ban, BanRemoval? Removal)? TakeUnsaved()
    {
        lock (_lock)
        {
            if (_unsaved.Count == 0)
            {
                return null;
            }

            (BanSubject subject, BanRemoval? removal) = _unsaved.First();
            _unsaved.Remove(subject);
            return (subject, _bans.Get(subject), removal);
        }
    }

    /// <summary>Logs each stored ban of a network that is never banned, once as long as it is stored.</summary>
    private void LogBansWithoutEffect()
    {
        BanSubject[] subjects = [.. GetBans().Select(ban => ban.Subject).Where(IsNeverBanned)];
        foreach (BanSubject subject in subjects.Where(subject => !_withoutEffect.Contains(subject)))
        {
            Log.BanWithoutEffect(_serverOptions.Logger, subject.ToString().ToPrintable());
        }

        _withoutEffect = [.. subjects];
    }

    private void LogAdded(Ban ban) => Log.BanAdded(
        _serverOptions.Logger, ban.Subject.ToString().ToPrintable(), Describe(ban), ban.Reason.ToPrintable());

    /// <summary>Returns the end of a ban for the log.</summary>
    internal static string Describe(Ban ban) =>
        ban.Until?.ToString("u", System.Globalization.CultureInfo.InvariantCulture) ?? "it is removed";
}
