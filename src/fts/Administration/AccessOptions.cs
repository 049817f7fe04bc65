using System.CommandLine;
using System.Net;
using Fts.Accounts;
using Fts.Accounts.Settings;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Protocol;
using Fts.Storage;

namespace Fts.Administration;

/// <summary>The options for the settings that accounts and groups share.</summary>
internal static class AccessOptions
{
    /// <summary>The name of a setting for <c>--unset</c> that a path can follow, for one of several rules or mounts.</summary>
    private const string Permit = "permit", Mount = "mount";

    private const string BytesForm = "must be a number of bytes like 500M or 10G, or unlimited";

    private static readonly Option<string> HomeOption = new("--home")
    {
        HelpName = "DIR",
        Description = "home folder, created at the first login; %u is the account's name (default: the folder that the server shares)",
    };

    private static readonly Option<string[]> MountOption = new("--mount")
    {
        HelpName = "PATH=DIR[:ro]",
        Description = "show another folder at this path, with :ro for reading only",
    };

    private static readonly Option<string[]> PermitOption = new("--permit")
    {
        HelpName = "PATH=RIGHTS",
        Description = "rights on this path and below it; the rule with the longest path decides (default: /=*)",
    };

    private static readonly Option<string> QuotaBytesOption = CreateLimit("--quota-bytes", "maximum size of all files together");
    private static readonly Option<string> QuotaFilesOption = CreateLimit("--quota-files", "maximum number of files");
    private static readonly Option<string> UploadRateOption = CreateLimit("--rate-up", "maximum speed of uploads in bytes per second");
    private static readonly Option<string> DownloadRateOption =
        CreateLimit("--rate-down", "maximum speed of downloads in bytes per second");
    private static readonly Option<string> SessionsOption = CreateLimit("--sessions", "maximum number of sessions at once");

    private static readonly Option<string[]> NetworkOption = new("--network")
    {
        HelpName = "CIDR",
        Description = "network that may log in, such as 192.0.2.0/24 (default: all)",
    };

    private static readonly Option<bool> RequireTlsOption = new("--require-tls") { Description = "accept logins over TLS only" };

    private static readonly Option<bool> AllowPlainOption = new("--allow-plain")
    {
        Description = "accept logins without TLS, even if a group requires it",
    };

    private static readonly Option<string> HoursOption = new("--hours")
    {
        HelpName = "HH:MM-HH:MM",
        Description = "time of day for logins, in the server's local time (default: any)",
    };

    private static readonly Option<string> ExpiresOption = new("--expires")
    {
        HelpName = "DATE",
        Description = "last day for logins, such as 2027-01-31, or never (default)",
    };

    /// <summary>The option that removes settings.</summary>
    private static readonly Option<string[]> UnsetOption = new("--unset")
    {
        HelpName = "SETTING",
        Description = "remove a setting, such as quota-bytes, permit, permit:/in or group:NAME, so that a group or the default applies",
    };

    /// <summary>The options for <c>add</c>.</summary>
    public static OptionGroup Settings { get; } = new(
        "Settings", HomeOption, MountOption, PermitOption, QuotaBytesOption, QuotaFilesOption, UploadRateOption, DownloadRateOption,
        SessionsOption, NetworkOption, RequireTlsOption, AllowPlainOption, HoursOption, ExpiresOption);

    /// <summary>The options for <c>set</c>.</summary>
    public static OptionGroup Removal { get; } = new("Removal", UnsetOption);

    /// <summary>The help paragraphs about the form of the values.</summary>
    public static IReadOnlyList<string> Notes { get; } =
    [
        "RIGHTS are letters: l list, r read, c create, w overwrite, a append, n rename, d delete, m make folders, t change times and " +
        "modes; * all, - none. Example: /=lr for reading, /in=c for an upload-only folder.",
        "Sizes and speeds are numbers with K, M, G or T for 1024, 1024^2 and so on. The word unlimited overrides the limit of a group.",
    ];

    /// <summary>Returns settings with the changes of the command line.</summary>
    /// <exception cref="UserErrorException">A value is invalid.</exception>
    public static AccessSettings Apply(CommandLine line, AccessSettings access)
    {
        foreach (string name in GetUnsetNames(line).Where(name => !AccountOptions.IsUnsetName(name)))
        {
            access = Unset(access, name);
        }

        return access with
        {
            Home = line.GetValue(HomeOption) is { } home ? MakeAbsolute(home) : access.Home,
            Mounts = Merge(access.Mounts, line.GetValues(MountOption).Select(ParseMount), mount => mount.Path),
            Rules = Merge(access.Rules, line.GetValues(PermitOption).Select(ParseRule), rule => rule.Path),
            QuotaBytes = ParseBytes(line, QuotaBytesOption) ?? access.QuotaBytes,
            QuotaFiles = ParseNumber(line, QuotaFilesOption, long.MaxValue) ?? access.QuotaFiles,
            UploadRate = ParseBytes(line, UploadRateOption) ?? access.UploadRate,
            DownloadRate = ParseBytes(line, DownloadRateOption) ?? access.DownloadRate,
            MaxSessions = (int?)ParseNumber(line, SessionsOption, int.MaxValue) ?? access.MaxSessions,
            Networks = line.GetValues(NetworkOption) is { Count: > 0 } networks ? [.. networks.Select(ParseNetwork)] : access.Networks,
            RequiresTls = ParseTls(line) ?? access.RequiresTls,
            Hours = ParseHours(line) ?? access.Hours,
            ExpiresAt = ParseExpiry(line) ?? access.ExpiresAt,
        };
    }

    /// <summary>Prints a note for each setting of <c>--unset</c> that was not set, so that a group or the default applied before.</summary>
    /// <param name="line">The command line.</param>
    /// <param name="old">The settings before the command.</param>
    /// <param name="account">The account before the command, or null for a group.</param>
    public static void NoteUnset(CommandLine line, AccessSettings old, AccountSettings? account = null)
    {
        foreach (string name in GetUnsetNames(line))
        {
            bool wasSet = AccountOptions.IsUnsetName(name)
                ? account is not null && AccountOptions.IsSet(account, name)
                : !Unset(old, name).Equals(old);
            if (!wasSet)
            {
                Terminal.Plain.WriteMessage($"note: {name.ToPrintable()} was not set");
            }
        }
    }

    /// <summary>
    /// Returns the values of <c>--unset</c>. The names that <c>fts user show</c> prints are replaced by those of the options:
    /// <c>rules /in</c> by <c>permit:/in</c>.
    /// </summary>
    public static IReadOnlyList<string> GetUnsetNames(CommandLine line) => [.. line.GetValues(UnsetOption).Select(ReplaceShownName)];

    private static string ReplaceShownName(string name)
    {
        string[] parts = name.Split(' ', 2);
        string? option = parts[0] switch
        {
            "rules" => Permit,
            "mounts" => Mount,
            "groups" => AccountOptions.Group,
            SettingKey.QuotaBytes => "quota-bytes",
            SettingKey.QuotaFiles => "quota-files",
            SettingKey.UploadRate => "rate-up",
            SettingKey.DownloadRate => "rate-down",
            SettingKey.MaxSessions => "sessions",
            SettingKey.Networks => "network",
            SettingKey.RequiresTls => "require-tls",
            SettingKey.ExpiresAt => "expires",
            _ => null,
        };
        return option is null ? name : string.Join(':', [option, .. parts[1..]]);
    }

    private static Option<string> CreateLimit(string name, string description) => new(name)
    {
        HelpName = "N",
        Description = $"{description} (default: unlimited)",
    };

    private static AccessSettings Unset(AccessSettings access, string name)
    {
        string[] parts = name.Split(':', 2);
        StorePath path = StorePath.Root;
        if (parts.Length == 2 && (parts[0] is not (Permit or Mount) || !SettingText.TryParsePath(parts[1], out path)))
        {
            throw CommandLine.CreateUsageError(
                $"--unset {name}: only permit and mount accept an absolute path, as in permit:/in, and group accepts a name");
        }

        bool isOne = parts.Length == 2;
        return parts[0] switch
        {
            "home" => access with { Home = null },
            Mount => access with { Mounts = [.. access.Mounts.Where(mount => isOne && mount.Path != path)] },
            Permit => access with { Rules = [.. access.Rules.Where(rule => isOne && rule.Path != path)] },
            "quota-bytes" => access with { QuotaBytes = null },
            "quota-files" => access with { QuotaFiles = null },
            "rate-up" => access with { UploadRate = null },
            "rate-down" => access with { DownloadRate = null },
            "sessions" => access with { MaxSessions = null },
            "network" => access with { Networks = null },
            "require-tls" or "allow-plain" => access with { RequiresTls = null },
            "hours" => access with { Hours = null },
            "expires" => access with { ExpiresAt = null },
            _ => throw CommandLine.CreateUsageError(
                $"--unset {name}: no such setting",
                SpellingSuggestion.FindNearest(
                    parts[0], Settings.Options.Select(option => option.Name[2..]).Concat(AccountOptions.UnsetNames))),
        };
    }

    /// <summary>Returns the old list, in which new items replace items with the same path.</summary>
    /// <exception cref="UserErrorException">Two new items have the same path.</exception>
    private static IReadOnlyList<T> Merge<T>(IReadOnlyList<T> old, IEnumerable<T> added, Func<T, StorePath> getPath)
    {
        T[] items = [.. added];
        if (items.CountBy(getPath).FirstOrDefault(pair => pair.Value > 1) is { Value: > 1, Key: var repeated })
        {
            throw CommandLine.CreateUsageError($"the path {repeated} is given twice");
        }

        HashSet<StorePath> paths = [.. items.Select(getPath)];
        return [.. old.Where(item => !paths.Contains(getPath(item))), .. items];
    }

    private static string MakeAbsolute(string directory) =>
        directory.Length == 0 || Path.IsPathFullyQualified(directory) ? directory : Path.GetFullPath(directory);

    private static MountSettings ParseMount(string text) => SettingText.TryParseMount(text, out MountSettings? mount)
        ? mount with { Directory = MakeAbsolute(mount.Directory) }
        : throw CommandLine.CreateUsageError($"{MountOption.Name} {text}: must be PATH=DIR or PATH=DIR:ro, as in /pub=/srv/pub:ro");

    private static PermissionRule ParseRule(string text) => SettingText.TryParseRule(text, out PermissionRule? rule)
        ? rule.Value
        : throw CommandLine.CreateUsageError(
            $"{PermitOption.Name} {text}: must be PATH=RIGHTS, as in /in=lrc, with letters of lrcwandmt, * for all or - for none");

    private static long? ParseBytes(CommandLine line, Option<string> option) => line.GetValue(option) switch
    {
        null => null,
        var text when SettingText.TryParseBytes(text, out long bytes) => bytes,
        var text => throw CommandLine.CreateUsageError($"{option.Name} {text}: {BytesForm}"),
    };

    private static long? ParseNumber(CommandLine line, Option<string> option, long maximum) => line.GetValue(option) switch
    {
        null => null,
        var text when SettingText.TryParseNumber(text, maximum, out long number) => number,
        var text => throw CommandLine.CreateUsageError($"{option.Name} {text}: must be a number, or unlimited"),
    };

    private static IPNetwork ParseNetwork(string text) => SettingText.TryParseNetwork(text, out IPNetwork network)
        ? network
        : throw CommandLine.CreateUsageError($"{NetworkOption.Name} {text}: must be a network like 192.0.2.0/24 or an IP address");

    private static bool? ParseTls(CommandLine line) => (line.HasOption(RequireTlsOption), line.HasOption(AllowPlainOption)) switch
    {
        (true, true) => throw CommandLine.CreateUsageError($"{RequireTlsOption.Name} and {AllowPlainOption.Name} exclude each other"),
        (true, false) => true,
        (false, true) => false,
        _ => null,
    };

    private static AllowedHours? ParseHours(CommandLine line) => line.GetValue(HoursOption) switch
    {
        null => null,
        var text when SettingText.TryParseHours(text, out AllowedHours hours) => hours,
        var text => throw CommandLine.CreateUsageError($"{HoursOption.Name} {text}: must be two times like 08:00-18:00"),
    };

    private static DateTimeOffset? ParseExpiry(CommandLine line) => line.GetValue(ExpiresOption) switch
    {
        null => null,
        var text when SettingText.TryParseExpiry(text, TimeZoneInfo.Local, out DateTimeOffset expiry) => expiry,
        var text => throw CommandLine.CreateUsageError(
            $"{ExpiresOption.Name} {text}: must be a date like 2027-01-31, a time like 2027-01-31T12:00:00+01:00, or never"),
    };
}
