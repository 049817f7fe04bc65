using System.Net;
using Fts.Accounts.Settings;
using Fts.Storage;

namespace Fts.Accounts.Sql.Accounts;

/// <summary>Reads and writes the settings that accounts and groups share.</summary>
internal static class AccessRows
{
    /// <summary>Returns the owner of an account's settings.</summary>
    public static string GetAccountOwner(string name) => $"account {name}";

    /// <summary>Returns the owner of a group's settings.</summary>
    public static string GetGroupOwner(string name) => $"group {name}";

    /// <summary>Returns the settings of an owner, which must exist.</summary>
    public static AccessSettings Read(ISqlSession session, string owner)
    {
        AccessSettings settings = session.Query(
            "SELECT home, quota_bytes, quota_files, upload_rate, download_rate, max_sessions, has_networks, requires_tls, hours_start, " +
            "hours_end, expires_at FROM access_settings WHERE owner = $1",
            ReadColumns, owner)[0];
        return settings with
        {
            Mounts = session.Query(
                "SELECT path, directory, is_read_only FROM mounts WHERE owner = $1 ORDER BY path",
                row => new MountSettings(GetPath(row, 0), row.GetRequiredText(1), row.GetRequiredInteger(2) != 0), owner),
            Rules = session.Query(
                "SELECT path, permissions FROM permission_rules WHERE owner = $1 ORDER BY path",
                row => new PermissionRule(GetPath(row, 0), GetPermissions(row, 1)), owner),
            Networks = settings.Networks is null ? null : session.Query(
                "SELECT network FROM networks WHERE owner = $1 ORDER BY network", row => IPNetwork.Parse(row.GetRequiredText(0)), owner),
        };
    }

    /// <summary>Stores the settings of a new owner.</summary>
    public static void Insert(ISqlSession session, string owner, AccessSettings settings)
    {
        session.Execute(
            "INSERT INTO access_settings (owner, home, quota_bytes, quota_files, upload_rate, download_rate, max_sessions, has_networks, " +
            "requires_tls, hours_start, hours_end, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            owner, settings.Home, settings.QuotaBytes, settings.QuotaFiles, settings.UploadRate, settings.DownloadRate,
            settings.MaxSessions, (bool?)(settings.Networks is not null), settings.RequiresTls, settings.Hours?.Start.Ticks,
            settings.Hours?.End.Ticks, settings.ExpiresAt?.UtcTicks);
        foreach (MountSettings mount in settings.Mounts)
        {
            session.Execute(
                "INSERT INTO mounts (owner, path, directory, is_read_only) VALUES ($1, $2, $3, $4)",
                owner, mount.Path.Value, mount.Directory, (bool?)mount.IsReadOnly);
        }

        foreach (PermissionRule rule in settings.Rules)
        {
            session.Execute(
                "INSERT INTO permission_rules (owner, path, permissions) VALUES ($1, $2, $3)",
                owner, rule.Path.Value, PermissionLetters.Format(rule.Permissions));
        }

        foreach (IPNetwork network in (settings.Networks ?? []).Distinct())
        {
            session.Execute("INSERT INTO networks (owner, network) VALUES ($1, $2)", owner, network.ToString());
        }
    }

    /// <summary>Removes the settings of an owner.</summary>
    public static void Delete(ISqlSession session, string owner) =>
        session.Execute("DELETE FROM access_settings WHERE owner = $1", owner);

    private static AccessSettings ReadColumns(ISqlRow row) => new()
    {
        Home = row.GetText(0),
        QuotaBytes = row.GetInteger(1),
        QuotaFiles = row.GetInteger(2),
        UploadRate = row.GetInteger(3),
        DownloadRate = row.GetInteger(4),
        MaxSessions = (int?)row.GetInteger(5),
        Networks = row.GetRequiredInteger(6) == 0 ? null : [],
        RequiresTls = row.GetInteger(7) is { } requiresTls ? requiresTls != 0 : null,
        Hours = row.GetInteger(8) is { } start && row.GetInteger(9) is { } end
            ? new AllowedHours(new TimeOnly(start), new TimeOnly(end))
            : null,
        ExpiresAt = row.GetInteger(10) is { } ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null,
    };

    private static StorePath GetPath(ISqlRow row, int column) =>
        StorePath.Root.Resolve(row.GetRequiredText(column)) ?? throw new InvalidDataException("A stored path is not valid.");

    private static Permissions GetPermissions(ISqlRow row, int column) =>
        PermissionLetters.TryParse(row.GetText(column), out Permissions permissions)
            ? permissions
            : throw new InvalidDataException("Stored permissions are not valid.");
}
