using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Fts.Cli;
using Fts.Serving.Configuration;

namespace Fts.ProgramTests.Serving.Configuration;

/// <summary>Tests of the parser of configuration files.</summary>
public sealed class ConfigurationFileTests
{
    [Fact]
    public void All_kinds_of_values_are_read_with_their_lines()
    {
        Dictionary<string, IReadOnlyList<ConfiguredValue>> values = Parse(
            """
            // a comment
            {
              "$schema": "fts-config.schema.json",
              "ip": "0.0.0.0", /* and
              another */ "port": 2121,
              "debug": true,
              "durable": true, "quiet": false,
              "passiveAddress": [
                "203.0.113.5",
                "10.8.0.0/16=10.8.0.1",
              ],
              "proxyProtocolFrom": "10.0.0.5",
              "host": [],
            }
            """);
        Assert.Equal(
            [
                "ip=0.0.0.0@4", "port=2121@5", "debug=1@6", "--durable=true@7", "--quiet=false@7", "--passive-address=203.0.113.5@9",
                "--passive-address=10.8.0.0/16=10.8.0.1@10", "--proxy-protocol-from=10.0.0.5@12",
            ],
            values.SelectMany(setting => setting.Value.Select(value => $"{setting.Key}={value.Text}@{value.Origin.Line}")));
        Assert.Empty(values["--host"]);
    }

    [Theory]
    [InlineData("", "fts.json:1: invalid JSON: ")]
    [InlineData("[]", "fts.json:1: the file must contain a JSON object: { \"key\": value, … }")]
    [InlineData("{\n\"port\": 21\n\"ip\": \"::\"}", "fts.json:3: invalid JSON: ")]
    [InlineData("{} x", "fts.json:1: invalid JSON: ")]
    [InlineData("{\n\n\"dataTimout\": \"30s\"}", "fts.json:3: unknown key \"dataTimout\"; did you mean dataTimeout?")]
    [InlineData("{\"qqqqqqqqqqqqqqqqqq\": 1}", "fts.json:1: unknown key \"qqqqqqqqqqqqqqqqqq\"; fts config check lists all keys")]
    [InlineData("{\"config\": \"x\"}", "fts.json:1: unknown key \"config\"")]
    [InlineData("{\"port\": 1,\n\"port\": 2}", "fts.json:2: port is given twice, first in line 1")]
    [InlineData("{\"durable\":\n\"yes\"}", "fts.json:2: durable \"yes\": must be true or false")]
    [InlineData("{\"durable\": 1}", "fts.json:1: durable 1: must be true or false")]
    [InlineData("{\"tls\": \"on\"}", "fts.json:1: tls \"on\": must be \"optional\", \"required\" or \"off\"")]
    [InlineData("{\"tls\": true}", "fts.json:1: tls true: must be \"optional\", \"required\" or \"off\"")]
    [InlineData("{\"debug\": 2}", "fts.json:1: debug 2: must be 0 or 1")]
    [InlineData("{\"folder\": null}", "fts.json:1: folder null: must be a string or a number")]
    [InlineData("{\"folder\": [\"a\"]}", "fts.json:1: folder […]: must be a string or a number")]
    [InlineData("{\"host\": {\"a\": \"b\"}}", "fts.json:1: host {…}: must be a string or an array of strings")]
    [InlineData("{\"host\": [\n[]]}", "fts.json:2: host […]: must be a string or an array of strings")]
    [InlineData("{\"folder\": \"a\\u0000b\"}", "fts.json:1: folder must not contain the character NUL")]
    [InlineData("{\"folder\": \"\\ud800\"}", "fts.json:1: folder contains invalid characters; the file must be UTF-8")]
    [InlineData("{\"cert\": \"\"}", "fts.json:1: cert \"\": must not be empty")]
    [InlineData("{\"$schema\": 1}", "fts.json:1: $schema: must be a string")]
    public void An_error_contains_file_line_key_and_allowed_values(string content, string message)
    {
        var error = Assert.Throws<UserErrorException>(() => Parse(content));
        Assert.Equal(ExitCode.UsageError, error.Error.ExitCode);
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Few_keys_are_listed_in_the_error_of_an_unknown_key()
    {
        var error = Assert.Throws<UserErrorException>(
            () => ConfigurationFile.Parse(new SettingTable(TrustCommand.Definition), "f", "{\"zzzzzzzzzz\": 1}"u8.ToArray()));
        Assert.StartsWith("f:1: unknown key \"zzzzzzzzzz\"; allowed keys: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_byte_order_mark_is_ignored() =>
        Assert.Equal("1", Parse("\uFEFF{\"port\": 1}")["port"][0].Text);

    [Fact]
    public void Invalid_utf8_is_an_error_of_its_line()
    {
        var error = Assert.Throws<UserErrorException>(() => ConfigurationFile.Parse(
            SettingTable.Server, "fts.json", [.. "{\n\"folder\": \"a"u8, 0xFF, .. "\"}"u8]));
        Assert.StartsWith("fts.json:2: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_text_is_read_as_it_was_written() => Prop.ForAll<string[]>(texts =>
    {
        string[] expected = [.. texts.Where(text => text is not null && text.Length > 0 && IsWellFormed(text) && !text.Contains('\0'))];
        string content = $"{{\"host\": [{string.Join(",\n", expected.Select(text => $"\"{JsonEncodedText.Encode(text)}\""))}]}}";
        IReadOnlyList<ConfiguredValue> values = Parse(content)["--host"];
        Assert.Equal(expected, values.Select(value => value.Text));
        Assert.Equal(expected.Select((_, i) => i + 1), values.Select(value => value.Origin.Line));
    }).QuickCheckThrowOnFailure();

    private static bool IsWellFormed(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text;

    private static Dictionary<string, IReadOnlyList<ConfiguredValue>> Parse(string content) =>
        ConfigurationFile.Parse(SettingTable.Server, "fts.json", Encoding.UTF8.GetBytes(content));
}
