using System.Text;
using Fts.Cli;
using Fts.Serving;
using Fts.Serving.Configuration;

namespace Fts.ProgramTests.Serving.Configuration;

/// <summary>Tests of the merged settings: their priority, and the origin in errors.</summary>
public sealed class ConfiguredSettingsTests
{
    [Fact]
    public void The_command_line_has_priority_over_the_environment_and_the_environment_over_the_file()
    {
        const string file = """{ "ip": "10.0.0.1", "port": 1, "dataTimeout": "1m", "maxSessions": 1, "quiet": true, "debug": 1 }""";
        ServerSettings settings = ServerSettings.Parse(
            Create(file, ["10.0.0.3", "--data-timeout", "3s"], ("FTS_IP", "10.0.0.2"), ("FTS_PORT", "2"), ("FTS_DATA_TIMEOUT", "2s")));
        Assert.Equal("10.0.0.3:2", settings.EndPoint.ToString());
        Assert.Equal(TimeSpan.FromSeconds(3), settings.Network.DataTimeout);
        Assert.Equal(1, settings.Limits.Sessions);
        Assert.True(settings.Log.Verbosity.IsQuiet);
        Assert.True(settings.IsDebug);
    }

    [Fact]
    public void A_switch_of_the_file_can_be_turned_off()
    {
        const string file = """{ "quiet": true, "durable": true }""";
        ServerSettings settings = ServerSettings.Parse(Create(file, ["--quiet=false"], ("FTS_DURABLE", "no")));
        Assert.False(settings.Log.Verbosity.IsQuiet);
        Assert.False(settings.Uploads.IsDurable);
        Assert.True(ServerSettings.Parse(Create(file, ["--quiet"])).Log.Verbosity.IsQuiet);
    }

    [Fact]
    public void Repeatable_options_are_arrays_or_lists()
    {
        CommandLine line = Create("""{ "host": ["a=/a", "b=/b c"] }""", [], ("FTS_PASSIVE_ADDRESS", "192.0.2.1, 10.0.0.0/8=10.0.0.1"));
        ServerSettings settings = ServerSettings.Parse(line);
        Assert.Equal([("a", "/a"), ("b", "/b c")], settings.Hosts.Folders);
        Assert.Equal(["192.0.2.1", "10.0.0.1"], settings.Network.Addresses.Select(address => address.Host));
    }

    [Fact]
    public void An_empty_variable_is_not_set() =>
        Assert.Equal(7, ServerSettings.Parse(Create("""{ "port": 7 }""", [], ("FTS_PORT", ""))).EndPoint.Port);

    [Theory]
    [InlineData("{\n\"dataTimeout\": \"abc\"}", "fts.json:2: dataTimeout \"abc\": must be a time like 30s or 2m")]
    [InlineData("{\"dataTimeout\": 5}", "fts.json:1: dataTimeout 5: must be a time like 30s or 2m")]
    [InlineData("{\"port\": 70000}", "fts.json:1: port 70000: must be a number from 0 to 65535")]
    [InlineData("{\"ip\": \"x\"}", "fts.json:1: ip \"x\": must be an IP address")]
    [InlineData("{\"implicitPort\": \"x\"}", "fts.json:1: implicitPort \"x\": must be a number from 0 to 65535")]
    [InlineData("{\"maxSessions\": 0}", "fts.json:1: maxSessions 0: must be a whole number, 1 or more")]
    [InlineData("{\"key\": \"a.pem\"}", "fts.json:1: key needs cert")]
    [InlineData("{\"tls\": \"off\",\n\"cert\": \"a.pem\"}",
        "fts.json:1: tls \"off\" cannot be combined with cert, implicitPort, clientCa or clientCert")]
    [InlineData("{\"host\": [\"a=/a\",\n\"b=/b\",\n\"c\"]}", "fts.json:3: host \"c\": must be NAME=FOLDER")]
    [InlineData("{\"host\": [\"a=/a\",\n\"a=/b\"]}", "fts.json:1: host a=… is given twice")]
    [InlineData("{\"hostCert\": [\n\"a=a.pem\"]}", "fts.json:2: hostCert a needs host a=FOLDER")]
    [InlineData("{\"passivePorts\": \"1-2\"}", "fts.json:1: passivePorts \"1-2\": must be a range like 50000-50099, ")]
    [InlineData("{\"proxyProtocolFrom\": [\"10.0.0.1\",\n\"0.0.0.0/0\"]}", "fts.json:2: proxyProtocolFrom \"0.0.0.0/0\": must not include")]
    [InlineData("{\"clientCa\": \"/missing.pem\"}", "fts.json:1: cannot read clientCa \"/missing.pem\": no such file or folder")]
    public void An_error_names_the_line_of_the_file(string file, string message) =>
        Assert.StartsWith(message, GetError(Create(file, [])), StringComparison.Ordinal);

    [Theory]
    [InlineData("FTS_DATA_TIMEOUT", "abc", "FTS_DATA_TIMEOUT \"abc\": must be a time like 30s or 2m")]
    [InlineData("FTS_PORT", "x", "FTS_PORT \"x\": must be a number from 0 to 65535")]
    [InlineData("FTS_KEY", "a.pem", "FTS_KEY needs FTS_CERT")]
    [InlineData("FTS_HOST", "a=/a,b", "FTS_HOST \"b\": must be NAME=FOLDER")]
    public void An_error_names_the_variable(string variable, string value, string message) =>
        Assert.Equal(message, GetError(Create("{}", [], (variable, value))));

    [Theory]
    [InlineData("FTS_DURABLE", "maybe", "FTS_DURABLE \"maybe\": must be 1, true, yes, on, 0, false, no or off")]
    [InlineData("FTS_TLS", "on", "FTS_TLS \"on\": must be optional, required or off")]
    public void A_variable_with_a_fixed_set_of_values_is_checked(string variable, string value, string message) =>
        Assert.Equal(message, Assert.Throws<UserErrorException>(() => Create("{}", [], (variable, value))).Message);

    [Fact]
    public void An_error_of_the_command_line_keeps_its_names()
    {
        const string file = """{ "dataTimeout": "30s", "cert": "a.pem" }""";
        Assert.StartsWith("--data-timeout abc: ", GetError(Create(file, ["--data-timeout", "abc"])), StringComparison.Ordinal);
        Assert.StartsWith("port 'x': ", GetError(Create(file, ["::1", "x"])), StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_of_both_names_the_key_and_the_option() => Assert.Equal(
        "fts.json:2: --tls off cannot be combined with cert, implicitPort, clientCa or clientCert",
        GetError(Create("{\n\"cert\": \"a.pem\"}", ["--tls", "off"])));

    [Fact]
    public void An_invalid_value_of_any_setting_is_reported_with_its_line_or_accepted()
    {
        int errors = 0;
        foreach (SettingDefinition setting in SettingTable.Server.All)
        {
            string content = $"{{\n\n\"{setting.Key}\": \"\\\\?:*\"}}";
            if (Record.Exception(() => ServerSettings.Parse(Create(content, []))) is { } exception)
            {
                Assert.StartsWith("fts.json:3: ", exception.Message, StringComparison.Ordinal);
                Assert.Contains(setting.Key, exception.Message, StringComparison.Ordinal);
                errors++;
            }
        }

        Assert.InRange(errors, 15, int.MaxValue);
    }

    private static string GetError(CommandLine line) => Assert.Throws<UserErrorException>(() => ServerSettings.Parse(line)).Message;

    private static CommandLine Create(string file, string[] arguments, params (string Name, string Value)[] environment) =>
        new CommandLine(ServerCommand.Definition, arguments).With(new ConfiguredSettings(
            SettingTable.Server,
            ConfigurationFile.Parse(SettingTable.Server, "fts.json", Encoding.UTF8.GetBytes(file)),
            EnvironmentSettings.Read(
                SettingTable.Server, name => environment.FirstOrDefault(variable => variable.Name == name).Value)));
}
