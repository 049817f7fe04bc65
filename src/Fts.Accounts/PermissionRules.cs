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

    /// <summary>The paths of <see cref="_rules"/> in the form for comparisons.</summary>
    private readonly StorePath[] _paths;

    /// <summary>The store whose comparison of paths applies, or null to compare paths exactly.</summary>
    private readonly IFileStore? _store;

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
        _paths = [.. _rules.Select(rule => rule.Path)];
    }

    private PermissionRules(PermissionRules rules, IFileStore store)
    {
        (_rootPermissions, _store) = (rules._rootPermissions, store);
        (StorePath Path, PermissionRule Rule)[] merged =
        [
            .. rules._rules.GroupBy(rule => store.GetComparisonPath(rule.Path))
                .Select(group => (group.Key, group.First() with
                {
                    Permissions = group.Select(rule => rule.Permissions).Aggregate((one, other) => one & other),
                }))
                .OrderByDescending(entry => entry.Key.Value.Length),
        ];
        (_rules, _paths) = ([.. merged.Select(entry => entry.Rule)], [.. merged.Select(entry => entry.Path)]);
    }

    /// <summary>Whether the same permissions apply to all paths.</summary>
    public bool IsUniform => _rules.Length == 0;

    /// <summary>
    /// Returns these rules for the files of a store, which can treat different spellings of a path as equal
    /// (<see cref="IFileStore.GetComparisonPath"/>). If two rules then have the same path, only their common permissions apply.
    /// </summary>
    public PermissionRules ForStore(IFileStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        return IsUniform ? this : new PermissionRules(this, store);
    }

    /// <summary>Returns the rule that decides for a path. Its path is the root if no rule for a directory applies.</summary>
    public PermissionRule GetRule(StorePath path)
    {
        StorePath compared = GetComparisonPath(path);
        for (int at = 0; at < _rules.Length; at++)
        {
            if (compared.IsWithin(_paths[at]))
            {
                return _rules[at];
            }
        }

        return new PermissionRule(StorePath.Root, _rootPermissions);
    }

    /// <summary>Returns the permissions on a path.</summary>
    public Permissions GetPermissions(StorePath path) => _rules.Length == 0 ? _rootPermissions : GetRule(path).Permissions;

    /// <summary>
    /// Returns whether the account has permissions on a path and, if the path is a directory, also on all paths below it.
    /// </summary>
    public bool HasPermissionsOnTree(StorePath path, Permissions permissions) => FindRuleWithout(path, permissions) is null;

    /// <summary>Returns whether the account has any permission on a path or on a path below it. If not, the path is hidden.</summary>
    public bool HasAnyPermission(StorePath path) => GetTreePermissions(path) != Permissions.None;

    /// <summary>Returns the permissions that the account has on a path or on any path below it.</summary>
    public Permissions GetTreePermissions(StorePath path)
    {
        Permissions permissions = GetPermissions(path);
        StorePath compared = GetComparisonPath(path);
        for (int at = 0; at < _rules.Length; at++)
        {
            permissions |= _paths[at].IsWithin(compared) ? _rules[at].Permissions : Permissions.None;
        }

        return permissions;
    }

    /// <summary>Returns the entries of a directory to which rules of their own apply, or an empty array.</summary>
    public PermissionRule[] GetEntryRules(StorePath directory)
    {
        if (_rules.Length == 0)
        {
            return [];
        }

        StorePath compared = GetComparisonPath(directory);
        return [.. _rules.Where((_, at) => _paths[at].Parent == compared)];
    }

    /// <summary>Returns a comparer of the names of entries of a directory.</summary>
    public IEqualityComparer<string> GetNameComparer(StorePath directory) =>
        _store is null ? StringComparer.Ordinal : new StoreNameComparer(_store, directory);

    /// <summary>
    /// Returns the names of the entries of a directory that are hidden, or null if none is. An entry is hidden if the account has no
    /// permission on it and on all paths below it.
    /// </summary>
    internal HashSet<string>? GetHiddenNames(StorePath directory)
    {
        HashSet<string>? names = null;
        foreach (PermissionRule rule in GetEntryRules(directory))
        {
            if (!HasAnyPermission(rule.Path))
            {
                (names ??= new HashSet<string>(GetNameComparer(directory))).Add(rule.Path.Name);
            }
        }

        return names;
    }

    /// <summary>Returns the rule of a path, or of a path below it, that lacks one of the permissions. Returns null if none does.</summary>
    internal PermissionRule? FindRuleWithout(StorePath path, Permissions permissions)
    {
        PermissionRule own = GetRule(path);
        if ((own.Permissions & permissions) != permissions)
        {
            return own;
        }

        StorePath compared = GetComparisonPath(path);
        for (int at = 0; at < _rules.Length; at++)
        {
            if (_paths[at].IsWithin(compared) && (_rules[at].Permissions & permissions) != permissions)
            {
                return _rules[at];
            }
        }

        return null;
    }

    /// <summary>Returns whether other rules give the same permissions on the same paths.</summary>
    public bool Equals(PermissionRules? other) =>
        other is not null && _rootPermissions == other._rootPermissions && _rules.Length == other._rules.Length &&
        _rules.ToHashSet().SetEquals(other._rules);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PermissionRules);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_rootPermissions, _rules.Length);

    private StorePath GetComparisonPath(StorePath path) => _store is null ? path : _store.GetComparisonPath(path);

    /// <summary>Compares the names of entries of one directory as the store does.</summary>
    private sealed class StoreNameComparer(IFileStore store, StorePath directory) : IEqualityComparer<string>
    {
        public bool Equals(string? x, string? y) => x == y || (x is not null && y is not null && GetForm(x) == GetForm(y));

        public int GetHashCode(string obj) => GetForm(obj).GetHashCode();

        private StorePath GetForm(string name) => store.GetComparisonPath(directory.Child(name));
    }
}
