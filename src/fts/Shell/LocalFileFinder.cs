using Fts.Cli;
using Fts.Client;

namespace Fts.Shell;

/// <summary>The local files that typed words mean.</summary>
internal static class LocalFileFinder
{
    /// <summary>Each word, and for a pattern the files of its folder that it fits.</summary>
    /// <exception cref="UserErrorException">A pattern that fits nothing.</exception>
    public static IReadOnlyList<string> Expand(IReadOnlyList<ShellWord> words) => [.. words.SelectMany(word => word.IsPattern ? MatchPattern(word.Text) : [ExpandHome(word.Text)])];

    /// <summary>A leading <c>~/</c> is the home folder, as in a shell.</summary>
    public static string ExpandHome(string path) =>
        path == "~" || path.StartsWith("~/", StringComparison.Ordinal) ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + path[1..] : path;

    private static string[] MatchPattern(string word)
    {
        (string folder, string pattern) = RemoteDirectory.SplitPath(ExpandHome(word));
        string[] files = [.. new DirectoryInfo(folder.Length == 0 ? "." : folder).EnumerateFiles()
            .Select(file => file.Name).Where(name => RemoteFileFinder.IsMatch(pattern, name) && !FtpPartialDownload.IsPartialFileName(name)).Order(StringComparer.Ordinal).Select(name => folder + name)];
        return files.Length > 0 ? files : throw new UserErrorException(ExitCode.NotFound, $"no file here fits {word}, in {Environment.CurrentDirectory}", "lls, to see what is here");
    }
}
