using Fts.Cli;
using Fts.Client;

namespace Fts.Shell;

/// <summary>Finds the local files that the words of a command select.</summary>
internal static class LocalFileFinder
{
    /// <summary>Returns the path of each word. A pattern is replaced by the matching files in its folder, sorted by name.</summary>
    /// <param name="words">The words.</param>
    /// <param name="includesFolders">Whether a pattern also selects folders.</param>
    /// <exception cref="UserErrorException">No file matches a pattern.</exception>
    public static IReadOnlyList<string> Expand(IReadOnlyList<ShellWord> words, bool includesFolders = false) =>
        [.. words.SelectMany(word => word.IsPattern ? MatchPattern(word.Text, includesFolders) : [ExpandHome(word.Text)])];

    /// <summary>Returns a path in which the first component <c>~</c> is replaced by the home folder.</summary>
    public static string ExpandHome(string path) => path == "~" || path.StartsWith("~/", StringComparison.Ordinal)
        ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + path[1..]
        : path;

    private static string[] MatchPattern(string word, bool includesFolders)
    {
        (string folder, string pattern) = RemoteDirectory.SplitPath(ExpandHome(word));
        string[] files = [.. new DirectoryInfo(folder.Length == 0 ? "." : folder).EnumerateFileSystemInfos()
            .Where(entry => includesFolders || entry is FileInfo)
            .Select(file => file.Name)
            .Where(name => RemoteFileFinder.IsMatch(pattern, name) && !FtpPartialDownload.IsPartialFileName(name))
            .Order(StringComparer.Ordinal)
            .Select(name => folder + name)];
        return files.Length > 0 ? files : throw new UserErrorException(
            ExitCode.NotFound,
            $"no local file matches {word}; the local folder is {Environment.CurrentDirectory}",
            "lls, to list the local folder");
    }
}
