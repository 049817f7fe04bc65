using Fts.Serving.Configuration;

namespace Fts.ProgramTests.Serving.Configuration;

/// <summary>The variables that container systems set for a service or a link named fts.</summary>
public sealed class ServiceVariablesTests
{
    [Theory]
    [InlineData("FTS_PORT", "tcp://172.17.0.5:21")]
    [InlineData("FTS_PORT", "udp://172.17.0.5:69")]
    [InlineData("FTS_PORT_65432_TCP", "tcp://172.17.0.5:65432")]
    [InlineData("FTS_PORT_65432_TCP_ADDR", "172.17.0.5")]
    [InlineData("FTS_PORT_65432_TCP_PORT", "65432")]
    [InlineData("FTS_PORT_65432_TCP_PROTO", "tcp")]
    [InlineData("FTS_SERVICE_HOST", "10.0.0.11")]
    [InlineData("FTS_SERVICE_PORT", "21")]
    [InlineData("FTS_SERVICE_PORT_FTP", "21")]
    [InlineData("FTS_USER_DB_PORT", "tcp://10.0.0.12:5432")]
    [InlineData("FTS_USER_DB_SERVICE_HOST", "10.0.0.12")]
    public void A_description_of_a_service_is_recognised(string name, string value) =>
        Assert.True(ServiceVariables.IsServiceVariable(name, value));

    [Theory]
    [InlineData("FTS_PORT", "2121")]
    [InlineData("FTS_PORT", "abc")]
    [InlineData("FTS_PORTS", "50000-50100")]
    [InlineData("FTS_IMPLICIT_PORT", "990")]
    [InlineData("FTS_HOST", "a.example=/srv/a")]
    [InlineData("FTS_USER_anna", "tcp://secret")]
    [InlineData("FTS_USER_anna_SERVICE_HOST", "secret")]
    [InlineData("FTS_USER_anna_PORT", "secret")]
    public void A_setting_or_an_account_is_not(string name, string value) =>
        Assert.False(ServiceVariables.IsServiceVariable(name, value));

    [Fact]
    public void The_address_of_a_service_is_not_a_port()
    {
        Func<string, string?> environment = name => name == "FTS_PORT" ? "tcp://172.17.0.5:21" : null;
        Assert.Empty(EnvironmentSettings.Read(SettingTable.Server, environment));
        Assert.Equal(["FTS_PORT"], EnvironmentSettings.FindIgnored(SettingTable.Server, environment));
    }

    [Fact]
    public void Variables_of_services_are_not_misspelt_settings() => Assert.Empty(EnvironmentSettings.FindMisspelt(
        SettingTable.Server, ["FTS_SERVICE_HOST", "FTS_PORT_21_TCP", "FTS_PORT"],
        name => name == "FTS_SERVICE_HOST" ? "10.0.0.11" : "tcp://10.0.0.11:21"));
}
