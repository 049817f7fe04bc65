using Fts.Accounts.Settings;
using Fts.Native;
using Fts.Storage.Local;

namespace Fts.Serving.Accounts;

/// <summary>
/// The paths of directories for quotas, which do not depend on the spelling in the accounts. A directory with a quota is identified by its
/// device and inode: through a link, a bind mount or, on a file system that ignores case, another name it is the same directory. Immutable.
/// </summary>
/// <remarks>
/// The paths depend only on the accounts and the file system, so that one process finds the usages that another one stored.
/// </remarks>
internal sealed class HomeDirectories
{
    private readonly string _servedFolder;
    private readonly Dictionary<(uint, uint, ulong), string> _homes = []; // the existing home directories with a quota

    private readonly Func<string, (uint Major, uint Minor, ulong Inode)?> _getIdentity;

    private HomeDirectories(string servedFolder, Func<string, (uint Major, uint Minor, ulong Inode)?> getIdentity) =>
        (_servedFolder, _getIdentity) = (servedFolder, getIdentity);

    /// <summary>Reads the identities of the home directories with a quota. Later changes of the file system need another object.</summary>
    /// <param name="snapshot">The accounts.</param>
    /// <param name="servedFolder">The path of the served folder, the default home directory. Empty if it is unknown.</param>
    /// <param name="getIdentity">Returns device and inode of a directory, or null if it does not exist. Null to read them.</param>
    public static HomeDirectories Create(
        AccountSnapshot snapshot, string servedFolder, Func<string, (uint Major, uint Minor, ulong Inode)?>? getIdentity = null)
    {
        var directories = new HomeDirectories(servedFolder, getIdentity ?? ReadIdentity);
        IEnumerable<string> homes = snapshot.Resolve()
            .Where(account => account.QuotaBytes is not null || account.QuotaFiles is not null)
            .Select(account => AccountStores.GetHome(account, servedFolder))
            .Where(home => home.Length > 0)
            .Distinct(StringComparer.Ordinal)
            .Select(LocalPath.ResolveMounts)
            .Distinct(StringComparer.Ordinal)
            // A directory comes before those that it contains, whose paths begin with its path then.
            .OrderBy(home => home.Count(character => character == '/')).ThenBy(home => home, StringComparer.Ordinal);
        foreach (string home in homes)
        {
            string path = directories.Replace(home);
            if (directories._getIdentity(path) is { } identity)
            {
                directories._homes.TryAdd(identity, path);
            }
        }

        return directories;
    }

    /// <summary>Returns the path of an account's home directory. Empty if the account uses the served folder, which is unknown.</summary>
    public string GetHome(ResolvedAccount account) =>
        AccountStores.GetHome(account, _servedFolder) is { Length: > 0 } home ? GetPath(home) : "";

    /// <summary>Returns the path of a directory, which need not exist.</summary>
    public string GetPath(string directory) => Replace(LocalPath.ResolveMounts(directory));

    /// <summary>Replaces the longest beginning of a path that is a directory with a quota by the path of that directory.</summary>
    private string Replace(string path)
    {
        if (_homes.Count == 0)
        {
            return path;
        }

        for (int end = path.Length; end > 0; end = path.LastIndexOf('/', end - 1))
        {
            if (_getIdentity(path[..end]) is { } identity && _homes.TryGetValue(identity, out string? home))
            {
                return home + path[end..];
            }
        }

        return path;
    }

    private static (uint Major, uint Minor, ulong Inode)? ReadIdentity(string path) => FileStatus.TryGet(path, out FileStatus status)
        ? (status.DeviceMajor, status.DeviceMinor, status.Inode)
        : null;
}
