using Fts.Cli;
using Fts.Serving.Configuration;

namespace Fts.ProgramTests.Serving.Configuration;

/// <summary>Tests of the names and defaults of settings, for every option of the server.</summary>
public sealed class SettingTableTests
{
    /// <summary>Variables with another meaning: passwords, and variables of the tests, the build and the shell.</summary>
    private static readonly string[] OtherVariables =
    [
        "FTS_ACCOUNT", "FTS_APPROVE_API", "FTS_CONFIG", "FTS_FUZZ_INPUTS", "FTS_FUZZ_SEED", "FTS_INTEROP_CONTROL", "FTS_KEY_PASSWORD",
        "FTS_KILLS", "FTS_KILL_SEED", "FTS_MODEL_SEED", "FTS_PASSWORD", "FTS_PROGRAM", "FTS_PROXY_PASSWORD", "FTS_TEST_INSIDE",
        "FTS_TEST_OUTSIDE", "FTS_TEST_PEERS",
    ];

    [Fact]
    public void Each_option_except_the_file_is_a_setting()
    {
        Assert.Equal(
            ["ip", "port", "debug", .. ServerCommand.Definition.Options.Select(option => option.Name).Where(name => name != "--config")],
            SettingTable.Server.All.Select(setting => setting.Name));
        Assert.Null(SettingTable.Server.FindByKey("config"));
    }

    [Theory]
    [InlineData("--data-timeout", "dataTimeout", "FTS_DATA_TIMEOUT")]
    [InlineData("--tls", "tls", "FTS_TLS")]
    [InlineData("--max-sessions-per-address", "maxSessionsPerAddress", "FTS_MAX_SESSIONS_PER_ADDRESS")]
    [InlineData("port", "port", "FTS_PORT")]
    public void Names_are_derived_from_the_command_line(string name, string key, string variable)
    {
        SettingDefinition setting = SettingTable.Server.FindByName(name)!;
        Assert.Equal((key, variable), (setting.Key, setting.Variable));
        Assert.Same(setting, SettingTable.Server.FindByKey(key));
    }

    [Fact]
    public void No_variable_has_another_meaning()
    {
        string[] variables = [.. SettingTable.Server.All.Select(setting => setting.Variable)];
        Assert.Empty(variables.Intersect(OtherVariables));
        // These names are reserved for passwords of accounts.
        Assert.All(variables, variable => Assert.False(variable.StartsWith("FTS_USER_", StringComparison.Ordinal), variable));
        Assert.Equal(variables.Distinct(), variables);
    }

    [Fact]
    public void A_misspelt_variable_has_a_suggestion_and_other_variables_have_none() => Assert.Equal(
        [("FTS_DATA_TIMOUT", "FTS_DATA_TIMEOUT"), ("FTS_FOLDR", "FTS_FOLDER")],
        EnvironmentSettings.FindMisspelt(
            SettingTable.Server, ["PATH", "FOLDR", "FTS_FOLDR", "FTS_DATA_TIMOUT", "FTS_TLS", "FTS_USER_ANN", .. OtherVariables],
            _ => null));

    [Theory]
    [InlineData("ip", "127.0.0.1")]
    [InlineData("port", "65432")]
    [InlineData("debug", "0")]
    [InlineData("quiet", "false")]
    [InlineData("tls", "optional")]
    [InlineData("dataTimeout", "60s")]
    [InlineData("dataPeers", "same")]
    [InlineData("keepPartial", "24h")]
    [InlineData("passivePorts", null)]
    [InlineData("logFile", null)]
    [InlineData("legacyKey", null)]
    [InlineData("eventAttempts", "300")]
    [InlineData("onEventTimeout", "60s")]
    [InlineData("banAfter", "10")]
    [InlineData("maxConnectionRate", "1000")]
    [InlineData("maxSessions", "50000")]
    [InlineData("clientCa", null)]
    [InlineData("host", null)]
    public void Defaults_are_values_that_the_user_could_write(string key, string? text) =>
        Assert.Equal(text, SettingTable.Server.FindByKey(key)!.DefaultText);

    [Fact]
    public void The_page_of_the_server_lists_all_settings_in_the_order_of_the_help_page()
    {
        string[] rows =
        [
            .. File.ReadLines(Path.Combine(Support.Repository.Root, "docs", "server.md"))
                .SkipWhile(line => line != "| option | key of the file | variable | change at SIGHUP |").Skip(2)
                .TakeWhile(line => line.StartsWith('|')),
        ];
        Assert.Equal(
            SettingTable.Server.All.Select(setting =>
                $"| {(setting.Name.StartsWith('-') ? "" : "argument ")}`{setting.Name}` | `{setting.Key}` | `{setting.Variable}` |"),
            rows.Select(row => row[..(row.TrimEnd(' ', '|').LastIndexOf('|') + 1)]));
        Assert.Equal(
            ["| argument `debug` | `debug` | `FTS_DEBUG` | at once |", "| `--quiet` | `quiet` | `FTS_QUIET` | at once |"],
            rows.Where(row => row.EndsWith("| at once |", StringComparison.Ordinal)));
    }
}
