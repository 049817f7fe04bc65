using Fts.Accounts.Settings;

namespace Fts.Serving.Accounts;

/// <summary>The folders that the accounts use, for the sandbox. Pure, except for the check whether a folder exists.</summary>
internal static class AccountFolders
{
    /// <summary>
    /// Returns the folders that the sandbox must allow: the home and mounted directories of all accounts, and the folders in which they are
    /// located, so that the server can create them and the directories of later accounts beside them. The folder in which a directory is
    /// located is omitted if it is <c>/</c> or directly below <c>/</c>.
    /// </summary>
    /// <param name="snapshot">The accounts and groups.</param>
    /// <param name="homes">The folders of <c>--homes</c>.</param>
    public static IReadOnlyList<string> GetFolders(AccountSnapshot snapshot, IReadOnlyList<string> homes)
    {
        string[] expanded = [.. snapshot.Resolve().SelectMany(GetDirectories)];
        // A group can supply directories to accounts that do not exist yet.
        IEnumerable<string> parents = snapshot.Groups
            .SelectMany(group => GetTemplates(group.Value.Access))
            .Select(DirectoryTemplate.GetTextBeforeName)
            .OfType<string>()
            .Select(text => text + "x")
            .Concat(expanded)
            .Select(directory => Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(directory)))
            .OfType<string>()
            .Where(parent => Path.GetDirectoryName(parent) is { } above && Path.GetPathRoot(above) != above);
        return RemoveNested(homes.Concat(parents).Concat(expanded));
    }

    /// <summary>Returns the home and mounted directories of an account.</summary>
    public static IEnumerable<string> GetDirectories(ResolvedAccount account) =>
        GetTemplates(account.Access).Select(template => Path.GetFullPath(DirectoryTemplate.Expand(template, account.Settings.Name)));

    private static IEnumerable<string> GetTemplates(AccessSettings access) =>
        access.Mounts.Select(mount => mount.Directory).Concat(access.Home is null ? [] : [access.Home]);

    /// <summary>Removes repeated folders, and folders that are located in another folder of the list.</summary>
    private static List<string> RemoveNested(IEnumerable<string> folders)
    {
        HashSet<string> all = [.. folders.Select(Path.TrimEndingDirectorySeparator)];
        return [.. all.Where(folder => !GetAncestors(folder).Any(all.Contains)).Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> GetAncestors(string folder)
    {
        for (string? at = Path.GetDirectoryName(folder); at is not null; at = Path.GetDirectoryName(at))
        {
            yield return at;
        }
    }
}
