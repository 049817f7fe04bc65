using Fts.Accounts.Settings;

namespace Fts.Accounts.Sql.Accounts;

/// <summary>Reads and writes groups.</summary>
internal static class GroupRows
{
    /// <summary>Returns a group, or null if none has this name.</summary>
    public static Versioned<GroupSettings>? Find(ISqlSession session, string name) =>
        FindVersion(session, name) is { } version ? Read(session, name, version) : null;

    /// <summary>Returns all groups, ordered by name.</summary>
    public static IReadOnlyList<Versioned<GroupSettings>> ReadAll(ISqlSession session) =>
    [
        .. session
            .Query("SELECT name, version FROM account_groups ORDER BY name", row => (row.GetRequiredText(0), row.GetRequiredInteger(1)))
            .Select(found => Read(session, found.Item1, found.Item2)),
    ];

    /// <summary>Returns the version of a group, or null if none has this name.</summary>
    public static long? FindVersion(ISqlSession session, string name) =>
        session.Query("SELECT version FROM account_groups WHERE name = $1", row => row.GetInteger(0), name).SingleOrDefault();

    /// <summary>Stores a new group.</summary>
    public static void Insert(ISqlSession session, GroupSettings group, long version)
    {
        session.Execute("INSERT INTO account_groups (name, version) VALUES ($1, $2)", group.Name, version);
        AccessRows.Insert(session, AccessRows.GetGroupOwner(group.Name), group.Access);
    }

    /// <summary>Removes a group with all its settings. The accounts keep its name.</summary>
    public static void Delete(ISqlSession session, string name)
    {
        session.Execute("DELETE FROM account_groups WHERE name = $1", name);
        AccessRows.Delete(session, AccessRows.GetGroupOwner(name));
    }

    private static Versioned<GroupSettings> Read(ISqlSession session, string name, long version) =>
        new(new GroupSettings(name) { Access = AccessRows.Read(session, AccessRows.GetGroupOwner(name)) }, version);
}
