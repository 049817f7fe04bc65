using System.Net;
using System.Text.Json;
using Fts.Serving.Logging;
using Microsoft.Extensions.Logging;

namespace Fts.ProgramTests.Serving;

/// <summary>The lines of the log formats.</summary>
public sealed class LogFormatTests
{
    private static readonly DateTime Time = new(2026, 3, 7, 8, 9, 10, 123, DateTimeKind.Utc);

    [Fact]
    public void Text_starts_with_date_time_and_severity()
    {
        LogEvent entry = CreateEvent(LogLevel.Error, "StoreFailed", "[1] the store failed") with { Exception = new IOException("bad\ndisk") };
        Assert.Equal(@"2026-03-07T08:09:10Z error: [1] the store failed: bad\x0adisk", new TextFormat().Format(entry));
    }

    [Fact]
    public void Json_has_one_line_with_the_fields_and_omits_fields_without_a_value()
    {
        LogEvent entry = CreateEvent(
            LogLevel.Information, "Retrieved", "text \"quoted\"",
            ("Session", 7L), ("Account", "anna"), ("Address", IPAddress.IPv6Loopback), ("Path", "/ä b"), ("Target", null), ("Bytes", 5L),
            ("Names", "unused"), ("Code", 226), ("{OriginalFormat}", "unused"));
        Assert.Equal(
            """{"time":"2026-03-07T08:09:10.123Z","level":"info","event":"retrieved","eventId":1,"session":""" +
            """7,"account":"anna","address":"::1","path":"/ä b","bytes":5,"code":226,"message":"text \"quoted\""}""",
            new JsonFormat().Format(entry));
    }

    [Fact]
    public void Json_separates_the_address_and_the_port_of_a_peer_and_has_the_cause_of_a_failure()
    {
        LogEvent entry = CreateEvent(LogLevel.Warning, "Rejected", "x", ("Peer", new IPEndPoint(IPAddress.Loopback, 99))) with
        {
            Exception = new IOException("first\nsecond"),
        };
        JsonElement json = JsonDocument.Parse(new JsonFormat().Format(entry)).RootElement;
        Assert.Equal(
            ("127.0.0.1", 99, "IOException", @"first\x0asecond"),
            (json.GetProperty("address").GetString(), json.GetProperty("port").GetInt32(), json.GetProperty("exception").GetString(),
                json.GetProperty("cause").GetString()));
    }

    [Theory]
    [InlineData("RETR", null, "I", "anna", "2 10.0.0.1 5 /a_b.txt b _ o r anna ftp 0 * c")]
    [InlineData("STOR", null, "A", "anonymous", "2 10.0.0.1 5 /a_b.txt a _ i a anonymous ftp 0 * c")]
    [InlineData("APPE", "failed", "I", "anna", "2 10.0.0.1 5 /a_b.txt b _ i r anna ftp 0 * i")]
    [InlineData("STOU", "refused", "I", "anna", null)]
    [InlineData("MKD", null, null, "anna", null)]
    public void Xferlog_has_a_line_for_each_transfer(string verb, string? outcome, string? type, string account, string? expected)
    {
        string? line = new XferlogFormat().Format(CreateEvent(
            LogLevel.Information, "Any", "text", ("Account", account), ("Address", IPAddress.Parse("10.0.0.1")), ("Path", "/a b.txt"),
            ("Bytes", 5L), ("Milliseconds", 1500L), ("Verb", verb), ("Outcome", outcome), ("Type", type)));
        // The first 24 characters are the local time.
        Assert.Equal(expected, line?[25..]);
    }

    [Fact]
    public void Xferlog_has_a_line_for_a_deleted_file_with_the_local_time()
    {
        string? line = new XferlogFormat().Format(CreateEvent(
            LogLevel.Information, "FileChanged", "text", ("Account", "anna"), ("Address", IPAddress.Loopback), ("Verb", "DELE"),
            ("Path", "/a")));
        Assert.Equal(
            Time.ToLocalTime().ToString("ddd MMM dd HH:mm:ss yyyy", System.Globalization.CultureInfo.InvariantCulture) +
                " 0 127.0.0.1 0 /a b _ d r anna ftp 0 * c",
            line);
    }

    private static LogEvent CreateEvent(LogLevel level, string name, string text, params (string Name, object? Value)[] fields) =>
        new(Time, level, new EventId(1, name), [.. fields.Select(field => KeyValuePair.Create(field.Name, field.Value))], text, null);
}
