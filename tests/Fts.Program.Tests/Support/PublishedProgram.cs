using System.Diagnostics;

namespace Fts.ProgramTests.Support;

/// <summary>The published program. <c>FTS_PROGRAM</c> is its path. Without it, the script of the checkout builds the program
/// once.</summary>
internal static class PublishedProgram
{
    private static readonly Lazy<string> Located = new(Locate);

    public static string Path => Located.Value;

    private static string Locate()
    {
        if (Environment.GetEnvironmentVariable("FTS_PROGRAM") is { Length: > 0 } named)
        {
            return named;
        }

        using Process build = Process.Start(
            new ProcessStartInfo(System.IO.Path.Combine(Repository.Root, "fts"), ["--version"]) { RedirectStandardOutput = true })!;
        build.StandardOutput.ReadToEnd();
        build.WaitForExit();
        Assert.Equal(0, build.ExitCode);
        return System.IO.Path.Combine(Repository.Root, "artifacts", "program", "current", "fts");
    }
}
