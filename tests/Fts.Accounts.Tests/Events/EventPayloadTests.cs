using System.Text;
using System.Text.Json;
using Fts.Accounts.Events;

namespace Fts.Accounts.Tests.Events;

public sealed class EventPayloadTests
{
    private static readonly StoredEvent Full = new(
        7,
        new AccountEvent(EventType.Uploaded, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero))
        {
            Account = "ann",
            Address = "192.0.2.1",
            Session = 3,
            Path = "/a",
            Target = "/b",
            Bytes = 10,
            Verdict = "complete",
            Sha256 = new string('a', 64),
            Rule = "quota.bytes",
            Source = "administrator",
            Actor = "root",
            Detail = "x",
        },
        new byte[32],
        new byte[32]);

    [Fact]
    public void An_event_has_the_documented_properties() => Assert.Equal(
        """{"schemaVersion":1,"id":7,"time":"2026-01-02T03:04:05Z","type":"uploaded","account":"ann","address":"192.0.2.1","""
        + "\"session\":3,\"path\":\"/a\",\"target\":\"/b\",\"bytes\":10,\"verdict\":\"complete\",\"sha256\":\""
        + new string('a', 64) + "\",\"rule\":\"quota.bytes\",\"source\":\"administrator\",\"actor\":\"root\",\"detail\":\"x\",\"hash\":\"" + new string('0', 64) + "\"}",
        Encoding.UTF8.GetString(EventPayload.Serialize(Full)));

    [Fact]
    public void The_schema_describes_exactly_the_properties_and_types()
    {
        using JsonDocument schema = JsonDocument.Parse(File.ReadAllText(FindSchema()));
        using JsonDocument payload = JsonDocument.Parse(EventPayload.Serialize(Full));
        JsonElement properties = schema.RootElement.GetProperty("properties");
        Assert.Equal(
            payload.RootElement.EnumerateObject().Select(property => property.Name),
            properties.EnumerateObject().Select(property => property.Name));
        foreach (JsonProperty property in payload.RootElement.EnumerateObject())
        {
            string expected = property.Value.ValueKind == JsonValueKind.Number ? "integer" : "string";
            Assert.Equal(expected, properties.GetProperty(property.Name).GetProperty("type").GetString());
        }

        Assert.Equal(
            Enum.GetValues<EventType>().Select(EventTypes.GetName),
            properties.GetProperty("type").GetProperty("enum").EnumerateArray().Select(name => name.GetString()!));
        using JsonDocument smallest = JsonDocument.Parse(
            EventPayload.Serialize(Full with { Event = new AccountEvent(EventType.Login, Full.Event.Time) }));
        Assert.Equal(
            smallest.RootElement.EnumerateObject().Select(property => property.Name),
            schema.RootElement.GetProperty("required").EnumerateArray().Select(name => name.GetString()!));
    }

    private static string FindSchema()
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            string path = Path.Combine(directory.FullName, "docs", "events.schema.json");
            if (File.Exists(path))
            {
                return path;
            }
        }

        throw new FileNotFoundException("docs/events.schema.json was not found above the test program.");
    }
}
