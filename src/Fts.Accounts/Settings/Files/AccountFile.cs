using System.Text.Json;

namespace Fts.Accounts.Settings.Files;

/// <summary>The content of a declarative file: all accounts and groups that shall exist.</summary>
/// <remarks>The file is JSON with comments. <c>docs/accounts.schema.json</c> describes it.</remarks>
/// <param name="Accounts">The accounts, in the order of the file.</param>
/// <param name="Groups">The groups, in the order of the file.</param>
public sealed record AccountFile(IReadOnlyList<AccountSettings> Accounts, IReadOnlyList<GroupSettings> Groups)
{
    internal const string
        SchemaKey = "$schema", AccountsKey = "accounts", GroupsKey = "groups", EnabledKey = "enabled", PasswordHashKey = "passwordHash",
        KeyFingerprintsKey = "keyFingerprints", MountsKey = "mounts", RulesKey = "rules", DirectoryKey = "directory",
        ReadOnlyKey = "readOnly";

    /// <summary>The keys that accounts and groups share, in the order of a written file.</summary>
    internal static readonly IReadOnlyList<string> AccessKeys =
    [
        SettingKey.Home, MountsKey, RulesKey, SettingKey.QuotaBytes, SettingKey.QuotaFiles, SettingKey.UploadRate, SettingKey.DownloadRate,
        SettingKey.MaxSessions, SettingKey.Networks, SettingKey.RequiresTls, SettingKey.Hours, SettingKey.ExpiresAt,
    ];

    /// <summary>The keys that only accounts have, in the order of a written file.</summary>
    internal static readonly IReadOnlyList<string> AccountKeys = [EnabledKey, PasswordHashKey, KeyFingerprintsKey, GroupsKey];

    /// <summary>Parses a file.</summary>
    /// <param name="utf8">The content of the file.</param>
    /// <param name="timeZone">The time zone of dates without a time.</param>
    /// <exception cref="AccountFileException">The file is not valid. The exception has the line and the reason.</exception>
    public static AccountFile Parse(ReadOnlySpan<byte> utf8, TimeZoneInfo timeZone)
    {
        ArgumentNullException.ThrowIfNull(timeZone);
        var reader = new AccountFileReader(timeZone);
        JsonValue root = AccountFileReader.RequireObject(JsonValue.Parse(utf8), "the file");
        AccountFileReader.RefuseUnknownKeys(root, [SchemaKey, GroupsKey, AccountsKey]);
        var groups = new List<GroupSettings>();
        foreach (JsonMember member in AccountFileReader.GetMembers(root, GroupsKey))
        {
            groups.Add(AccountFileReader.Validate(member.Line, reader.ReadGroup(member), SettingsValidation.FindProblem));
        }

        var accounts = new List<AccountSettings>();
        foreach (JsonMember member in AccountFileReader.GetMembers(root, AccountsKey))
        {
            accounts.Add(AccountFileReader.Validate(member.Line, reader.ReadAccount(member), SettingsValidation.FindProblem));
        }

        return new AccountFile(accounts, groups);
    }

    /// <summary>Writes the file, which <see cref="Parse"/> reads again without a change.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartObject();
        writer.WriteStartObject(GroupsKey);
        foreach (GroupSettings group in Groups)
        {
            writer.WriteStartObject(group.Name);
            WriteAccess(writer, group.Access);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteStartObject(AccountsKey);
        foreach (AccountSettings account in Accounts)
        {
            writer.WriteStartObject(account.Name);
            WriteAccount(writer, account, includesHash: true);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <summary>Writes the members of an account into an open JSON object.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="account">The account.</param>
    /// <param name="includesHash">Whether the password hash is written.</param>
    /// <param name="usesNumbers">Whether quotas, rates and sessions are numbers. Default: text such as <c>10G</c>.</param>
    public static void WriteAccount(Utf8JsonWriter writer, AccountSettings account, bool includesHash, bool usesNumbers = false)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(account);
        if (!account.IsEnabled)
        {
            writer.WriteBoolean(EnabledKey, false);
        }

        if (includesHash && account.PasswordHash is not null)
        {
            writer.WriteString(PasswordHashKey, account.PasswordHash);
        }

        WriteList(writer, KeyFingerprintsKey, account.KeyFingerprints);
        WriteList(writer, GroupsKey, account.Groups);
        WriteAccess(writer, account.Access, usesNumbers);
    }

    /// <summary>Writes all settings that are set into an open JSON object.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="access">The settings.</param>
    /// <param name="usesNumbers">
    /// Whether quotas and sessions are numbers, and rates are numbers of bytes per second. No limit is the text <c>unlimited</c> in both
    /// forms. Default: text such as <c>10G</c>.
    /// </param>
    public static void WriteAccess(Utf8JsonWriter writer, AccessSettings access, bool usesNumbers = false)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(access);
        if (access.Home is not null)
        {
            writer.WriteString(SettingKey.Home, access.Home);
        }

        WriteMounts(writer, access.Mounts);
        WriteRules(writer, access.Rules);
        WriteLimit(SettingKey.QuotaBytes, access.QuotaBytes, SettingText.FormatBytes);
        WriteLimit(SettingKey.QuotaFiles, access.QuotaFiles, SettingText.FormatNumber);
        WriteLimit(SettingKey.UploadRate, access.UploadRate, SettingText.FormatBytes);
        WriteLimit(SettingKey.DownloadRate, access.DownloadRate, SettingText.FormatBytes);
        WriteLimit(SettingKey.MaxSessions, access.MaxSessions, SettingText.FormatNumber);
        if (access.Networks is not null)
        {
            writer.WriteStartArray(SettingKey.Networks);
            foreach (System.Net.IPNetwork network in access.Networks)
            {
                writer.WriteStringValue(network.ToString());
            }

            writer.WriteEndArray();
        }

        if (access.RequiresTls is { } requiresTls)
        {
            writer.WriteBoolean(SettingKey.RequiresTls, requiresTls);
        }

        WriteText(writer, SettingKey.Hours, access.Hours is { } hours ? SettingText.FormatHours(hours) : null);
        WriteText(writer, SettingKey.ExpiresAt, access.ExpiresAt is { } expiry ? SettingText.FormatExpiry(expiry) : null);

        void WriteLimit(string key, long? limit, Func<long, string> format)
        {
            if (limit is { } number && usesNumbers && format(number) != SettingText.Unlimited)
            {
                writer.WriteNumber(key, number);
            }
            else
            {
                WriteText(writer, key, limit is { } value ? format(value) : null);
            }
        }
    }

    private static void WriteMounts(Utf8JsonWriter writer, IReadOnlyList<MountSettings> mounts)
    {
        if (mounts.Count == 0)
        {
            return;
        }

        writer.WriteStartObject(MountsKey);
        foreach (MountSettings mount in mounts.OrderBy(mount => mount.Path.Value, StringComparer.Ordinal))
        {
            writer.WriteStartObject(mount.Path.Value);
            writer.WriteString(DirectoryKey, mount.Directory);
            writer.WriteBoolean(ReadOnlyKey, mount.IsReadOnly);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static void WriteRules(Utf8JsonWriter writer, IReadOnlyList<PermissionRule> rules)
    {
        if (rules.Count == 0)
        {
            return;
        }

        writer.WriteStartObject(RulesKey);
        foreach (PermissionRule rule in rules.OrderBy(rule => rule.Path.Value, StringComparer.Ordinal))
        {
            writer.WriteString(rule.Path.Value, PermissionLetters.Format(rule.Permissions));
        }

        writer.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter writer, string key, string? text)
    {
        if (text is not null)
        {
            writer.WriteString(key, text);
        }
    }

    private static void WriteList(Utf8JsonWriter writer, string key, IReadOnlyList<string> items)
    {
        if (items.Count == 0)
        {
            return;
        }

        writer.WriteStartArray(key);
        foreach (string item in items)
        {
            writer.WriteStringValue(item);
        }

        writer.WriteEndArray();
    }
}
