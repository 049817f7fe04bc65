using Fts.Accounts;
using Fts.Accounts.Passwords.Import;
using Fts.Accounts.Settings;

namespace Fts.Administration;

/// <summary>Converts an account of another server's password file.</summary>
internal static class ImportedSettings
{
    /// <summary>Returns the settings of the account.</summary>
    /// <param name="imported">The account of the file.</param>
    /// <param name="keepsHome">Whether the home directory of the file is used.</param>
    public static AccountSettings Convert(ImportedAccount imported, bool keepsHome)
    {
        ImportedLimits limits = imported.Limits;
        return new AccountSettings(imported.Name)
        {
            PasswordHash = imported.Hash.Text,
            Access = new AccessSettings
            {
                Home = keepsHome && imported.Home is { } home ? EscapeHome(home) : null,
                QuotaBytes = limits.MaxBytes,
                QuotaFiles = limits.MaxFiles,
                UploadRate = limits.UploadBytesPerSecond,
                DownloadRate = limits.DownloadBytesPerSecond,
                MaxSessions = limits.MaxSessions,
                Networks = limits.AllowedNetworks.Count > 0 ? limits.AllowedNetworks : null,
                Hours = limits.LoginHours is { } hours ? new AllowedHours(hours.First, hours.Last.AddMinutes(1)) : null,
                ExpiresAt = imported.ExpiresOn is { } day ? new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero) : null,
            },
        };
    }

    /// <summary>
    /// Returns a home directory without the mark <c>/./</c> of pure-ftpd, and with <c>%</c> written so that it does not expand.
    /// </summary>
    private static string EscapeHome(string home)
    {
        string directory = home.Replace("/./", "/", StringComparison.Ordinal).Replace("%", "%%", StringComparison.Ordinal);
        return directory.EndsWith("/.", StringComparison.Ordinal) ? directory[..^2] : directory;
    }
}
