using System.Text.Json;
using Fts.ProgramTests.Support;
using Fts.Serving.Configuration;

namespace Fts.ProgramTests.Serving.Configuration;

/// <summary>Tests of the JSON schema of the configuration file.</summary>
public sealed class ConfigurationSchemaTests
{
    [Fact]
    public void The_documented_schema_is_the_generated_one()
    {
        string file = Path.Combine(Repository.Root, "docs", "fts-config.schema.json");
        Assert.True(
            File.Exists(file) && File.ReadAllText(file) == ConfigurationSchema.Format(SettingTable.Server),
            "docs/fts-config.schema.json is not current. Run: ./fts config schema > docs/fts-config.schema.json");
    }

    [Fact]
    public void The_schema_has_one_property_for_each_setting()
    {
        using var schema = JsonDocument.Parse(ConfigurationSchema.Format(SettingTable.Server));
        JsonElement properties = schema.RootElement.GetProperty("properties");
        Assert.False(schema.RootElement.GetProperty("additionalProperties").GetBoolean());
        Assert.Equal(
            ["$schema", .. SettingTable.Server.All.Select(setting => setting.Key)],
            properties.EnumerateObject().Select(property => property.Name));
        Assert.Equal(
            ["optional", "required", "off"],
            properties.GetProperty("tls").GetProperty("enum").EnumerateArray().Select(value => value.GetString()));
        Assert.Equal("boolean", properties.GetProperty("durable").GetProperty("type").GetString());
        Assert.Contains("array", properties.GetProperty("host").GetProperty("type").EnumerateArray().Select(value => value.GetString()));
    }
}
