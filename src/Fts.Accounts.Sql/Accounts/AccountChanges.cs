using Fts.Accounts.Settings;

namespace Fts.Accounts.Sql.Accounts;

/// <summary>Applies changes of accounts and groups in the caller's transaction.</summary>
internal static class AccountChanges
{
    /// <summary>Applies the changes, and then checks the consistency of all accounts that they affect.</summary>
    /// <remarks>Everything is removed before anything is added, so that a key fingerprint can move to another account.</remarks>
    /// <exception cref="AccountDatabaseException">A change is refused. The caller must roll the transaction back.</exception>
    public static void Apply(ISqlSession session, IReadOnlyList<AccountChange> changes)
    {
        session.Execute("UPDATE account_changes SET number = number + 1");
        long number = session.QueryInteger("SELECT number FROM account_changes");
        foreach (AccountChange change in changes)
        {
            CheckVersion(session, change);
            Remove(session, change);
        }

        foreach (AccountChange change in changes)
        {
            Insert(session, change, number);
        }

        CheckConsistency(session, changes);
    }

    private static void Remove(ISqlSession session, AccountChange change)
    {
        if (change.IsGroup)
        {
            GroupRows.Delete(session, change.Name);
        }
        else
        {
            AccountRows.Delete(session, change.Name);
            if (change.Kind == AccountChangeKind.Remove)
            {
                TakeOverNames.AddRemoved(session, change.Name);
            }
        }
    }

    private static void Insert(ISqlSession session, AccountChange change, long number)
    {
        if (change.Account is { } account)
        {
            ThrowIfInvalid(SettingsValidation.FindProblem(account));
            if (change.IsTakeOver && !TakeOverNames.IsFree(session, account.Name))
            {
                throw new AccountDatabaseException(
                    AccountDatabaseError.Exists, $"account {account.Name}: the name is or was that of another account");
            }

            TakeOverNames.ForgetRemoved(session, account.Name);
            AccountRows.Insert(session, account, number);
        }
        else if (change.Group is { } group)
        {
            ThrowIfInvalid(SettingsValidation.FindProblem(group));
            GroupRows.Insert(session, group, number);
        }
    }

    private static void ThrowIfInvalid(string? problem)
    {
        if (problem is not null)
        {
            throw new AccountDatabaseException(AccountDatabaseError.Invalid, problem);
        }
    }

    private static void CheckVersion(ISqlSession session, AccountChange change)
    {
        string name = $"{(change.IsGroup ? "group" : "account")} {change.Name}";
        long? version = change.IsGroup ? GroupRows.FindVersion(session, change.Name) : AccountRows.FindVersion(session, change.Name);
        if (change.Kind == AccountChangeKind.Add)
        {
            if (version is not null)
            {
                throw new AccountDatabaseException(AccountDatabaseError.Exists, $"{name} exists already");
            }
        }
        else if (version is null)
        {
            throw new AccountDatabaseException(AccountDatabaseError.NotFound, $"{name} does not exist");
        }
        else if (change.ExpectedVersion is { } expected && expected != version)
        {
            throw new AccountDatabaseException(
                AccountDatabaseError.Conflict, $"{name} was changed by another administrator at the same time; read it again");
        }
    }

    /// <summary>Checks the changed accounts and the members of changed groups. No other account can have become inconsistent.</summary>
    private static void CheckConsistency(ISqlSession session, IReadOnlyList<AccountChange> changes)
    {
        SortedSet<string> affected = new(StringComparer.Ordinal);
        foreach (AccountChange change in changes)
        {
            affected.UnionWith(change.IsGroup ? AccountRows.FindMembers(session, change.Name) : [change.Name]);
        }

        var groups = GroupRows.ReadAll(session).ToDictionary(group => group.Value.Name, group => group.Value);
        string[] problems = [.. affected
            .Select(name => AccountRows.Find(session, name))
            .OfType<Versioned<AccountSettings>>()
            .SelectMany(account => AccountResolver.Resolve(account.Value, groups).Problems)
            .Select(problem => problem.ToString())
            .Take(10)];
        if (problems.Length > 0)
        {
            throw new AccountDatabaseException(AccountDatabaseError.Inconsistent, string.Join("\n", problems));
        }
    }
}
