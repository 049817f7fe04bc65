using Fts.Storage;

namespace Fts.Accounts;

/// <summary>The permissions on a path and on everything below it, unless a rule for a longer path applies.</summary>
/// <param name="Path">The virtual path of the account.</param>
/// <param name="Permissions">The permissions.</param>
public readonly record struct PermissionRule(StorePath Path, Permissions Permissions);

/// <summary>The permissions of an account by path. The rule with the longest matching path decides. Immutable.</summary>
public sealed class PermissionRules : IEquatable<PermissionRules>
{
    private readonly Permissions _rootPermissions;

    /// <summary>The rules below the root, those with the longest paths first. The first match decides.</summary>
    private readonly PermissionRule[] _rules;

    /// <summary>Creates rules.</summary>
    /// <param name="rootPermissions">The permissions on all paths to which no rule applies.</param>
    /// <param name="rules">The rules. A rule for the root replaces <paramref name="rootPermissions"/>.</param>
    /// <exception cref="ArgumentException">Two rules have the same path.</exception>
    public PermissionRules(Permissions rootPermissions, params IReadOnlyCollection<PermissionRule> rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        if (rules.Select(rule => rule.Path).Distinct().Count() < rules.Count)
        {
            throw new ArgumentException("Two rules have the same path.", nameof(rules));
        }

        _rootPermissions = rules.Where(rule => rule.Path.IsRoot).Select(rule => rule.Permissions).FirstOrDefault(rootPermissions);
        _rules = [.. rules.Where(rule => !rule.Path.IsRoot).OrderByDescending(rule => rule.Path.Value.Length)];
    }

    /// <summary>Whether the same permissions apply to all paths.</summary>
    public bool IsUniform => _rules.Length == 0;

    /// <summary>Returns the rule that decides for a path. Its path is the root if no rule for a directory applies.</summary>
    public PermissionRule GetRule(StorePath path)
    {
        foreach (PermissionRule rule in _rules)
        {
            if (path.IsWithin(rule.Path))
            {
                return rule;
            }
        }

        return new PermissionRule(StorePath.Root, _rootPermissions);
    }

    /// <summary>Returns the permissions on a path.</summary>
    public Permissions GetPermissions(StorePath path) => _rules.Length == 0 ? _rootPermissions : GetRule(path).Permissions;

    /// <summary>
    /// Returns whether the account has permissions on a path and, if the path is a directory, also on all paths below it.
    /// </summary>
    public bool HasPermissionsOnTree(StorePath path, Permissions permissions) =>
        (GetPermissions(path) & permissions) == permissions &&
        _rules.All(rule => !rule.Path.IsWithin(path) || (rule.Permissions & permissions) == permissions);

    /// <summary>Returns whether other rules give the same permissions on the same paths.</summary>
    public bool Equals(PermissionRules? other) =>
        other is not null && _rootPermissions == other._rootPermissions && _rules.Length == other._rules.Length &&
        _rules.ToHashSet().SetEquals(other._rules);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PermissionRules);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_rootPermissions, _rules.Length);
}
