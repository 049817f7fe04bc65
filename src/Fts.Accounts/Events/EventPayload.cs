using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fts.Accounts.Events;

/// <summary>
/// The JSON form of an event for other programs. <c>docs/events.schema.json</c> describes it. Properties without a value are omitted.
/// </summary>
public static class EventPayload
{
    /// <summary>The version of the form. A change that existing receivers cannot read increases it.</summary>
    public const int SchemaVersion = 1;

    /// <summary>Returns the JSON of an event as UTF-8, on one line.</summary>
    public static byte[] Serialize(StoredEvent stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        AccountEvent happened = stored.Event;
        return JsonSerializer.SerializeToUtf8Bytes(
            new PayloadFields
            {
                Id = stored.Id,
                Time = happened.Time.UtcDateTime,
                Type = EventTypes.GetName(happened.Type),
                Account = happened.Account,
                Address = happened.Address,
                Session = happened.Session,
                Path = happened.Path,
                Target = happened.Target,
                Bytes = happened.Bytes,
                Verdict = happened.Verdict,
                Sha256 = happened.Sha256,
                Rule = happened.Rule,
                Source = happened.Source,
                Actor = happened.Actor,
                Detail = happened.Detail,
                Hash = Convert.ToHexStringLower(stored.Hash),
            },
            PayloadContext.Default.PayloadFields);
    }
}

/// <summary>The properties of the JSON form, in order.</summary>
internal sealed record PayloadFields
{
    public int SchemaVersion { get; init; } = EventPayload.SchemaVersion;

    public required long Id { get; init; }

    public required DateTime Time { get; init; }

    public required string Type { get; init; }

    public string? Account { get; init; }

    public string? Address { get; init; }

    public long? Session { get; init; }

    public string? Path { get; init; }

    public string? Target { get; init; }

    public long? Bytes { get; init; }

    public string? Verdict { get; init; }

    public string? Sha256 { get; init; }

    public string? Rule { get; init; }

    public string? Source { get; init; }

    public string? Actor { get; init; }

    public string? Detail { get; init; }

    public required string Hash { get; init; }
}

/// <summary>The generated serialisation, which Native AOT requires.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PayloadFields))]
internal sealed partial class PayloadContext : JsonSerializerContext;
