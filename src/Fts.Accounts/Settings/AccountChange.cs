namespace Fts.Accounts.Settings;

/// <summary>One change of an account or a group. See the methods of this class for the possible changes.</summary>
/// <remarks>
/// A change with an expected version is refused (<see cref="AccountDatabaseError.Conflict"/>) if the stored value has another version,
/// because another administrator changed it.
/// </remarks>
public sealed record AccountChange
{
    private AccountChange(string name, bool isGroup, AccountChangeKind kind, long? expectedVersion) =>
        (Name, IsGroup, Kind, ExpectedVersion) = (name, isGroup, kind, expectedVersion);

    /// <summary>The name of the account or group.</summary>
    public string Name { get; }

    /// <summary>Whether the change concerns a group.</summary>
    public bool IsGroup { get; }

    /// <summary>The kind of the change.</summary>
    public AccountChangeKind Kind { get; }

    /// <summary>Whether the change is <see cref="TakeOver"/>.</summary>
    public bool IsTakeOver { get; private init; }

    /// <summary>The version that the stored value must have, or null for any version.</summary>
    public long? ExpectedVersion { get; }

    /// <summary>The new account, or null if the change is a removal or concerns a group.</summary>
    public AccountSettings? Account { get; private init; }

    /// <summary>The new group, or null if the change is a removal or concerns an account.</summary>
    public GroupSettings? Group { get; private init; }

    /// <summary>Adds an account, which must not exist yet.</summary>
    public static AccountChange Add(AccountSettings account) => Create(account, AccountChangeKind.Add, null);

    /// <summary>
    /// Adds an account of another server. If <see cref="IAccountDatabase.CanTakeOverAsync"/> is false for its name, the change is refused
    /// (<see cref="AccountDatabaseError.Exists"/>).
    /// </summary>
    public static AccountChange TakeOver(AccountSettings account) =>
        Create(account, AccountChangeKind.Add, null) with { IsTakeOver = true };

    /// <summary>Replaces all settings of an account, which must exist.</summary>
    public static AccountChange Update(AccountSettings account, long? expectedVersion = null) =>
        Create(account, AccountChangeKind.Update, expectedVersion);

    /// <summary>Removes an account, which must exist.</summary>
    public static AccountChange RemoveAccount(string name, long? expectedVersion = null) =>
        new(name, isGroup: false, AccountChangeKind.Remove, expectedVersion);

    /// <summary>Adds a group, which must not exist yet.</summary>
    public static AccountChange Add(GroupSettings group) => Create(group, AccountChangeKind.Add, null);

    /// <summary>Replaces all settings of a group, which must exist.</summary>
    public static AccountChange Update(GroupSettings group, long? expectedVersion = null) =>
        Create(group, AccountChangeKind.Update, expectedVersion);

    /// <summary>Removes a group, which must exist. No account may have the group after all changes.</summary>
    public static AccountChange RemoveGroup(string name, long? expectedVersion = null) =>
        new(name, isGroup: true, AccountChangeKind.Remove, expectedVersion);

    private static AccountChange Create(AccountSettings account, AccountChangeKind kind, long? expectedVersion)
    {
        ArgumentNullException.ThrowIfNull(account);
        return new AccountChange(account.Name, isGroup: false, kind, expectedVersion) { Account = account };
    }

    private static AccountChange Create(GroupSettings group, AccountChangeKind kind, long? expectedVersion)
    {
        ArgumentNullException.ThrowIfNull(group);
        return new AccountChange(group.Name, isGroup: true, kind, expectedVersion) { Group = group };
    }
}

/// <summary>The kinds of <see cref="AccountChange"/>.</summary>
public enum AccountChangeKind
{
    /// <summary>Adds a new account or group.</summary>
    Add,
    /// <summary>Replaces the settings of an existing account or group.</summary>
    Update,
    /// <summary>Removes an existing account or group.</summary>
    Remove,
}
