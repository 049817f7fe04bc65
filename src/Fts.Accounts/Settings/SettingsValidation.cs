using System.Buffers;

namespace Fts.Accounts.Settings;

/// <summary>Checks stored settings before they are stored. Pure.</summary>
public static class SettingsValidation
{
    /// <summary>The maximum length of a key fingerprint or password hash in characters.</summary>
    private const int MaxTextLength = 1024;

    private static readonly SearchValues<char> Base64Characters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

    /// <summary>Returns the first problem of an account as a sentence without a full stop, or null if the account is valid.</summary>
    public static string? FindProblem(AccountSettings account)
    {
        ArgumentNullException.ThrowIfNull(account);
        if (AccountName.FindProblem(account.Name) is { } problem)
        {
            return $"the account name {problem}";
        }

        if (account.PasswordHash is { } hash && (hash.Length is 0 or > MaxTextLength || hash.Any(char.IsControl)))
        {
            return $"account {account.Name}: the password hash is empty, too long, or contains control characters";
        }

        if (account.KeyFingerprints.FirstOrDefault(fingerprint => !IsKeyFingerprint(fingerprint)) is { } invalid)
        {
            return $"account {account.Name}: the key fingerprint \"{invalid}\" must be SHA256: and 43 Base64 characters";
        }

        if (FindRepetition(account.KeyFingerprints) is { } fingerprint)
        {
            return $"account {account.Name}: the key fingerprint {fingerprint} occurs twice";
        }

        if (FindRepetition(account.Groups) is { } group)
        {
            return $"account {account.Name}: the group {group} occurs twice";
        }

        return FindProblem(account.Access) is { } accessProblem ? $"account {account.Name}: {accessProblem}" : null;
    }

    /// <summary>Returns the first problem of a group as a sentence without a full stop, or null if the group is valid.</summary>
    public static string? FindProblem(GroupSettings group)
    {
        ArgumentNullException.ThrowIfNull(group);
        if (AccountName.FindProblem(group.Name) is { } problem)
        {
            return $"the group name {problem}";
        }

        return FindProblem(group.Access) is { } accessProblem ? $"group {group.Name}: {accessProblem}" : null;
    }

    private static string? FindProblem(AccessSettings access)
    {
        if (access.Home is not null && DirectoryTemplate.FindProblem(access.Home) is { } homeProblem)
        {
            return $"{SettingKey.Home} \"{access.Home}\" {homeProblem}";
        }

        if (access.Mounts.Select(mount => mount.Path).Concat(access.Rules.Select(rule => rule.Path)).Any(path => !IsUnicode(path.Value)))
        {
            return "a path of a mount or rule is not valid Unicode text";
        }

        foreach (MountSettings mount in access.Mounts)
        {
            if (mount.Path.IsRoot)
            {
                return $"{SettingKey.ForMount(mount.Path)}: use {SettingKey.Home} for the directory at the root";
            }

            if (DirectoryTemplate.FindProblem(mount.Directory) is { } mountProblem)
            {
                return $"{SettingKey.ForMount(mount.Path)}: \"{mount.Directory}\" {mountProblem}";
            }
        }

        if (FindRepetition(access.Mounts.Select(mount => SettingKey.ForMount(mount.Path))) is { } repeatedMount)
        {
            return $"{repeatedMount} occurs twice";
        }

        if (FindRepetition(access.Rules.Select(rule => SettingKey.ForRule(rule.Path))) is { } repeatedRule)
        {
            return $"{repeatedRule} occurs twice";
        }

        // A quota of 0 refuses every upload. A rate or number of sessions of 0 would be a disabled account.
        (string Key, long? Value, long Minimum)[] limits =
        [
            (SettingKey.QuotaBytes, access.QuotaBytes, 0), (SettingKey.QuotaFiles, access.QuotaFiles, 0),
            (SettingKey.UploadRate, access.UploadRate, 1), (SettingKey.DownloadRate, access.DownloadRate, 1),
            (SettingKey.MaxSessions, access.MaxSessions, 1),
        ];
        (string Key, long? Value, long Minimum) tooSmall =
            limits.FirstOrDefault(limit => limit.Value < limit.Minimum && limit.Value != AccessSettings.Unlimited);
        return tooSmall.Key is null ? null : $"{tooSmall.Key} must be at least {tooSmall.Minimum}, or unlimited";
    }

    /// <summary>
    /// Returns whether a text contains no lone surrogates, which represent bytes that are not UTF-8. A database cannot store them.
    /// </summary>
    private static bool IsUnicode(string text)
    {
        for (int at = 0; at < text.Length; at++)
        {
            if (char.IsSurrogate(text[at]) && (at + 1 == text.Length || !char.IsSurrogatePair(text[at], text[++at])))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsKeyFingerprint(string text) =>
        text.StartsWith("SHA256:", StringComparison.Ordinal) && text.Length == 50
        && !text.AsSpan(7).ContainsAnyExcept(Base64Characters);

    private static string? FindRepetition(IEnumerable<string> texts)
    {
        HashSet<string> seen = [];
        return texts.FirstOrDefault(text => !seen.Add(text));
    }
}
