using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using Fts.Storage;

namespace Fts.Accounts.Settings;

/// <summary>The text forms of settings, for command lines and files. Pure.</summary>
/// <remarks>A method that parses a text returns false if the text is not valid. Nothing depends on the culture.</remarks>
public static class SettingText
{
    /// <summary>The text of <see cref="AccessSettings.Unlimited"/> and of an account that never expires.</summary>
    public const string Unlimited = "unlimited", Never = "never";

    private const string DateFormat = "yyyy-MM-dd", HourFormat = "HH:mm";

    private static readonly (char Letter, long Factor)[] Units =
    [
        ('K', 1L << 10), ('M', 1L << 20), ('G', 1L << 30), ('T', 1L << 40),
    ];

    /// <summary>
    /// Parses a number of bytes: digits, then optionally K, M, G or T, for 1024 to the power of 1 to 4. <c>KiB</c> and <c>KB</c> mean the
    /// same as <c>K</c>. <c>unlimited</c> returns <see cref="AccessSettings.Unlimited"/>.
    /// </summary>
    public static bool TryParseBytes(string? text, out long bytes)
    {
        bytes = AccessSettings.Unlimited;
        if (text is null or Unlimited)
        {
            return text is not null;
        }

        int digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        string unit = digits < 0 ? "" : text[digits..].ToUpperInvariant();
        if (unit.Length > 1 && unit[1..] is "B" or "IB")
        {
            unit = unit[..1];
        }

        long factor = unit switch
        {
            "" or "B" => 1,
            { Length: 1 } => Units.FirstOrDefault(row => row.Letter == unit[0]).Factor,
            _ => 0,
        };
        return TryParseCount(digits < 0 ? text : text[..digits], out long count) && factor > 0 && count <= long.MaxValue / factor
            && (bytes = count * factor) >= 0;
    }

    /// <summary>Returns the shortest text that <see cref="TryParseBytes"/> parses to the same number.</summary>
    public static string FormatBytes(long bytes)
    {
        if (bytes == AccessSettings.Unlimited)
        {
            return Unlimited;
        }

        (char letter, long factor) = Units.LastOrDefault(row => bytes > 0 && bytes % row.Factor == 0);
        return factor == 0 ? FormatNumber(bytes) : $"{FormatNumber(bytes / factor)}{letter}";
    }

    /// <summary>
    /// Parses a number of files or sessions. <c>unlimited</c> returns <see cref="AccessSettings.Unlimited"/>.
    /// </summary>
    public static bool TryParseNumber(string? text, long maximum, out long number)
    {
        number = AccessSettings.Unlimited;
        return text == Unlimited || (TryParseCount(text, out number) && number <= maximum);
    }

    /// <summary>Returns the text that <see cref="TryParseNumber"/> parses.</summary>
    public static string FormatNumber(long number) =>
        number == AccessSettings.Unlimited ? Unlimited : number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Parses a network such as <c>192.0.2.0/24</c>. An address without a prefix length is a network of one address.</summary>
    public static bool TryParseNetwork(string? text, out IPNetwork network)
    {
        if (IPNetwork.TryParse(text, out network))
        {
            return true;
        }

        // IPAddress.TryParse reads "1" as 0.0.0.1.
        if (text is null || !IPAddress.TryParse(text, out IPAddress? address) || (!text.Contains(':') && text.Count(c => c == '.') != 3))
        {
            return false;
        }

        network = new IPNetwork(address, address.GetAddressBytes().Length * 8);
        return true;
    }

    /// <summary>
    /// Parses a part of the day such as <c>08:00-18:00</c>, or <c>22:00-06:00</c> over midnight. Equal times mean the whole day.
    /// </summary>
    public static bool TryParseHours(string? text, out AllowedHours hours)
    {
        string[] times = text?.Split('-') ?? [];
        hours = default;
        if (times.Length != 2 || !TryParseTime(times[0], out TimeOnly start) || !TryParseTime(times[1], out TimeOnly end))
        {
            return false;
        }

        hours = start == end ? AllowedHours.AllDay : new AllowedHours(start, end);
        return true;
    }

    /// <summary>Returns the text that <see cref="TryParseHours"/> parses.</summary>
    public static string FormatHours(AllowedHours hours) =>
        $"{hours.Start.ToString(HourFormat, CultureInfo.InvariantCulture)}-{hours.End.ToString(HourFormat, CultureInfo.InvariantCulture)}";

    /// <summary>
    /// Parses a date such as <c>2027-01-31</c>, which means the end of that day in local time, a date and time with an offset such as
    /// <c>2027-01-31T12:00:00+01:00</c> (ISO 8601), or <c>never</c>.
    /// </summary>
    public static bool TryParseExpiry(string? text, TimeZoneInfo timeZone, out DateTimeOffset expiry)
    {
        ArgumentNullException.ThrowIfNull(timeZone);
        expiry = DateTimeOffset.MaxValue;
        if (text == Never)
        {
            return true;
        }

        if (DateOnly.TryParseExact(text, DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly date))
        {
            if (date == DateOnly.MaxValue)
            {
                return true;
            }

            DateTime end = date.AddDays(1).ToDateTime(TimeOnly.MinValue);
            expiry = new DateTimeOffset(end, timeZone.GetUtcOffset(end));
            return true;
        }

        return DateTimeOffset.TryParseExact(
            text, ["yyyy-MM-ddTHH:mmzzz", "yyyy-MM-ddTHH:mm:sszzz", "yyyy-MM-ddTHH:mm:ss.FFFFFFFzzz", "yyyy-MM-ddTHH:mm:ssZ"],
            CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out expiry);
    }

    /// <summary>Returns the text that <see cref="TryParseExpiry"/> parses, with a time in UTC.</summary>
    public static string FormatExpiry(DateTimeOffset expiry) => expiry == DateTimeOffset.MaxValue
        ? Never
        : expiry.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFF'+00:00'", CultureInfo.InvariantCulture);

    /// <summary>
    /// Returns an expiry as an administrator writes it: the last day if the account expires at the end of a day, otherwise as
    /// <see cref="FormatExpiry"/> does.
    /// </summary>
    /// <param name="expiry">The expiry.</param>
    /// <param name="timeZone">The time zone of the days.</param>
    public static string DescribeExpiry(DateTimeOffset expiry, TimeZoneInfo timeZone)
    {
        ArgumentNullException.ThrowIfNull(timeZone);
        DateTimeOffset local = TimeZoneInfo.ConvertTime(expiry, timeZone);
        return expiry != DateTimeOffset.MaxValue && local.TimeOfDay == TimeSpan.Zero && local.Date > DateTime.MinValue
            ? DateOnly.FromDateTime(local.Date).AddDays(-1).ToString(DateFormat, CultureInfo.InvariantCulture)
            : FormatExpiry(expiry);
    }

    /// <summary>Parses a virtual path, which must be absolute and normalised, such as <c>/in</c>.</summary>
    public static bool TryParsePath(string? text, out StorePath path)
    {
        path = StorePath.Root;
        if (text?.StartsWith('/') != true || StorePath.Root.Resolve(text) is not { } resolved || resolved.Value != text)
        {
            return false;
        }

        path = resolved;
        return true;
    }

    /// <summary>Parses a permission rule such as <c>/in=c</c> (<see cref="PermissionLetters"/>).</summary>
    public static bool TryParseRule(string? text, [NotNullWhen(true)] out PermissionRule? rule)
    {
        rule = null;
        int separator = text?.LastIndexOf('=') ?? -1;
        if (separator < 0 || !TryParsePath(text![..separator], out StorePath path)
            || !PermissionLetters.TryParse(text[(separator + 1)..], out Permissions permissions))
        {
            return false;
        }

        rule = new PermissionRule(path, permissions);
        return true;
    }

    /// <summary>Parses a mount such as <c>/pub=/srv/pub:ro</c>. Without <c>:ro</c>, the directory is mounted read-write.</summary>
    public static bool TryParseMount(string? text, [NotNullWhen(true)] out MountSettings? mount)
    {
        mount = null;
        int separator = text?.IndexOf('=') ?? -1;
        if (separator < 0 || !TryParsePath(text![..separator], out StorePath path) || separator + 1 == text.Length)
        {
            return false;
        }

        string directory = text[(separator + 1)..];
        bool isReadOnly = directory.EndsWith(":ro", StringComparison.Ordinal);
        bool hasMode = isReadOnly || directory.EndsWith(":rw", StringComparison.Ordinal);
        mount = new MountSettings(path, hasMode ? directory[..^3] : directory, isReadOnly);
        return true;
    }

    private static bool TryParseCount(string? text, out long count) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count);

    private static bool TryParseTime(string text, out TimeOnly time) =>
        TimeOnly.TryParseExact(text, HourFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out time);
}
