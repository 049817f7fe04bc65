using Fts.Shell.Settings;

namespace Fts.Cli.Connections;

/// <summary>
/// Replaces the name of a bookmark in an argument of a one-shot command by its URL (<see cref="NamedTextFile.Bookmarks"/>).
/// </summary>
internal static class Bookmark
{
    /// <summary>
    /// Returns the URL of <c>NAME:path</c>, which is below the folder of the bookmark, or of <c>NAME:/path</c>, which is below the login
    /// folder of its server. Returns every other argument unchanged, such as a URL and the name of a local file.
    /// </summary>
    /// <exception cref="UserErrorException">The file of the bookmarks cannot be read.</exception>
    public static string Expand(string argument)
    {
        int colon = argument.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || argument.AsSpan(colon).StartsWith("://") || FindUrl(argument[..colon]) is not { } url)
        {
            return argument;
        }

        string path = argument[(colon + 1)..];
        if (path.StartsWith('/'))
        {
            return new Uri(url).GetLeftPart(UriPartial.Authority) + EscapePath(path);
        }

        return path.Length == 0 ? url : $"{url.TrimEnd('/')}/{EscapePath(path)}";
    }

    /// <summary>Returns the URL of a bookmark, or null if no bookmark has this name or its text is no URL.</summary>
    private static string? FindUrl(string name) =>
        NamedTextFile.Bookmarks.Find(name) is { } text && Uri.IsWellFormedUriString(text, UriKind.Absolute) ? text : null;

    /// <summary>Returns a path with the characters escaped that have a meaning in a URL. The wildcard <c>*</c> stays.</summary>
    private static string EscapePath(string path) => string.Join(
        '/', path.Split('/').Select(part => Uri.EscapeDataString(part).Replace("%2A", "*", StringComparison.Ordinal)));
}
