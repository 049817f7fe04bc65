using Fts.Accounts.Settings;
using Fts.Storage;

namespace Fts.Accounts.Login;

/// <summary>
/// Authenticates the accounts of a database. Thread-safe. Each login reads the current settings. Changes of the settings apply to logged-in
/// sessions, too (<see cref="Account.State"/>).
/// </summary>
/// <remarks>
/// A rejection contains no reason for the client. An unknown name costs as much as a wrong password, so that a client does not learn
/// whether an account exists. The restrictions of the account are checked only after its password.
/// </remarks>
public sealed class DatabaseAuthenticator : IAuthenticator, IAsyncDisposable
{
    private readonly IAccountDatabase _database;
    private readonly DatabaseAuthenticatorOptions _options;
    private readonly LiveAccounts _live = new();
    private readonly SemaphoreSlim _refreshLock = new(1);
    private readonly CancellationTokenSource _stopping = new();
    private Task _pollTask = Task.CompletedTask;
    private long _changeNumber;
    private volatile bool _hasHadAccounts; // whether an account has existed since the creation of this object

    /// <summary>
    /// Creates an authenticator. Without <see cref="Start"/>, only <see cref="RefreshAsync"/> applies changes to sessions.
    /// </summary>
    /// <param name="database">The accounts. The caller disposes it after this object.</param>
    /// <param name="options">The options.</param>
    public DatabaseAuthenticator(IAccountDatabase database, DatabaseAuthenticatorOptions options)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(options);
        (_database, _options) = (database, options);
    }

    /// <summary>Starts the background task that applies changes to logged-in sessions. Call it after the sandbox is entered.</summary>
    public void Start() => _pollTask = Task.Run(PollAsync);

    /// <summary>Returns true, because the reply to USER must not reveal whether an account exists.</summary>
    public bool RequiresPassword(string userName) => true;

    /// <inheritdoc/>
    public async ValueTask<Account?> AuthenticateAsync(Credentials credentials, CancellationToken cancellationToken) =>
        (await LogInAsync(credentials, cancellationToken).ConfigureAwait(false)).Account;

    /// <inheritdoc/>
    /// <exception cref="AccountDatabaseException">The database cannot be read.</exception>
    public async ValueTask<LoginResult> LogInAsync(Credentials credentials, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        if (await FindOtherAuthenticatorAsync(credentials.UserName, cancellationToken).ConfigureAwait(false) is { } other)
        {
            return await other.LogInAsync(credentials, cancellationToken).ConfigureAwait(false);
        }

        (string name, string password) = (credentials.UserName, credentials.Password);
        string? hash = await _database.FindPasswordHashAsync(name, cancellationToken).ConfigureAwait(false);
        if (hash is null && _options.TakeOver is { } takeOver
            && await IsUnknownAsync(name, password, cancellationToken).ConfigureAwait(false))
        {
            return await TakeOverAsync(takeOver, credentials, cancellationToken).ConfigureAwait(false);
        }

        PasswordCheck check = hash is null
            ? await _options.Passwords.RejectUnknownAsync(password, cancellationToken).ConfigureAwait(false)
            : await _options.Passwords.VerifyAsync(name, hash, password, cancellationToken).ConfigureAwait(false);
        if (check is PasswordCheck.Rejected or PasswordCheck.Busy)
        {
            return LoginResult.Refuse(check == PasswordCheck.Busy ? RuleNames.LoginBusy : RuleNames.LoginCredentials);
        }

        LoginResult result = await AdmitAsync(name, credentials, cancellationToken).ConfigureAwait(false);
        if (check == PasswordCheck.AcceptedNeedsUpgrade && result.Account is not null)
        {
            await ReplaceHashAsync(name, hash!, password, cancellationToken).ConfigureAwait(false);
        }

        return result;
    }

    /// <inheritdoc/>
    /// <exception cref="AccountDatabaseException">The database cannot be read.</exception>
    public async ValueTask<Account?> AuthenticateByCertificateAsync(Credentials credentials, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        if (await FindOtherAuthenticatorAsync(credentials.UserName, cancellationToken).ConfigureAwait(false) is { } other)
        {
            return await other.AuthenticateByCertificateAsync(credentials, cancellationToken).ConfigureAwait(false);
        }

        if (credentials is not { IsEncrypted: true, Certificate: { } certificate })
        {
            return null;
        }

        Versioned<AccountSettings>? owner =
            await _database.FindByKeyFingerprintAsync(certificate.KeyFingerprint, cancellationToken).ConfigureAwait(false);
        return owner?.Value.Name == credentials.UserName
            ? (await AdmitAsync(credentials.UserName, credentials, cancellationToken).ConfigureAwait(false)).Account
            : null;
    }

    /// <summary>
    /// Applies all changes of the database to the logged-in sessions. Sessions of accounts that were removed, disabled or have expired end.
    /// </summary>
    /// <exception cref="AccountDatabaseException">The database cannot be read.</exception>
    public async ValueTask RefreshAsync(CancellationToken cancellationToken)
    {
        await _refreshLock.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            long number = await _database.GetChangeNumberAsync(cancellationToken).ConfigureAwait(false);
            foreach (string name in _live.Check(all: number != _changeNumber, _options.TimeProvider.GetUtcNow()))
            {
                await RefreshAccountAsync(name, cancellationToken).ConfigureAwait(false);
            }

            if (number != _changeNumber && _options.ChangedAsync is { } changedAsync)
            {
                await changedAsync(cancellationToken).ConfigureAwait(false);
            }

            _changeNumber = number;
        }
        finally
        {
            _refreshLock.Release();
        }
    }

    /// <summary>Stops the background task.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _pollTask.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
        _refreshLock.Dispose();
    }

    /// <summary>Returns whether no account has or had a name, and another server can be asked about it.</summary>
    private async ValueTask<bool> IsUnknownAsync(string name, string password, CancellationToken cancellationToken) =>
        AccountName.FindProblem(name) is null && !AnonymousAuthenticator.IsAnonymous(name)
        && password.Length > 0 && password.AsSpan().IndexOfAny('\0', '\r', '\n') < 0
        && await _database.CanTakeOverAsync(name, cancellationToken).ConfigureAwait(false);

    /// <summary>Creates the account of a client whose password the other server accepts, and logs the client in.</summary>
    private async ValueTask<LoginResult> TakeOverAsync(
        IAccountTakeOver takeOver, Credentials credentials, CancellationToken cancellationToken)
    {
        (string name, string password) = (credentials.UserName, credentials.Password);
        // The rejection costs at least as much as that of a wrong password of an account.
        Task<PasswordCheck> own = _options.Passwords.RejectUnknownAsync(password, cancellationToken).AsTask();
        Task<TakeOverCheck> other = takeOver.CheckAsync(name, password, cancellationToken).AsTask();
        await Task.WhenAll(own, other).ConfigureAwait(false);
        TakeOverCheck check = await other.ConfigureAwait(false);
        if (check != TakeOverCheck.Accepted)
        {
            return LoginResult.Refuse(check switch
            {
                TakeOverCheck.Busy => RuleNames.LoginBusy,
                TakeOverCheck.Unavailable => RuleNames.LegacyUnavailable,
                _ => RuleNames.LoginCredentials,
            });
        }

        try
        {
            if (await _options.Passwords.CreateHashAsync(password, cancellationToken).ConfigureAwait(false) is not { } hash)
            {
                return LoginResult.Refuse(RuleNames.LoginBusy);
            }

            await _database.ApplyAsync([AccountChange.TakeOver(takeOver.CreateAccount(name, hash))], cancellationToken)
                .ConfigureAwait(false);
        }
        catch (AccountDatabaseException e) when (e.Error == AccountDatabaseError.Exists)
        {
            // Another login has created the account, or one with a similar name, in the meantime. The hash of this name now decides.
            return await _database.FindPasswordHashAsync(name, cancellationToken).ConfigureAwait(false) is null
                ? LoginResult.Refuse(RuleNames.LoginCredentials)
                : await LogInAsync(credentials, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AccountDatabaseException or ArgumentException)
        {
            _options.Report?.Invoke(
                $"account {name}: the other server accepts the password, but the account cannot be created: {e.Message}");
            return LoginResult.Refuse(RuleNames.LegacyUnavailable);
        }

        takeOver.ReportCreated(name, credentials.Address);
        return await AdmitAsync(name, credentials, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Returns the authenticator for a user name that the accounts of the database do not concern, or null if the database decides.
    /// </summary>
    private async ValueTask<IAuthenticator?> FindOtherAuthenticatorAsync(string userName, CancellationToken cancellationToken)
    {
        // After the removal of the last account, the logins without accounts must not become possible again.
        if (_options.WithoutAccounts is { } withoutAccounts && !_hasHadAccounts)
        {
            if (!await _database.HasAccountsAsync(cancellationToken).ConfigureAwait(false))
            {
                return withoutAccounts;
            }

            _hasHadAccounts = true;
        }

        // A disabled account with the name anonymous must not become the anonymous account.
        return _options.UnknownUsers is { } unknownUsers && AnonymousAuthenticator.IsAnonymous(userName)
            && await _database.FindAccountAsync(userName, cancellationToken).ConfigureAwait(false) is null
            ? unknownUsers
            : null;
    }

    /// <summary>Checks the restrictions of an account whose password or key was verified.</summary>
    private async ValueTask<LoginResult> AdmitAsync(string name, Credentials credentials, CancellationToken cancellationToken)
    {
        if (await _database.ResolveAsync(name, cancellationToken).ConfigureAwait(false) is not { } resolved)
        {
            return LoginResult.Refuse(RuleNames.LoginCredentials); // removed since the verification
        }

        if (!resolved.Settings.IsEnabled)
        {
            return LoginResult.Refuse(RuleNames.AccountDisabled);
        }

        DateTimeOffset now = _options.TimeProvider.GetLocalNow();
        if (AccountRestrictions.FindRule(resolved.Limits, credentials.Address, credentials.IsEncrypted, now) is { } rule)
        {
            return LoginResult.Refuse(rule);
        }

        return await TryGetStoreAsync(resolved).ConfigureAwait(false) is (true, var store)
            ? LoginResult.Accept(_live.Set(resolved, store, _options.Stores?.GetLocations(resolved)))
            : LoginResult.Refuse(RuleNames.HomeUnavailable);
    }

    /// <summary>Returns the store of an account. If it cannot be used, reports the reason and returns false.</summary>
    private async ValueTask<(bool IsAvailable, IFileStore? Store)> TryGetStoreAsync(ResolvedAccount resolved)
    {
        if (_options.Stores is not { } stores)
        {
            return (true, null);
        }

        try
        {
            return (true, await Task.Run(() => stores.GetStore(resolved)).ConfigureAwait(false));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            _options.Report?.Invoke($"account {resolved.Settings.Name}: {e.Message}");
            return (false, null);
        }
    }

    /// <summary>Replaces an imported hash after a successful login. A failure is not an error, because the old hash stays valid.</summary>
    private async ValueTask ReplaceHashAsync(string name, string oldHash, string password, CancellationToken cancellationToken)
    {
        try
        {
            if (await _options.Passwords.CreateHashAsync(password, cancellationToken).ConfigureAwait(false) is { } newHash
                && await _database.FindAccountAsync(name, cancellationToken).ConfigureAwait(false) is { } account
                && account.Value.PasswordHash == oldHash)
            {
                AccountSettings settings = account.Value with { PasswordHash = newHash };
                await _database.ApplyAsync([AccountChange.Update(settings, account.Version)], cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is AccountDatabaseException or ArgumentException)
        {
            _options.Report?.Invoke($"account {name}: the imported password hash could not be replaced: {e.Message}");
        }
    }

    private async ValueTask RefreshAccountAsync(string name, CancellationToken cancellationToken)
    {
        ResolvedAccount? resolved = await _database.ResolveAsync(name, cancellationToken).ConfigureAwait(false);
        if (FindEndRule(resolved) is { } rule)
        {
            _live.End(name, rule);
        }
        else if (!_live.HasSettings(resolved!))
        {
            if (await TryGetStoreAsync(resolved!).ConfigureAwait(false) is (true, var store))
            {
                _live.Set(resolved!, store, _options.Stores?.GetLocations(resolved!));
            }
            else
            {
                _live.End(name, RuleNames.HomeUnavailable);
            }
        }
    }

    /// <summary>Returns the rule name of the reason why the sessions of an account must end, or null.</summary>
    private string? FindEndRule(ResolvedAccount? account) => account switch
    {
        null => RuleNames.AccountRemoved,
        { Settings.IsEnabled: false } => RuleNames.AccountDisabled,
        _ when _options.TimeProvider.GetUtcNow() >= account.Limits.ExpiresAt => RuleNames.AccountExpired,
        _ => null,
    };

    private async Task PollAsync()
    {
        using var timer = new PeriodicTimer(_options.PollInterval, _options.TimeProvider);
        bool hasFailed = false;
        while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false))
        {
            try
            {
                await RefreshAsync(_stopping.Token).ConfigureAwait(false);
                hasFailed = false;
            }
            catch (Exception e) when (!_stopping.IsCancellationRequested)
            {
                if (!hasFailed)
                {
                    _options.Report?.Invoke($"changes of accounts cannot be read: {e.Message}");
                }

                hasFailed = true;
            }
        }
    }
}
