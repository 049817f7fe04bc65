using Fts.Accounts.Login;
using Fts.Accounts.Recording;
using Fts.Accounts.Settings;
using Fts.Cli;
using Fts.Storage;
using Fts.Storage.Local;
using Fts.Storage.Mounts;

namespace Fts.Serving.Accounts;

/// <summary>
/// Opens the home and mounted directories of accounts. All accounts share the store of a directory. A store stays open while a session uses
/// it. Thread-safe.
/// </summary>
/// <param name="served">The store of the served folder, the default home directory.</param>
/// <param name="options">The options of the stores. Their protected paths include the state directory.</param>
/// <param name="accounts">Reads the accounts, for <see cref="OpenAll"/>.</param>
/// <param name="homes">Returns the current paths of directories for quotas.</param>
internal sealed class AccountStores(
    IFileStore served, LocalStoreOptions options, Func<AccountSnapshot> accounts, Func<HomeDirectories> homes) : IAccountStores
{
    private const UnixFileMode HomeMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, WeakReference<IFileStore>> _directories = [];
    private readonly Dictionary<Layout, WeakReference<IFileStore>> _layouts = [];

    /// <inheritdoc/>
    public IFileStore? GetStore(ResolvedAccount account)
    {
        string name = account.Settings.Name;
        string? home = account.Access.Home is { } template ? Path.GetFullPath(DirectoryTemplate.Expand(template, name)) : null;
        lock (_lock)
        {
            if (account.Access.Mounts.Count == 0)
            {
                return home is null ? null : OpenDirectory(home, isHome: true);
            }

            IFileStore homeStore = home is null ? served : OpenDirectory(home, isHome: true);
            StoreMount[] mounts =
            [
                .. account.Access.Mounts
                    .OrderBy(mount => mount.Path.Value, StringComparer.Ordinal)
                    .Select(mount => new StoreMount(
                        mount.Path, OpenDirectory(Path.GetFullPath(DirectoryTemplate.Expand(mount.Directory, name)), isHome: false),
                        mount.IsReadOnly)),
            ];
            return GetOrAdd(_layouts, new Layout(homeStore, mounts), () => new MountedStore(homeStore, mounts));
        }
    }

    /// <inheritdoc/>
    public StoreLocations? GetLocations(ResolvedAccount account)
    {
        if (account.Access is { Home: null, Mounts.Count: 0 })
        {
            return null; // the account uses the store of the host
        }

        HomeDirectories directories = homes();
        return new StoreLocations(
            directories.GetHome(account),
            account.Access.Mounts.ToDictionary(
                mount => mount.Path, mount => directories.GetPath(DirectoryTemplate.Expand(mount.Directory, account.Settings.Name))));
    }

    /// <summary>Returns the full path of an account's home directory, as the account spells it.</summary>
    /// <param name="account">The account.</param>
    /// <param name="servedFolder">The path of the served folder, the default home directory.</param>
    public static string GetHome(ResolvedAccount account, string servedFolder) =>
        Path.TrimEndingDirectorySeparator(account.Access.Home is { } template
            ? Path.GetFullPath(DirectoryTemplate.Expand(template, account.Settings.Name))
            : servedFolder);

    /// <summary>
    /// Opens the existing directories of all accounts, one after another, for the deletion of expired partial uploads. Directories that
    /// cannot be opened are skipped.
    /// </summary>
    public IEnumerable<IFileStore> OpenAll()
    {
        string[] directories;
        try
        {
            directories = [.. accounts().Resolve().SelectMany(AccountFolders.GetDirectories).Distinct().Where(Directory.Exists)];
        }
        catch (AccountDatabaseException)
        {
            yield break; // the next login reports the error
        }

        foreach (string directory in directories)
        {
            IFileStore? store = null;
            try
            {
                lock (_lock)
                {
                    store = OpenDirectory(directory, isHome: false);
                }
            }
            catch (IOException)
            {
                // The login of the account reports the error.
            }

            if (store is not null)
            {
                yield return store;
            }
        }
    }

    /// <summary>Opens a directory, or returns its open store. Requires the lock.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="isHome">Whether the directory is created if it does not exist.</param>
    private IFileStore OpenDirectory(string path, bool isHome)
    {
        // Another program may have moved or replaced the directory since it was opened.
        if (_directories.TryGetValue(path, out WeakReference<IFileStore>? reference) && reference.TryGetTarget(out IFileStore? open)
            && open is LocalFileStore local && !local.IsAtItsPath())
        {
            _directories.Remove(path);
        }

        return GetOrAdd(_directories, path, () => OpenNew(path, isHome));
    }

    private LocalFileStore OpenNew(string path, bool isHome)
    {
        string kind = isHome ? "home directory" : "mounted directory";
        try
        {
            if (isHome && !Directory.Exists(path))
            {
                CreateHome(path);
            }

            // The sandbox permits to open an excluded directory for lookups, but not to read it.
            _ = Directory.EnumerateFileSystemEntries(path).Any();
            return new LocalFileStore(path, options);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new IOException(
                $"the {kind} {path} cannot be used: {LocalErrorText.Describe(e)}; check its owner and permissions; if the sandbox " +
                "excludes it, restart the server, or start it with --homes and a folder above it", e);
        }
        catch (ArgumentException e)
        {
            throw new IOException(
                $"the {kind} {path} cannot be used: it is located in a folder with keys and settings of fts; choose another one", e);
        }
    }

    private static void CreateHome(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, HomeMode);
        }
    }

    private static IFileStore GetOrAdd<TKey>(Dictionary<TKey, WeakReference<IFileStore>> cache, TKey key, Func<IFileStore> create)
        where TKey : notnull
    {
        if (cache.TryGetValue(key, out WeakReference<IFileStore>? reference) && reference.TryGetTarget(out IFileStore? found))
        {
            return found;
        }

        foreach (TKey unused in cache.Where(entry => !entry.Value.TryGetTarget(out _)).Select(entry => entry.Key).ToArray())
        {
            cache.Remove(unused);
        }

        IFileStore created = create();
        cache[key] = new WeakReference<IFileStore>(created);
        return created;
    }

    /// <summary>The stores of an account. Equal if the stores and mount points are equal.</summary>
    private sealed record Layout(IFileStore Home, StoreMount[] Mounts)
    {
        public bool Equals(Layout? other) => other is not null && ReferenceEquals(Home, other.Home) && Mounts.SequenceEqual(other.Mounts);

        public override int GetHashCode() => Mounts.Aggregate(Home.GetHashCode(), HashCode.Combine);
    }
}
