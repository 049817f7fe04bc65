using Fts.Storage;

namespace Fts.Accounts.Settings;

/// <summary>The settings that apply to an account, after its groups have supplied the unset settings.</summary>
/// <param name="Settings">The stored settings of the account.</param>
/// <param name="Access">The settings that apply. A setting that is null has its default.</param>
/// <param name="Origins">The origin of each setting in <paramref name="Access"/> that is not a default.</param>
/// <param name="Problems">The contradictions between groups, and groups that do not exist. Empty in a consistent database.</param>
public sealed record ResolvedAccount(
    AccountSettings Settings, AccessSettings Access, IReadOnlyList<SettingOrigin> Origins, IReadOnlyList<SettingProblem> Problems)
{
    /// <summary>The permissions by path.</summary>
    public PermissionRules Rules { get; } = new(Permissions.ReadWrite, Access.Rules);

    /// <summary>The limits of the account's sessions. An unlimited setting is null.</summary>
    public AccountLimits Limits { get; } = new()
    {
        UploadRate = ToLimit(Access.UploadRate),
        DownloadRate = ToLimit(Access.DownloadRate),
        MaxSessions = (int?)ToLimit(Access.MaxSessions),
        Networks = Access.Networks ?? [],
        RequiresTls = Access.RequiresTls ?? false,
        Hours = Access.Hours is { IsAllDay: false } hours ? hours : null,
        ExpiresAt = Access.ExpiresAt == DateTimeOffset.MaxValue ? null : Access.ExpiresAt,
    };

    /// <summary>The quota in bytes, or null for no limit.</summary>
    public long? QuotaBytes => ToLimit(Access.QuotaBytes);

    /// <summary>The quota in files, or null for no limit.</summary>
    public long? QuotaFiles => ToLimit(Access.QuotaFiles);

    /// <summary>Returns the origin of a setting: <c>account</c>, <c>group NAME</c> or <c>default</c>.</summary>
    /// <param name="key">A key of <see cref="SettingKey"/>.</param>
    public string GetOrigin(string key) => Origins.FirstOrDefault(origin => origin.Key == key)?.ToString() ?? "default";

    /// <summary>Returns the account for a session.</summary>
    /// <param name="store">The store with the account's files, or null for the store of the host.</param>
    /// <param name="state">The link to later changes, or null.</param>
    public Account CreateAccount(IFileStore? store, AccountState? state) =>
        new(Settings.Name, Rules.GetPermissions(StorePath.Root)) { Rules = Rules, Store = store, Limits = Limits, State = state };

    private static long? ToLimit(long? value) => value == AccessSettings.Unlimited ? null : value;
}

/// <summary>The origin of a setting that applies to an account.</summary>
/// <param name="Key">The key (<see cref="SettingKey"/>).</param>
/// <param name="Group">The group that supplies the setting, or null if the account itself has it.</param>
public sealed record SettingOrigin(string Key, string? Group)
{
    /// <summary>Returns <c>account</c> or <c>group NAME</c>.</summary>
    public override string ToString() => Group is null ? "account" : $"group {Group}";
}

/// <summary>A reason for which an account and its groups cannot be stored together.</summary>
/// <param name="Account">The name of the account.</param>
/// <param name="Key">The key on which two groups differ, or null if <paramref name="Group"/> does not exist.</param>
/// <param name="Group">The first group, or the group that does not exist.</param>
/// <param name="OtherGroup">The second group, or null.</param>
public sealed record SettingProblem(string Account, string? Key, string Group, string? OtherGroup)
{
    /// <summary>Returns a sentence without a full stop.</summary>
    public override string ToString() => Key is null
        ? $"account {Account}: the group {Group} does not exist"
        : $"account {Account}: the groups {Group} and {OtherGroup} have different values for {Key}; set {Key} on the account";
}
