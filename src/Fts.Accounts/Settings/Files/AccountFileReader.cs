using System.Net;
using System.Text.Json;
using Fts.Storage;

namespace Fts.Accounts.Settings.Files;

/// <summary>Reads the accounts and groups of a parsed file. Every error has the line and the permitted values.</summary>
/// <param name="timeZone">The time zone of dates without a time.</param>
internal sealed class AccountFileReader(TimeZoneInfo timeZone)
{
    private const string BytesForm = "must be a number of bytes like 500M or 10G, or \"unlimited\"";
    private const string NumberForm = "must be a number, or \"unlimited\"";

    public GroupSettings ReadGroup(JsonMember member)
    {
        JsonValue value = RequireObject(member.Value, $"group {member.Name}");
        RefuseUnknownKeys(value, AccountFile.AccessKeys);
        return new GroupSettings(member.Name) { Access = ReadAccess(value) };
    }

    public AccountSettings ReadAccount(JsonMember member)
    {
        JsonValue value = RequireObject(member.Value, $"account {member.Name}");
        RefuseUnknownKeys(value, [.. AccountFile.AccountKeys, .. AccountFile.AccessKeys]);
        return new AccountSettings(member.Name)
        {
            IsEnabled = ReadBoolean(value, AccountFile.EnabledKey) ?? true,
            PasswordHash = ReadString(value, AccountFile.PasswordHashKey),
            KeyFingerprints = ReadStrings(value, AccountFile.KeyFingerprintsKey) ?? [],
            Groups = ReadStrings(value, AccountFile.GroupsKey) ?? [],
            Access = ReadAccess(value),
        };
    }

    /// <summary>Returns the value if it is an object.</summary>
    /// <exception cref="AccountFileException">The value is not an object.</exception>
    public static JsonValue RequireObject(JsonValue value, string name) => value.Kind == JsonTokenType.StartObject
        ? value
        : throw new AccountFileException(value.Line, $"{name} must be an object in braces");

    /// <summary>Returns the members of the object at a key; none if the key is missing.</summary>
    public static IEnumerable<JsonMember> GetMembers(JsonValue parent, string key) =>
        Find(parent, key) is { } member ? RequireObject(member.Value, key).Members : [];

    /// <exception cref="AccountFileException">The object has another key.</exception>
    public static void RefuseUnknownKeys(JsonValue value, IReadOnlyList<string> keys)
    {
        if (value.Members.FirstOrDefault(member => !keys.Contains(member.Name)) is { } unknown)
        {
            throw new AccountFileException(unknown.Line, $"unknown key \"{unknown.Name}\"; the keys are {string.Join(", ", keys)}");
        }
    }

    /// <summary>Returns a value if it has no problem.</summary>
    /// <exception cref="AccountFileException">The value has a problem.</exception>
    public static T Validate<T>(int line, T value, Func<T, string?> findProblem) =>
        findProblem(value) is { } problem ? throw new AccountFileException(line, problem) : value;

    private AccessSettings ReadAccess(JsonValue value) => new()
    {
        Home = ReadString(value, SettingKey.Home),
        Mounts = [.. GetMembers(value, AccountFile.MountsKey).Select(ReadMount)],
        Rules = [.. GetMembers(value, AccountFile.RulesKey).Select(ReadRule)],
        QuotaBytes = ReadBytes(value, SettingKey.QuotaBytes),
        QuotaFiles = ReadNumber(value, SettingKey.QuotaFiles, long.MaxValue),
        UploadRate = ReadBytes(value, SettingKey.UploadRate),
        DownloadRate = ReadBytes(value, SettingKey.DownloadRate),
        MaxSessions = (int?)ReadNumber(value, SettingKey.MaxSessions, int.MaxValue),
        Networks = ReadNetworks(value),
        RequiresTls = ReadBoolean(value, SettingKey.RequiresTls),
        Hours = ReadText(value, SettingKey.Hours, "must be two times like \"08:00-18:00\"", (string text, out AllowedHours hours) =>
            SettingText.TryParseHours(text, out hours)),
        ExpiresAt = ReadText(
            value, SettingKey.ExpiresAt, "must be a date like \"2027-01-31\", a date and time with offset, or \"never\"",
            (string text, out DateTimeOffset expiry) => SettingText.TryParseExpiry(text, timeZone, out expiry)),
    };

    private static MountSettings ReadMount(JsonMember member)
    {
        StorePath path = ReadPath(member);
        JsonValue value = RequireObject(member.Value, $"mount {member.Name}");
        RefuseUnknownKeys(value, [AccountFile.DirectoryKey, AccountFile.ReadOnlyKey]);
        string directory = ReadString(value, AccountFile.DirectoryKey)
            ?? throw new AccountFileException(member.Line, $"mount {member.Name} needs the key {AccountFile.DirectoryKey}");
        return new MountSettings(path, directory, ReadBoolean(value, AccountFile.ReadOnlyKey) ?? false);
    }

    private static PermissionRule ReadRule(JsonMember member) =>
        member.Value.Kind == JsonTokenType.String && PermissionLetters.TryParse(member.Value.Text, out Permissions permissions)
            ? new PermissionRule(ReadPath(member), permissions)
            : throw new AccountFileException(
                member.Value.Line, $"rule {member.Name}: must be letters of lrcwandmt, \"*\" for all or \"-\" for none");

    private static StorePath ReadPath(JsonMember member) => SettingText.TryParsePath(member.Name, out StorePath path)
        ? path
        : throw new AccountFileException(member.Line, $"\"{member.Name}\" must be an absolute path like /in");

    private static List<IPNetwork>? ReadNetworks(JsonValue parent)
    {
        if (Find(parent, SettingKey.Networks) is not { } member)
        {
            return null;
        }

        var networks = new List<IPNetwork>();
        foreach (JsonValue item in RequireStrings(member))
        {
            networks.Add(SettingText.TryParseNetwork(item.Text, out IPNetwork network)
                ? network
                : throw new AccountFileException(item.Line, $"{member.Name} \"{item.Text}\": must be a network like 192.0.2.0/24"));
        }

        return networks;
    }

    private static long? ReadBytes(JsonValue parent, string key) => ReadText(parent, key, BytesForm, (string text, out long bytes) =>
        SettingText.TryParseBytes(text, out bytes));

    private static long? ReadNumber(JsonValue parent, string key, long maximum) =>
        ReadText(parent, key, NumberForm, (string text, out long number) => SettingText.TryParseNumber(text, maximum, out number));

    /// <summary>Parses a string or a number. Returns null if the key is missing.</summary>
    private static T? ReadText<T>(JsonValue parent, string key, string form, TryParse<T> tryParse)
        where T : struct
    {
        if (Find(parent, key) is not { Value: var value })
        {
            return null;
        }

        return value.Kind is JsonTokenType.String or JsonTokenType.Number && tryParse(value.Text!, out T parsed)
            ? parsed
            : throw new AccountFileException(value.Line, $"{key}: {form}");
    }

    private static string? ReadString(JsonValue parent, string key) => Find(parent, key) switch
    {
        null => null,
        { Value: { Kind: JsonTokenType.String, Text: { } text } } => text,
        { Value.Line: var line } => throw new AccountFileException(line, $"{key}: must be a text in quotes"),
    };

    private static bool? ReadBoolean(JsonValue parent, string key) => Find(parent, key) switch
    {
        null => null,
        { Value.Kind: JsonTokenType.True } => true,
        { Value.Kind: JsonTokenType.False } => false,
        { Value.Line: var line } => throw new AccountFileException(line, $"{key}: must be true or false"),
    };

    private static IReadOnlyList<string>? ReadStrings(JsonValue parent, string key) =>
        Find(parent, key) is { } member ? [.. RequireStrings(member).Select(item => item.Text!)] : null;

    private static IReadOnlyList<JsonValue> RequireStrings(JsonMember member)
    {
        JsonValue value = member.Value;
        return value.Kind == JsonTokenType.StartArray && value.Items.All(item => item.Kind == JsonTokenType.String)
            ? value.Items
            : throw new AccountFileException(value.Line, $"{member.Name}: must be a list of texts in brackets");
    }

    private static JsonMember? Find(JsonValue parent, string key) => parent.Members.FirstOrDefault(member => member.Name == key);

    private delegate bool TryParse<T>(string text, out T value);
}
