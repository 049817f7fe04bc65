using System.Text.RegularExpressions;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.Architecture;

/// <summary>The events of the log are documented, and each has its own number.</summary>
public sealed partial class LogEventTests
{
    [Fact]
    public void Every_event_is_documented_with_its_number_and_its_fields()
    {
        string source = File.ReadAllText(Path.Combine(Repository.Root, "src/Fts.Server/Log.cs"));
        string document = File.ReadAllText(Path.Combine(Repository.Root, "docs/logs.md"));
        Match[] events = [.. EventPattern().Matches(source).Cast<Match>()];
        Assert.NotEmpty(events);
        Assert.Equal(events.Length, events.Select(found => found.Groups["id"].Value).Distinct().Count());
        foreach (Match found in events)
        {
            string name = char.ToLowerInvariant(found.Groups["name"].Value[0]) + found.Groups["name"].Value[1..];
            string row = $"| `{name}` | {found.Groups["id"].Value} |";
            string? line = document.Split('\n').FirstOrDefault(line => line.StartsWith(row, StringComparison.Ordinal));
            Assert.True(line is not null, $"docs/logs.md needs a row that starts with: {row}");
            foreach (string field in GetFields(found.Groups["parameters"].Value))
            {
                Assert.True(Regex.IsMatch(line!, $@"\b{field}\b"), $"docs/logs.md: the row of {name} needs the field {field}");
            }
        }
    }

    [Theory]
    [InlineData("src/Fts.Accounts/RuleNames.cs", """ = "([a-z-]+\.[a-z-]+)";""")]
    [InlineData("src/Fts.Accounts/RuleNames.cs", """=> "(permission\.[a-z-]+)",""")]
    [InlineData("src/Fts.Server/Sessions/RefusalRules.cs", """ "([a-z]+\.[A-Za-z]+)",""")]
    public void Every_rule_is_documented(string file, string pattern)
    {
        string document = File.ReadAllText(Path.Combine(Repository.Root, "docs/rules.md"));
        string[] names = [.. Regex.Matches(File.ReadAllText(Path.Combine(Repository.Root, file)), pattern)
            .Select(found => found.Groups[1].Value)];
        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.Contains($"`{name}`", document, StringComparison.Ordinal));
    }

    private static IEnumerable<string> GetFields(string parameters) => parameters.Split(',').Skip(1)
        .Select(parameter => parameter.Trim().Split(' ')[^1])
        .Where(name => name != "names")
        .Select(name => name == "peer" ? "address" : name);

    [GeneratedRegex(@"\[LoggerMessage\((?<id>\d+),.*?\)\]\s*public static partial void (?<name>\w+)\((?<parameters>.*?)\);", RegexOptions.Singleline)]
    private static partial Regex EventPattern();
}
