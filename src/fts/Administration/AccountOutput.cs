using System.Globalization;
using System.Text.Json;
using Fts.Accounts.Passwords;
using Fts.Accounts.Settings;
using Fts.Accounts.Settings.Files;
using Fts.Cli;
using Fts.Serving.Control;
using Fts.Transfers;

namespace Fts.Administration;

/// <summary>Prints accounts and groups, as text of at most 80 columns if the values permit it, or as JSON.</summary>
internal static class AccountOutput
{
    /// <summary>Prints a table with aligned columns. The first row has the headings.</summary>
    public static void PrintTable(IReadOnlyList<string[]> rows)
    {
        int[] widths = [.. Enumerable.Range(0, rows[0].Length - 1).Select(column => rows.Max(row => row[column].Length))];
        foreach (string[] row in rows)
        {
            string line = string.Concat(widths.Select((width, column) => row[column].PadRight(width + 2))) + row[^1];
            Terminal.Plain.WriteData(line.TrimEnd());
        }
    }

    /// <summary>Writes one JSON value to standard output, with a line end.</summary>
    public static void PrintJson(Action<Utf8JsonWriter> write)
    {
        Stream output = Terminal.Plain.OpenDataStream();
        using (var writer = new Utf8JsonWriter(output, new JsonWriterOptions
        {
            Indented = true,
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        }))
        {
            write(writer);
        }

        output.WriteByte((byte)'\n');
    }

    /// <summary>Writes an account as a JSON object: its own settings, those that apply, and their origins.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="account">The account.</param>
    /// <param name="usage">The usage of its home directory, or null to omit it.</param>
    public static void WriteAccount(Utf8JsonWriter writer, ResolvedAccount account, QuotaStatus? usage = null)
    {
        writer.WriteStartObject();
        writer.WriteString("name", account.Settings.Name);
        writer.WriteBoolean("isEnabled", account.Settings.IsEnabled);
        writer.WriteBoolean("hasPassword", account.Settings.PasswordHash is not null);
        writer.WriteStartObject("settings");
        AccountFile.WriteAccount(writer, account.Settings, includesHash: false, usesNumbers: true);
        writer.WriteEndObject();
        writer.WriteStartObject("effective");
        AccountFile.WriteAccess(writer, account.Access, usesNumbers: true);
        writer.WriteEndObject();
        writer.WriteStartObject("origins");
        foreach (SettingOrigin origin in account.Origins)
        {
            writer.WriteString(origin.Key, origin.ToString());
        }

        writer.WriteEndObject();
        if (usage is not null)
        {
            writer.WritePropertyName("usage");
            JsonSerializer.Serialize(writer, usage, ControlJson.Default.QuotaStatus);
        }

        writer.WriteEndObject();
    }

    /// <summary>Writes a group as a JSON object, with the names of its accounts.</summary>
    public static void WriteGroup(Utf8JsonWriter writer, GroupSettings group, IEnumerable<string> accounts)
    {
        writer.WriteStartObject();
        writer.WriteString("name", group.Name);
        writer.WriteStartArray("accounts");
        foreach (string account in accounts)
        {
            writer.WriteStringValue(account);
        }

        writer.WriteEndArray();
        writer.WriteStartObject("settings");
        AccountFile.WriteAccess(writer, group.Access, usesNumbers: true);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <summary>Prints the settings of an account, each with its origin, and the usage of its quota.</summary>
    /// <param name="account">The account.</param>
    /// <param name="usage">The usage of its home directory, or null if it is not known.</param>
    public static void PrintAccount(ResolvedAccount account, QuotaStatus? usage)
    {
        AccountSettings settings = account.Settings;
        var rows = new List<string[]>
        {
            new[] { "name", settings.Name, "" },
            new[] { "status", settings.IsEnabled ? "enabled" : "disabled", "" },
            new[] { "password", DescribePassword(settings.PasswordHash), "" },
        };
        rows.AddRange(settings.KeyFingerprints.Select(fingerprint => new[] { "certificate", fingerprint, "" }));
        if (settings.Groups.Count > 0)
        {
            rows.Add(["groups", string.Join(", ", settings.Groups), ""]);
        }

        rows.AddRange(SettingDifference.GetValues(account.Access).Select(pair =>
            new[] { pair.Key, Describe(pair.Key, pair.Value), account.GetOrigin(pair.Key) }));
        if (account.Access.Home is null)
        {
            rows.Add([SettingKey.Home, "the folder that the server shares", "default"]);
        }

        if (usage is not null || account.QuotaBytes is not null || account.QuotaFiles is not null)
        {
            rows.Add(["used", usage is null ? $"unknown; fts user recount {account.Settings.Name} counts it" : FormatUsage(usage), ""]);
        }

        PrintTable(rows);
    }

    /// <summary>Returns the usage, for example <c>1500 bytes in 2 files, 100 bytes reserved, counted 2027-01-31 12:00:00 UTC</c>.</summary>
    private static string FormatUsage(QuotaStatus usage)
    {
        string reserved = usage.ReservedBytes > 0 ? $", {DisplayFormat.FormatBytes(usage.ReservedBytes)} reserved" : "";
        string counted = usage.CountedAt is { } time
            ? $", counted {time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} UTC"
            : ", not counted yet";
        return FormatUsage(usage.Bytes, usage.Files) + reserved + counted;
    }

    /// <summary>Returns a number of bytes and files, for example <c>1500 bytes in 2 files</c>.</summary>
    public static string FormatUsage(long bytes, long files) => string.Create(
        CultureInfo.InvariantCulture, $"{DisplayFormat.FormatBytes(bytes)} in {files} file{(files == 1 ? "" : "s")}");

    /// <summary>Prints the changes of an update, one per line.</summary>
    public static void PrintDifferences(IEnumerable<SettingDifference> differences, string indent = "")
    {
        foreach (SettingDifference difference in differences)
        {
            Terminal.Plain.WriteData(
                $"{indent}{difference.Key}: {Describe(difference.Key, difference.Old)} -> {Describe(difference.Key, difference.New)}");
        }
    }

    /// <summary>Returns the value of a setting for people.</summary>
    private static string Describe(string key, string? value) =>
        key == SettingKey.ExpiresAt && SettingText.TryParseExpiry(value, TimeZoneInfo.Local, out DateTimeOffset expiry)
            ? SettingText.DescribeExpiry(expiry, TimeZoneInfo.Local)
            : value ?? "(unset)";

    private static string DescribePassword(string? hash)
    {
        if (hash is null)
        {
            return "none";
        }

        if (!PasswordHash.TryParse(hash, out PasswordHash? parsed, out string? reason))
        {
            return $"unusable: {reason}";
        }

        return parsed.NeedsUpgrade() ? $"set (imported {parsed.Kind}; replaced by a stronger hash at the next login)" : "set";
    }
}
