namespace Fts.ProgramTests.Support;

/// <summary>The source tree from which the tests were built.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "fts.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No fts.slnx above {AppContext.BaseDirectory}.");
    }
}
