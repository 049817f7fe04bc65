using Fts.Accounts.Events;
using Fts.Accounts.Settings;
using Fts.Accounts.Settings.Files;

namespace Fts.Accounts.Sql.Accounts;

/// <summary>
/// Describes changes of accounts and groups as events. An event names the changed settings, but contains no value: not a password, a hash
/// or a key.
/// </summary>
internal static class AccountChangeEvents
{
    /// <summary>Returns the events of changes that were not applied yet. An update that changes nothing has no event.</summary>
    /// <param name="session">The transaction of the changes.</param>
    /// <param name="changes">The changes.</param>
    /// <param name="changedBy">The user who makes the changes, or null if unknown.</param>
    /// <param name="now">The current time.</param>
    public static IReadOnlyList<AccountEvent> Create(
        ISqlSession session, IReadOnlyList<AccountChange> changes, string? changedBy, DateTimeOffset now)
    {
        var events = new List<AccountEvent>(changes.Count);
        foreach (AccountChange change in changes)
        {
            string by = changedBy is null ? "" : $" by {changedBy}";
            string? text = change.IsGroup ? DescribeGroup(session, change, by) : DescribeAccount(session, change, by);
            if (text is not null)
            {
                events.Add(new AccountEvent(EventType.AccountChanged, AccountEvent.RoundTime(now))
                {
                    Account = change.IsGroup ? null : AccountEvent.EscapeText(change.Name),
                    Source = AccountEvent.AdministratorSource,
                    Actor = changedBy is null ? null : AccountEvent.EscapeText(changedBy),
                    Detail = AccountEvent.EscapeText(change.IsGroup ? $"group {change.Name} {text}" : text),
                });
            }
        }

        return events;
    }

    private static string? DescribeAccount(ISqlSession session, AccountChange change, string by)
    {
        if (change.Account is not { } account)
        {
            return $"removed{by}";
        }

        if (AccountRows.Find(session, change.Name)?.Value is not { } old)
        {
            return $"added{by}{FormatKeys(SettingDifference.Find(new AccountSettings(change.Name), account))}";
        }

        if (old.Equals(account with { IsEnabled = old.IsEnabled }) && old.IsEnabled != account.IsEnabled)
        {
            return $"{(account.IsEnabled ? "enabled" : "disabled")}{by}";
        }

        return DescribeUpdate(SettingDifference.Find(old, account), by);
    }

    private static string? DescribeGroup(ISqlSession session, AccountChange change, string by)
    {
        if (change.Group is not { } group)
        {
            return $"removed{by}";
        }

        return GroupRows.Find(session, change.Name)?.Value is { } old
            ? DescribeUpdate(SettingDifference.Find(old, group), by)
            : $"added{by}{FormatKeys(SettingDifference.Find(new GroupSettings(change.Name), group))}";
    }

    private static string? DescribeUpdate(IReadOnlyList<SettingDifference> differences, string by) =>
        differences.Count == 0 ? null : $"changed{by}{FormatKeys(differences)}";

    private static string FormatKeys(IReadOnlyList<SettingDifference> differences) =>
        differences.Count == 0 ? "" : $": {string.Join(", ", differences.Select(difference => difference.Key))}";
}
