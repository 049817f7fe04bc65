using System.Net;

namespace Fts.Accounts.Settings;

/// <summary>Determines the settings that apply to an account. Pure.</summary>
/// <remarks>
/// The account's own settings have priority. Its groups supply each unset setting, in the order of <see cref="AccountSettings.Groups"/>.
/// Each mount path and each rule path is a setting of its own. Two groups with different values for a setting that the account leaves unset
/// contradict each other. The first group then has priority, and the result reports the contradiction.
/// </remarks>
public static class AccountResolver
{
    /// <summary>Returns the settings that apply to an account.</summary>
    /// <param name="account">The account.</param>
    /// <param name="groups">All groups, by name.</param>
    public static ResolvedAccount Resolve(AccountSettings account, IReadOnlyDictionary<string, GroupSettings> groups)
    {
        ArgumentNullException.ThrowIfNull(account);
        ArgumentNullException.ThrowIfNull(groups);
        var merge = new Merge(account.Name);
        merge.Add(account.Access, group: null);
        foreach (string name in account.Groups)
        {
            if (groups.TryGetValue(name, out GroupSettings? group))
            {
                merge.Add(group.Access, name);
            }
            else
            {
                merge.Problems.Add(new SettingProblem(account.Name, null, name, null));
            }
        }

        return new ResolvedAccount(account, merge.CreateSettings(), merge.Origins, merge.Problems);
    }

    /// <summary>Collects the settings of the account and then of its groups, by key.</summary>
    private sealed class Merge(string accountName)
    {
        private readonly Dictionary<string, object> _values = [];
        private readonly Dictionary<string, string?> _groups = [];

        public List<SettingOrigin> Origins { get; } = [];

        public List<SettingProblem> Problems { get; } = [];

        public void Add(AccessSettings settings, string? group)
        {
            Add(SettingKey.Home, settings.Home, group);
            foreach (MountSettings mount in settings.Mounts)
            {
                Add(SettingKey.ForMount(mount.Path), mount, group);
            }

            foreach (PermissionRule rule in settings.Rules)
            {
                Add(SettingKey.ForRule(rule.Path), rule, group);
            }

            Add(SettingKey.QuotaBytes, settings.QuotaBytes, group);
            Add(SettingKey.QuotaFiles, settings.QuotaFiles, group);
            Add(SettingKey.UploadRate, settings.UploadRate, group);
            Add(SettingKey.DownloadRate, settings.DownloadRate, group);
            Add(SettingKey.MaxSessions, settings.MaxSessions, group);
            Add(SettingKey.Networks, settings.Networks, group);
            Add(SettingKey.RequiresTls, settings.RequiresTls, group);
            Add(SettingKey.Hours, settings.Hours, group);
            Add(SettingKey.ExpiresAt, settings.ExpiresAt, group);
        }

        public AccessSettings CreateSettings() => new()
        {
            Home = (string?)_values.GetValueOrDefault(SettingKey.Home),
            Mounts = [.. _values.Values.OfType<MountSettings>()],
            Rules = [.. _values.Values.OfType<PermissionRule>()],
            QuotaBytes = (long?)_values.GetValueOrDefault(SettingKey.QuotaBytes),
            QuotaFiles = (long?)_values.GetValueOrDefault(SettingKey.QuotaFiles),
            UploadRate = (long?)_values.GetValueOrDefault(SettingKey.UploadRate),
            DownloadRate = (long?)_values.GetValueOrDefault(SettingKey.DownloadRate),
            MaxSessions = (int?)_values.GetValueOrDefault(SettingKey.MaxSessions),
            Networks = (IReadOnlyList<IPNetwork>?)_values.GetValueOrDefault(SettingKey.Networks),
            RequiresTls = (bool?)_values.GetValueOrDefault(SettingKey.RequiresTls),
            Hours = (AllowedHours?)_values.GetValueOrDefault(SettingKey.Hours),
            ExpiresAt = (DateTimeOffset?)_values.GetValueOrDefault(SettingKey.ExpiresAt),
        };

        private void Add(string key, object? value, string? group)
        {
            if (value is null)
            {
                return;
            }

            if (_values.TryAdd(key, value))
            {
                _groups[key] = group;
                Origins.Add(new SettingOrigin(key, group));
            }
            else if (_groups[key] is { } first && first != group && !AreEqual(_values[key], value))
            {
                Problems.Add(new SettingProblem(accountName, key, first, group));
            }
        }

        private static bool AreEqual(object one, object other) => one is IReadOnlyList<IPNetwork> networks
            ? AccessSettings.HaveSameItems(networks, (IReadOnlyList<IPNetwork>)other)
            : one.Equals(other);
    }
}
