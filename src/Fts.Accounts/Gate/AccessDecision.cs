using Fts.Storage;

namespace Fts.Accounts.Gate;

/// <summary>Whether an account can use a path, and the path rule that decides.</summary>
/// <param name="Action">The use of the path.</param>
/// <param name="Path">The path.</param>
/// <param name="PathRule">The path rule that decides. For a tree, the rule of a path below <paramref name="Path"/> can decide.</param>
/// <param name="Missing">The missing permission, or <see cref="Permissions.None"/> if the account can use the path.</param>
public readonly record struct AccessDecision(FileAction Action, StorePath Path, PermissionRule PathRule, Permissions Missing)
{
    /// <summary>Whether the account can use the path.</summary>
    public bool IsAllowed => Missing == Permissions.None;

    /// <summary>The rule name of the refusal, for example <c>permission.delete</c>, or null if the account can use the path.</summary>
    public string? Rule => IsAllowed ? null : RuleNames.FromPermission(Missing);

    /// <summary>Creates the exception for a refusal.</summary>
    internal StoreException CreateException(string accountName) =>
        new(StoreError.Denied, $"The account {accountName} lacks the permission {Missing} on {Path} (rule of {PathRule.Path}).")
        {
            Rule = Rule,
        };
}
