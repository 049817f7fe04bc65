using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.Architecture;

/// <summary>Rules of style that no analyzer checks.</summary>
public sealed class StyleTests
{
    private const int MaxColumns = 140;

    private static readonly string[] ForbiddenNames =
        ["Helper", "Helpers", "Util", "Utils", "Utilities", "Manager", "Common", "Base", "Misc"];

    [Fact]
    public void No_file_or_directory_has_a_name_without_meaning()
    {
        string[] bad = [.. EnumerateEntries("src", "tests", "bench")
            .Where(entry => ForbiddenNames.Any(name => Path.GetFileName(entry).Split('.')[0].EndsWith(name, StringComparison.Ordinal)))];
        Assert.Empty(bad);
    }

    [Fact]
    public void No_line_of_the_sources_exceeds_140_columns()
    {
        string[] sources = [.. EnumerateEntries("src", "bench")
            .Where(entry => entry.EndsWith(".cs", StringComparison.Ordinal) && !entry.Contains("/obj/", StringComparison.Ordinal))];
        Assert.NotEmpty(sources);
        Assert.Empty(sources.SelectMany(source => File.ReadLines(source)
            .Select((line, index) => (Place: $"{source}:{index + 1}", line.Length))
            .Where(line => line.Length > MaxColumns)
            .Select(line => line.Place)));
    }

    private static IEnumerable<string> EnumerateEntries(params string[] directories) => directories
        .Select(directory => Path.Combine(Repository.Root, directory))
        .Where(Directory.Exists)
        .SelectMany(directory => Directory.EnumerateFileSystemEntries(directory, "*", SearchOption.AllDirectories));
}
