using Fts.Storage;

namespace Fts.Accounts.Recording;

/// <summary>The place of an entry: a real directory that a store serves, and the path in it.</summary>
/// <param name="Directory">The real path of the directory, without a trailing slash.</param>
/// <param name="Path">The path of the entry below this directory.</param>
public readonly record struct StoreLocation(string Directory, StorePath Path)
{
    /// <summary>The real path of the entry, if no component is a link.</summary>
    public string FullPath => Path.IsRoot ? Directory : Directory == "/" ? Path.Value : Directory + Path.Value;
}

/// <summary>The directories of an account's store: its home directory, and the directories mounted into it. Immutable.</summary>
public sealed class StoreLocations
{
    private readonly KeyValuePair<StorePath, string>[] _mounts; // the longest paths first

    /// <summary>Creates locations.</summary>
    /// <param name="home">The real path of the home directory.</param>
    /// <param name="mounts">The real path of the directory that is mounted at each virtual path. Default: none.</param>
    public StoreLocations(string home, IReadOnlyDictionary<StorePath, string>? mounts = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(home);
        Home = TrimSlash(home);
        _mounts = [.. (mounts ?? new Dictionary<StorePath, string>())
            .Select(mount => KeyValuePair.Create(mount.Key, TrimSlash(mount.Value)))
            .OrderByDescending(mount => mount.Key.Value.Length)];
    }

    /// <summary>The real path of the home directory, without a trailing slash.</summary>
    public string Home { get; }

    /// <summary>Returns the location of a virtual path.</summary>
    /// <param name="path">The path.</param>
    /// <param name="store">The store of the account, which compares paths. Null to compare them exactly.</param>
    public StoreLocation Find(StorePath path, IFileStore? store = null)
    {
        StorePath compared = GetForm(path);
        foreach ((StorePath mount, string directory) in _mounts)
        {
            if (compared.IsWithin(GetForm(mount)))
            {
                string rest = string.Join('/', path.Value.Split('/').Skip(mount.Value.Split('/').Length));
                return new StoreLocation(directory, StorePath.Root.Resolve(rest)!.Value);
            }
        }

        StorePath GetForm(StorePath spelling) => store?.GetComparisonPath(spelling) ?? spelling;

        return new StoreLocation(Home, path);
    }

    private static string TrimSlash(string path) => path.Length > 1 ? path.TrimEnd('/') : path;
}
