using System.Text.Json;

namespace Fts.Accounts.Settings.Files;

/// <summary>A setting that two versions of an account or group have with different values.</summary>
/// <param name="Key">The key, for example <c>quotaBytes</c> or <c>rules /in</c>.</param>
/// <param name="Old">The old value as text, or null if it was not set.</param>
/// <param name="New">The new value as text, or null if it is not set.</param>
public sealed record SettingDifference(string Key, string? Old, string? New)
{
    /// <summary>The text in place of a password hash.</summary>
    private const string HiddenHash = "(hidden)";

    /// <summary>Returns the differences between two versions of an account, in the order of a written file.</summary>
    /// <remarks>Password hashes are compared, but not part of the result.</remarks>
    public static IReadOnlyList<SettingDifference> Find(AccountSettings old, AccountSettings current)
    {
        ArgumentNullException.ThrowIfNull(old);
        ArgumentNullException.ThrowIfNull(current);
        IReadOnlyList<SettingDifference> differences = Compare(
            Flatten(writer => AccountFile.WriteAccount(writer, old, includesHash: false)),
            Flatten(writer => AccountFile.WriteAccount(writer, current, includesHash: false)));
        return old.PasswordHash == current.PasswordHash
            ? differences
            : [new SettingDifference(AccountFile.PasswordHashKey, Hide(old.PasswordHash), Hide(current.PasswordHash)), .. differences];
    }

    /// <summary>Returns the differences between two versions of a group, in the order of a written file.</summary>
    public static IReadOnlyList<SettingDifference> Find(GroupSettings old, GroupSettings current)
    {
        ArgumentNullException.ThrowIfNull(old);
        ArgumentNullException.ThrowIfNull(current);
        return Compare(
            Flatten(writer => AccountFile.WriteAccess(writer, old.Access)),
            Flatten(writer => AccountFile.WriteAccess(writer, current.Access)));
    }

    /// <summary>Returns the settings of an account or group that are set, with their values as text.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> GetValues(AccessSettings access) =>
        Flatten(writer => AccountFile.WriteAccess(writer, access));

    private static string? Hide(string? hash) => hash is null ? null : HiddenHash;

    private static List<SettingDifference> Compare(
        IReadOnlyList<KeyValuePair<string, string>> old, IReadOnlyList<KeyValuePair<string, string>> current)
    {
        var oldValues = old.ToDictionary();
        var newValues = current.ToDictionary();
        return
        [
            .. old.Concat(current).Select(pair => pair.Key).Distinct()
                .Select(key => new SettingDifference(key, oldValues.GetValueOrDefault(key), newValues.GetValueOrDefault(key)))
                .Where(difference => difference.Old != difference.New),
        ];
    }

    /// <summary>
    /// Returns the written form of settings as pairs. Each mount and each rule is a pair of its own, under the keys of
    /// <see cref="SettingKey"/>.
    /// </summary>
    private static List<KeyValuePair<string, string>> Flatten(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        var pairs = new List<KeyValuePair<string, string>>();
        foreach (JsonMember member in JsonValue.Parse(buffer.ToArray()).Members)
        {
            if (member.Value.Kind == JsonTokenType.StartObject)
            {
                pairs.AddRange(member.Value.Members.Select(inner =>
                    KeyValuePair.Create($"{member.Name} {inner.Name}", Format(inner.Value))));
            }
            else
            {
                pairs.Add(KeyValuePair.Create(member.Name, Format(member.Value)));
            }
        }

        return pairs;
    }

    private static string Format(JsonValue value) => value.Kind switch
    {
        JsonTokenType.StartArray => value.Items.Count == 0 ? "(none)" : string.Join(", ", value.Items.Select(item => item.Text)),
        JsonTokenType.StartObject => FormatMount(value),
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        _ => value.Text!,
    };

    private static string FormatMount(JsonValue mount)
    {
        string directory = mount.Members.First(member => member.Name == AccountFile.DirectoryKey).Value.Text!;
        bool isReadOnly = mount.Members.Any(member => member is { Name: AccountFile.ReadOnlyKey, Value.Kind: JsonTokenType.True });
        return isReadOnly ? $"{directory} (read-only)" : directory;
    }
}
