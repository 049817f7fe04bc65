namespace Fts.Accounts.Settings;

/// <summary>The stored accounts and groups. Thread-safe, and usable by several processes at once.</summary>
/// <remarks>
/// All methods throw <see cref="AccountDatabaseException"/> if the database cannot be used. The database is always consistent: every group
/// of an account exists, and no two groups of an account contradict each other.
/// </remarks>
public interface IAccountDatabase
{
    /// <summary>
    /// Returns a number that is different after each change of accounts and groups, also by another process. Cheap enough to be called
    /// several times a second.
    /// </summary>
    ValueTask<long> GetChangeNumberAsync(CancellationToken cancellationToken);

    /// <summary>Returns an account, or null if none has this name.</summary>
    ValueTask<Versioned<AccountSettings>?> FindAccountAsync(string name, CancellationToken cancellationToken);

    /// <summary>
    /// Returns the password hash of an account, or null if no account has this name or the account has no password. Takes the same time in
    /// all cases.
    /// </summary>
    ValueTask<string?> FindPasswordHashAsync(string name, CancellationToken cancellationToken);

    /// <summary>Returns the account with one of <see cref="AccountSettings.KeyFingerprints"/>, or null if none has it.</summary>
    ValueTask<Versioned<AccountSettings>?> FindByKeyFingerprintAsync(string fingerprint, CancellationToken cancellationToken);

    /// <summary>Returns a group, or null if none has this name.</summary>
    ValueTask<Versioned<GroupSettings>?> FindGroupAsync(string name, CancellationToken cancellationToken);

    /// <summary>Returns all accounts and groups, as of one moment, ordered by name.</summary>
    ValueTask<AccountSnapshot> ReadAllAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Returns an account with the settings that apply after its groups, as of one moment, or null if no account has this name.
    /// </summary>
    ValueTask<ResolvedAccount?> ResolveAsync(string name, CancellationToken cancellationToken);

    /// <summary>Returns whether at least one account exists.</summary>
    ValueTask<bool> HasAccountsAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Returns whether <see cref="AccountChange.TakeOver"/> is possible: no account has the name, also if the case of letters is ignored,
    /// and no such account was removed and not added again.
    /// </summary>
    ValueTask<bool> CanTakeOverAsync(string name, CancellationToken cancellationToken);

    /// <summary>Applies all changes, or none of them, in one transaction.</summary>
    /// <exception cref="AccountDatabaseException">
    /// A change is not valid, or the database would not be consistent after the changes (<see cref="AccountDatabaseException.Error"/>).
    /// </exception>
    ValueTask ApplyAsync(IReadOnlyList<AccountChange> changes, CancellationToken cancellationToken);
}

/// <summary>A stored value and its version. Each change of the value changes the version.</summary>
/// <typeparam name="T">The type of the value.</typeparam>
/// <param name="Value">The value.</param>
/// <param name="Version">The version, for <see cref="AccountChange"/>.</param>
public sealed record Versioned<T>(T Value, long Version);

/// <summary>All accounts and groups of a database.</summary>
/// <param name="ChangeNumber">As returned by <see cref="IAccountDatabase.GetChangeNumberAsync"/>.</param>
/// <param name="Accounts">The accounts, ordered by name.</param>
/// <param name="Groups">The groups, ordered by name.</param>
public sealed record AccountSnapshot(
    long ChangeNumber, IReadOnlyList<Versioned<AccountSettings>> Accounts, IReadOnlyList<Versioned<GroupSettings>> Groups)
{
    /// <summary>Returns every account with the settings that apply after its groups.</summary>
    public IEnumerable<ResolvedAccount> Resolve()
    {
        Dictionary<string, GroupSettings> groups = Groups.ToDictionary(group => group.Value.Name, group => group.Value);
        return Accounts.Select(account => AccountResolver.Resolve(account.Value, groups));
    }
}
