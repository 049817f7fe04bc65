using System.Globalization;
using System.Net;

namespace Fts.Accounts.Passwords.Import;

/// <summary>
/// The fields of a line of pure-ftpd after the hash. Fields after the home directory may be missing, and an empty field is no limit.
/// </summary>
/// <remarks>A malformed limit rejects the account. Otherwise the account would have fewer restrictions than before.</remarks>
internal static class PureFtpdFields
{
    private const int Home = 5, UploadRate = 6, DownloadRate = 7, UploadRatio = 8, DownloadRatio = 9, MaxSessions = 10, MaxFiles = 11,
        MaxBytes = 12, AllowedLocal = 13, RefusedLocal = 14, AllowedClients = 15, RefusedClients = 16, Hours = 17;

    /// <summary>The names of the fields that are only reported. A ratio of 0 is no restriction.</summary>
    private static readonly (int Field, string Name)[] s_ignored =
    [
        (UploadRatio, "upload ratio"),
        (DownloadRatio, "download ratio"),
        (AllowedLocal, "authorized local addresses"),
        (RefusedLocal, "refused local addresses"),
    ];

    /// <summary>Returns the account with its home directory and limits, or null if a field is malformed.</summary>
    public static ImportedAccount? Add(ImportedAccount account, string[] fields, out string? problem)
    {
        if (!fields[Home].StartsWith('/'))
        {
            problem = "the home directory is not an absolute path";
            return null;
        }

        problem = null;
        long? uploadRate = ReadNumber(fields, UploadRate, "upload bandwidth", ref problem);
        long? downloadRate = ReadNumber(fields, DownloadRate, "download bandwidth", ref problem);
        long? maxSessions = ReadNumber(fields, MaxSessions, "maximum of connections", ref problem);
        var limits = new ImportedLimits
        {
            MaxFiles = ReadNumber(fields, MaxFiles, "files quota", ref problem),
            MaxBytes = ReadNumber(fields, MaxBytes, "size quota", ref problem),
            // In these three fields, pure-ftpd treats 0 as no limit.
            UploadBytesPerSecond = uploadRate > 0 ? uploadRate : null,
            DownloadBytesPerSecond = downloadRate > 0 ? downloadRate : null,
            MaxSessions = maxSessions > 0 ? (int)Math.Min(maxSessions.Value, int.MaxValue) : null,
            AllowedNetworks = ReadNetworks(fields, AllowedClients, "authorized client", ref problem),
            RefusedNetworks = ReadNetworks(fields, RefusedClients, "refused client", ref problem),
            LoginHours = ReadHours(fields, ref problem),
        };
        return problem is not null ? null : account with
        {
            Home = TrimRootMark(fields[Home]),
            Limits = limits,
            IgnoredFields =
                [.. s_ignored.Where(ignored => GetField(fields, ignored.Field) is not ("" or "0")).Select(ignored => ignored.Name)],
        };
    }

    private static string GetField(string[] fields, int field) => field < fields.Length ? fields[field] : "";

    /// <summary>Removes the mark <c>/./</c> at the end, which confines the account to the directory.</summary>
    private static string TrimRootMark(string home)
    {
        string path = home.EndsWith("/./", StringComparison.Ordinal) ? home[..^3] : home;
        return path.Length == 0 ? "/" : path;
    }

    private static long? ReadNumber(string[] fields, int field, string name, ref string? problem)
    {
        string text = GetField(fields, field);
        if (text.Length == 0)
        {
            return null;
        }

        if (!ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value))
        {
            problem ??= $"the {name} is not a number";
        }

        return (long)Math.Min(value, long.MaxValue);
    }

    private static List<IPNetwork> ReadNetworks(string[] fields, int field, string name, ref string? problem)
    {
        string text = GetField(fields, field);
        var networks = new List<IPNetwork>();
        foreach (string item in text.Length == 0 ? [] : text.TrimEnd(',').Split(','))
        {
            if (TryParseNetwork(item, out IPNetwork network))
            {
                networks.Add(network);
            }
            else
            {
                problem ??= $"the {name} addresses contain an entry that is not an IP address or network";
            }
        }

        return networks;
    }

    /// <summary>Parses an address, or an address and a prefix length of at least 1. Clears the bits after the prefix.</summary>
    private static bool TryParseNetwork(string text, out IPNetwork network)
    {
        network = default;
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        string addressText = slash < 0 ? text : text[..slash];
        // IPAddress also accepts IPv4 addresses with fewer than four parts, or in octal.
        if (!IPAddress.TryParse(addressText, out IPAddress? address) || address.ToString() != addressText)
        {
            return false;
        }

        byte[] bytes = address.GetAddressBytes();
        int length = 8 * bytes.Length;
        if (slash >= 0 && (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out length) ||
            length < 1 || length > 8 * bytes.Length))
        {
            return false;
        }

        for (int bit = length; bit < 8 * bytes.Length; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        network = new IPNetwork(new IPAddress(bytes), length);
        return true;
    }

    private static LoginHours? ReadHours(string[] fields, ref string? problem)
    {
        string text = GetField(fields, Hours);
        if (text.Length == 0)
        {
            return null;
        }

        string[] parts = text.Split('-');
        if (parts.Length == 2 && TryParseTime(parts[0], out TimeOnly first) && TryParseTime(parts[1], out TimeOnly last))
        {
            return new LoginHours(first, last);
        }

        problem ??= "the time restriction is not a range such as 0900-1800";
        return null;
    }

    /// <summary>Parses hours and minutes as a number: 930 is 09:30, and 2400 is the last minute of the day.</summary>
    private static bool TryParseTime(string text, out TimeOnly time)
    {
        time = default;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number > 2400 || number % 100 > 59)
        {
            return false;
        }

        time = number == 2400 ? new TimeOnly(23, 59) : new TimeOnly(number / 100, number % 100);
        return true;
    }
}
