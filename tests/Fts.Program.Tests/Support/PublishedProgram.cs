using System.Diagnostics;

namespace Fts.ProgramTests.Support;

/// <summary>The program as users get it. <c>FTS_PROGRAM</c> names it; else the checkout's own script builds it, once.</summary>
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

        using Process build = Process.Start(new ProcessStartInfo(System.IO.Path.Combine(Repository.Root, "fts"), ["--version"]) { RedirectStandardOutput = true })!;
        build.StandardOutput.ReadToEnd();
        build.WaitForExit();
        Assert.Equal(0, build.ExitCode);
        return System.IO.Path.Combine(Repository.Root, "artifacts", "program", "current", "fts");
    }
}
