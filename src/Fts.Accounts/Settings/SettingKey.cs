using Fts.Storage;

namespace Fts.Accounts.Settings;

/// <summary>The stable names of the settings of <see cref="AccessSettings"/>, for origins, contradictions and files.</summary>
public static class SettingKey
{
    /// <summary><see cref="AccessSettings.Home"/>.</summary>
    public const string Home = "home";
    /// <summary><see cref="AccessSettings.QuotaBytes"/>.</summary>
    public const string QuotaBytes = "quotaBytes";
    /// <summary><see cref="AccessSettings.QuotaFiles"/>.</summary>
    public const string QuotaFiles = "quotaFiles";
    /// <summary><see cref="AccessSettings.UploadRate"/>.</summary>
    public const string UploadRate = "uploadRate";
    /// <summary><see cref="AccessSettings.DownloadRate"/>.</summary>
    public const string DownloadRate = "downloadRate";
    /// <summary><see cref="AccessSettings.MaxSessions"/>.</summary>
    public const string MaxSessions = "maxSessions";
    /// <summary><see cref="AccessSettings.Networks"/>.</summary>
    public const string Networks = "networks";
    /// <summary><see cref="AccessSettings.RequiresTls"/>.</summary>
    public const string RequiresTls = "requiresTls";
    /// <summary><see cref="AccessSettings.Hours"/>.</summary>
    public const string Hours = "hours";
    /// <summary><see cref="AccessSettings.ExpiresAt"/>.</summary>
    public const string ExpiresAt = "expiresAt";

    /// <summary>Returns the key of the mount at a path, for example <c>mounts /pub</c>.</summary>
    public static string ForMount(StorePath path) => $"mounts {path}";

    /// <summary>Returns the key of the permission rule for a path, for example <c>rules /pub</c>.</summary>
    public static string ForRule(StorePath path) => $"rules {path}";
}
