namespace Fts.Accounts.Settings.Files;

/// <summary>The changes that make a database match a declarative file. Pure.</summary>
/// <param name="Changes">The changes, in the order in which the database applies them. Empty if the database matches the file.</param>
/// <param name="Kept">
/// The accounts and groups that the file does not contain and that stay, because their removal was not requested.
/// </param>
public sealed record AccountPlan(IReadOnlyList<AccountPlanStep> Changes, IReadOnlyList<AccountPlanStep> Kept)
{
    /// <summary>Compares a file with the stored accounts and groups.</summary>
    /// <param name="file">The file.</param>
    /// <param name="stored">The content of the database.</param>
    /// <param name="prune">Whether accounts and groups that the file does not contain are removed.</param>
    /// <remarks>
    /// An account without a password hash in the file keeps its password. Each change expects the version that was compared. If an account
    /// is changed meanwhile, the database refuses the whole plan.
    /// </remarks>
    public static AccountPlan Create(AccountFile file, AccountSnapshot stored, bool prune)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(stored);
        Dictionary<string, Versioned<AccountSettings>> accounts = stored.Accounts.ToDictionary(account => account.Value.Name);
        Dictionary<string, Versioned<GroupSettings>> groups = stored.Groups.ToDictionary(group => group.Value.Name);
        var changes = new List<AccountPlanStep>();
        foreach (GroupSettings group in file.Groups)
        {
            if (!groups.Remove(group.Name, out Versioned<GroupSettings>? old))
            {
                changes.Add(new AccountPlanStep(AccountChange.Add(group), []));
            }
            else if (old.Value != group)
            {
                changes.Add(new AccountPlanStep(AccountChange.Update(group, old.Version), SettingDifference.Find(old.Value, group)));
            }
        }

        foreach (AccountSettings written in file.Accounts)
        {
            AccountSettings account = written;
            if (!accounts.Remove(account.Name, out Versioned<AccountSettings>? old))
            {
                changes.Add(new AccountPlanStep(AccountChange.Add(account), []));
                continue;
            }

            // A file without hashes must not remove passwords.
            account = account with { PasswordHash = account.PasswordHash ?? old.Value.PasswordHash };
            if (!old.Value.Equals(account))
            {
                changes.Add(new AccountPlanStep(AccountChange.Update(account, old.Version), SettingDifference.Find(old.Value, account)));
            }
        }

        AccountPlanStep[] removals =
        [
            .. accounts.Values.OrderBy(account => account.Value.Name, StringComparer.Ordinal)
                .Select(account => new AccountPlanStep(AccountChange.RemoveAccount(account.Value.Name, account.Version), [])),
            .. groups.Values.OrderBy(group => group.Value.Name, StringComparer.Ordinal)
                .Select(group => new AccountPlanStep(AccountChange.RemoveGroup(group.Value.Name, group.Version), [])),
        ];
        return prune ? new AccountPlan([.. changes, .. removals], []) : new AccountPlan(changes, removals);
    }
}

/// <summary>One change of a plan.</summary>
/// <param name="Change">The change of the database.</param>
/// <param name="Differences">For an update, the settings that differ. Otherwise empty.</param>
public sealed record AccountPlanStep(AccountChange Change, IReadOnlyList<SettingDifference> Differences);
