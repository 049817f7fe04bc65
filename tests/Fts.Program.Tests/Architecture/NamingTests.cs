using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.Architecture;

/// <summary>Rooms are named for what lives in them.</summary>
public sealed class NamingTests
{
    private static readonly string[] Forbidden = ["Helper", "Helpers", "Util", "Utils", "Utilities", "Manager", "Common", "Base", "Misc"];

    [Fact]
    public void No_file_or_folder_has_a_name_that_says_nothing()
    {
        string[] bad = [.. new[] { "src", "tests", "bench" }.Select(folder => Path.Combine(Repository.Root, folder)).Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories))
            .Where(entry => Forbidden.Any(word => Path.GetFileName(entry).Split('.')[0].EndsWith(word, StringComparison.Ordinal)))];
        Assert.Empty(bad);
    }
}
