namespace Fts.Cli.Connections;

/// <summary>
/// Replaces the name of a bookmark in an argument of a one-shot command by its URL. The file <c>fts/bookmarks</c> in
/// <c>XDG_CONFIG_HOME</c> or <c>~/.config</c> has one bookmark per line: the name, a space, and a URL without a password.
/// </summary>
internal static class Bookmark
{
    private static string FilePath => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } folder && Path.IsPathRooted(folder)
            ? folder
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config"),
        "fts",
        "bookmarks");

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

    private static string? FindUrl(string name)
    {
        try
        {
            return File.ReadLines(FilePath).Select(line => line.Split(' ', 2))
                .Where(parts => parts.Length == 2 && parts[0] == name && Uri.IsWellFormedUriString(parts[1].Trim(), UriKind.Absolute))
                .Select(parts => parts[1].Trim()).LastOrDefault();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"cannot read {FilePath}: {LocalErrorText.Describe(e)}");
        }
    }

    /// <summary>Returns a path with the characters escaped that have a meaning in a URL. The wildcard <c>*</c> stays.</summary>
    private static string EscapePath(string path) => string.Join(
        '/', path.Split('/').Select(part => Uri.EscapeDataString(part).Replace("%2A", "*", StringComparison.Ordinal)));
}
