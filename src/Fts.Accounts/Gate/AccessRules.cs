using Fts.Storage;

namespace Fts.Accounts.Gate;

/// <summary>
/// Decides whether an account can use a path. <see cref="UserFiles"/> and <see cref="PermissionExplanation"/> both use this class, so that
/// an explanation never differs from the outcome.
/// </summary>
internal static class AccessRules
{
    /// <summary>Decides whether the rules allow one use of one path.</summary>
    public static AccessDecision Decide(PermissionRules rules, FileAction action, StorePath path)
    {
        if (action == FileAction.Enter)
        {
            Permissions missing = rules.HasAnyPermission(path) ? Permissions.None : Permissions.List;
            return new AccessDecision(action, path, rules.GetRule(path), missing);
        }

        if (action == FileAction.GetSize && rules.GetRule(path) is var rule && (rule.Permissions & Permissions.Read) != 0)
        {
            return new AccessDecision(action, path, rule, Permissions.None);
        }

        (Permissions needed, bool isTree) = GetNeed(action);
        return isTree ? DecideTree(rules, action, path, needed) : DecidePath(rules, action, path, needed);
    }

    /// <summary>Decides whether the rules allow a file to be created or, if it exists, to be changed.</summary>
    /// <param name="rules">The rules.</param>
    /// <param name="path">The path of the file.</param>
    /// <param name="exists">Whether the file exists.</param>
    /// <param name="onNew">The use of a new path.</param>
    /// <param name="onExisting">The use of an existing path.</param>
    /// <remarks>
    /// If neither is allowed, the decision does not depend on <paramref name="exists"/>, so that a refusal does not reveal the existence.
    /// </remarks>
    public static AccessDecision DecideTarget(
        PermissionRules rules, StorePath path, bool exists, FileAction onNew, FileAction onExisting)
    {
        AccessDecision create = Decide(rules, onNew, path), change = Decide(rules, onExisting, path);
        return exists && (create.IsAllowed || change.IsAllowed) ? change : create;
    }

    /// <summary>
    /// Decides whether a path can be reached under another path, through a link or after a move. The permissions of the other path then
    /// apply. The account must therefore have the same permissions on the path itself and below it.
    /// </summary>
    public static AccessDecision DecideAlias(PermissionRules rules, FileAction action, StorePath path, StorePath alias) =>
        rules.IsUniform
            ? new AccessDecision(action, path, rules.GetRule(path), Permissions.None)
            : DecideTree(rules, action, path, rules.GetTreePermissions(alias));

    private static AccessDecision DecidePath(PermissionRules rules, FileAction action, StorePath path, Permissions needed)
    {
        PermissionRule rule = rules.GetRule(path);
        return new AccessDecision(action, path, rule, GetFirstMissing(rule, needed));
    }

    private static AccessDecision DecideTree(PermissionRules rules, FileAction action, StorePath path, Permissions needed)
    {
        PermissionRule rule = rules.FindRuleWithout(path, needed) ?? rules.GetRule(path);
        return new AccessDecision(action, path, rule, GetFirstMissing(rule, needed));
    }

    /// <summary>Returns one permission that a rule lacks, or <see cref="Permissions.None"/>.</summary>
    private static Permissions GetFirstMissing(PermissionRule rule, Permissions needed)
    {
        int missing = (int)(needed & ~rule.Permissions);
        return (Permissions)(missing & -missing);
    }

    private static (Permissions Needed, bool IsTree) GetNeed(FileAction action) => action switch
    {
        FileAction.List or FileAction.GetSize => (Permissions.List, false),
        FileAction.Read => (Permissions.Read, false),
        FileAction.Create => (Permissions.Create, false),
        FileAction.Overwrite => (Permissions.Overwrite, false),
        FileAction.Append => (Permissions.Append, false),
        FileAction.CreateDirectory => (Permissions.CreateDirectory, false),
        FileAction.Delete => (Permissions.Delete, false),
        FileAction.DeleteTree => (Permissions.Delete, true),
        FileAction.Rename => (Permissions.Rename, true),
        FileAction.RenameTo => (Permissions.Create, true),
        FileAction.RenameOver => (Permissions.Overwrite, true),
        FileAction.SetMetadata => (Permissions.SetMetadata, false),
        FileAction.LinkTo => (Permissions.Read, true),
        _ => throw new ArgumentOutOfRangeException(nameof(action)),
    };
}
