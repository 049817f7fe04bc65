using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Shell;

namespace Fts.Transfers.Remote;

/// <summary>The remote paths of one server that a command names.</summary>
/// <param name="Server">The server, with the user. Has no path.</param>
/// <param name="Paths">The paths in their order. They are exact, because URLs have their own escapes.</param>
internal sealed record ServerPaths(Target Server, IReadOnlyList<ShellWord> Paths);

/// <summary>Parses the URLs of a one-shot command.</summary>
internal static class UrlArguments
{
    /// <summary>
    /// Returns the paths that URLs name, grouped by server in the order of the first URL of each server. A path with <c>*</c> or
    /// <c>?</c> in its last component is a pattern.
    /// </summary>
    /// <param name="urls">The arguments.</param>
    /// <param name="user">The value of <c>--user</c>; null if the option is not given.</param>
    /// <param name="usage">The usage of the command, for errors.</param>
    /// <exception cref="UserErrorException">There is no argument, or an argument is not a valid URL.</exception>
    public static IReadOnlyList<ServerPaths> Parse(IReadOnlyList<string> urls, string? user, string usage)
    {
        if (urls.Count == 0)
        {
            throw CommandLine.CreateUsageError("the URL is missing", null, usage);
        }

        return [.. urls.Select(url => ParseUrl(url, user, usage))
            .GroupBy(item => item.Server, item => item.Path)
            .Select(group => new ServerPaths(group.Key, [.. group]))];
    }

    /// <summary>
    /// Returns the server and the path of one URL, or of a path on a bookmark. The path is empty for the login folder.
    /// </summary>
    /// <exception cref="UserErrorException">The argument is not a valid URL.</exception>
    public static (Target Server, ShellWord Path) ParseUrl(string url, string? user, string usage)
    {
        url = Bookmark.Expand(url);
        if (!Target.IsUrl(url))
        {
            throw CommandLine.CreateUsageError($"'{url}' is not a URL such as ftp://host:port/path", null, usage);
        }

        Target target = Target.FromUrl(url);
        // The typed text decides about the pattern: an escaped %2A in the URL is a character of the name.
        string typed = RemoteDirectory.GetName(Target.SplitType(url).Path);
        return (
            target with { User = user ?? target.User, UrlPath = null },
            new ShellWord(target.UrlPath ?? "", IsPattern: typed.AsSpan().IndexOfAny('*', '?') >= 0, IsExact: true));
    }
}
