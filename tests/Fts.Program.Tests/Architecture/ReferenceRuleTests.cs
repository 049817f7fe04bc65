using System.Xml.Linq;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.Architecture;

/// <summary>The dependency rules of ARCHITECTURE.md. A test fails on a project that is not in the table.</summary>
public sealed class ReferenceRuleTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Fts.Protocol"] = [],
        ["Fts.Native"] = [],
        ["Fts.Storage"] = ["Fts.Native"],
        ["Fts.Accounts"] = ["Fts.Storage"],
        ["Fts.Accounts.Sql"] = ["Fts.Accounts"],
        ["Fts.Server"] = ["Fts.Protocol", "Fts.Native", "Fts.Accounts", "Fts.Storage"],
        ["Fts.Client"] = ["Fts.Protocol", "Fts.Native", "Fts.Storage"],
        ["fts"] = ["Fts.Protocol", "Fts.Native", "Fts.Storage", "Fts.Accounts", "Fts.Accounts.Sql", "Fts.Server", "Fts.Client"],
    };

    public static TheoryData<string> Projects =>
        [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.Root, file))];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_what_the_design_allows(string project)
    {
        string name = Path.GetFileNameWithoutExtension(project);
        Assert.True(Allowed.ContainsKey(name), $"{name} is not in the table of projects");
        string[] references = [.. XDocument.Load(Path.Combine(Repository.Root, project)).Descendants()
            .Where(element => element.Name.LocalName == "ProjectReference")
            .Select(element => Path.GetFileNameWithoutExtension(
                ((string?)element.Attribute("Include") ?? (string?)element.Attribute("Update") ?? "").Replace('\\', '/')))];
        Assert.Empty(references.Except(Allowed[name]));
    }

    /// <summary>A package may not use the internals of another. Only its tests and the benchmarks may.</summary>
    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_exposes_its_internals_to_tests_and_benchmarks_only(string project)
    {
        string file = Path.Combine(Repository.Root, project);
        IEnumerable<string> friends = XDocument.Load(file).Descendants()
            .Where(element => element.Name.LocalName == "InternalsVisibleTo")
            .Select(element => ((string?)element.Attribute("Include") ?? (string?)element.Attribute("Update") ?? element.Value).Trim());
        Assert.DoesNotContain(friends, friend => !friend.EndsWith(".Tests", StringComparison.Ordinal) && friend != "Fts.MicroBench");
        Assert.DoesNotContain(
            Directory.EnumerateFiles(Path.GetDirectoryName(file)!, "*.cs", SearchOption.AllDirectories),
            source => File.ReadAllText(source).Contains("InternalsVisibleTo", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_project_of_the_table_is_there() =>
        Assert.Empty(Allowed.Keys.Except(Projects.Select(row => Path.GetFileNameWithoutExtension(row.Data))));
}
