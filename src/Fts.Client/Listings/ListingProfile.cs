using Fts.Client.Connections;
using Fts.Protocol;

namespace Fts.Client.Listings;

/// <summary>Caches how the listing commands of one server behave, for all connections of one client.</summary>
/// <remarks>Thread-safe: the flags are independent, and a lock protects the sample of names.</remarks>
internal sealed class ListingProfile
{
    /// <summary>The number of names at the start of a listing that are recorded and compared with another listing.</summary>
    public const int SampleNames = 16;

    /// <summary>Systems whose LIST accepts a name pattern and no options of ls, identified by a text in the reply to SYST.</summary>
    private static readonly string[] SystemsWithoutOptions =
    [
        "windows", "vms", "mvs", "z/os", "os/400", "os400", "z/vm", "vm/", "netware", "os/2", "nonstop", "tandem", "guardian", "macos",
        "vxworks", "tops20", "cms",
    ];

    private readonly Lock _lock = new();
    private (WorkingDirectory? Directory, string Path, string[] Names)? _sample; // the first names of a listing; protected by _lock
    private volatile bool _isListUnsupported, _isMlsdUnsupported, _shouldEnterDirectory, _shouldEnterIfPathHasSpace, _isPathHonored;
    private volatile ListOptionSupport _optionSupport;

    /// <summary>Whether LIST supports the option -a.</summary>
    public ListOptionSupport OptionSupport
    {
        get => _optionSupport;
        set => _optionSupport = value;
    }

    /// <summary>Whether the server does not implement LIST, so that NLST is used.</summary>
    public bool IsListUnsupported
    {
        get => _isListUnsupported;
        set => _isListUnsupported = value;
    }

    /// <summary>Whether the server rejects MLSD for every directory. It may still support MLST.</summary>
    public bool IsMlsdUnsupported
    {
        get => _isMlsdUnsupported;
        set => _isMlsdUnsupported = value;
    }

    /// <summary>Whether LIST rejects or ignores a path, so that the client enters a directory (CWD) to list it.</summary>
    public bool ShouldEnterDirectory
    {
        get => _shouldEnterDirectory;
        set => _shouldEnterDirectory = value;
    }

    /// <summary>
    /// Whether LIST parses a path with a space as two paths, so that the client enters such a directory (CWD) to list it.
    /// </summary>
    public bool ShouldEnterIfPathHasSpace
    {
        get => _shouldEnterIfPathHasSpace;
        set => _shouldEnterIfPathHasSpace = value;
    }

    /// <summary>Whether LIST is known to use its path argument, because the listings of two paths had no name in common.</summary>
    public bool IsPathHonored => _isPathHonored;

    /// <summary>Returns whether LIST may support the options of ls, according to the reply to SYST.</summary>
    public static bool CanSupportOptions(FtpReply system) =>
        !system.IsCompletion || !SystemsWithoutOptions.Any(name => system.Text.Contains(name, StringComparison.OrdinalIgnoreCase))
        || system.Text.Contains("unix", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Returns whether the server may have ignored the path and listed the current directory instead. Returns true if a component of the
    /// path is the name of an entry that is not a file, or if the first names are the same as in the listing of another path.
    /// </summary>
    public bool IsPossiblyWrongDirectory(WorkingDirectory? workingDirectory, string path, List<FtpEntry> entries)
    {
        string[] components = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return entries.Exists(entry => entry.Kind is not FtpEntryKind.File && components.Contains(entry.Name))
            || IsSampleOfAnotherPath(workingDirectory, path, entries);
    }

    /// <summary>
    /// Records the first names of a listing, or compares the listing with the names recorded before for another path. If they have no name
    /// in common, sets <see cref="IsPathHonored"/>.
    /// </summary>
    public void RecordListing(WorkingDirectory? workingDirectory, string path, List<FtpEntry> entries)
    {
        if (_isPathHonored || entries.Count == 0)
        {
            return;
        }

        lock (_lock)
        {
            if (_sample is not { } sample || sample.Directory != workingDirectory)
            {
                _sample = (workingDirectory, path, [.. entries.Take(SampleNames).Select(entry => entry.Name)]);
            }
            else if (sample.Path != path && !entries.Exists(entry => sample.Names.Contains(entry.Name)))
            {
                _isPathHonored = true;
            }
        }
    }

    private bool IsSampleOfAnotherPath(WorkingDirectory? workingDirectory, string path, List<FtpEntry> entries)
    {
        lock (_lock)
        {
            return _sample is { } sample && sample.Directory == workingDirectory && sample.Path != path
                && entries.Take(SampleNames).Select(entry => entry.Name).SequenceEqual(sample.Names);
        }
    }
}

/// <summary>Whether LIST supports the options of ls.</summary>
internal enum ListOptionSupport
{
    /// <summary>Unknown, because SYST has not been sent yet.</summary>
    Unknown,
    /// <summary>The options may be supported, according to the reply to SYST.</summary>
    Possible,
    /// <summary>The options are supported: a listing with -a had lines.</summary>
    Supported,
    /// <summary>The options are not supported: according to SYST, or because the server rejected -a or interpreted it as a name.</summary>
    Unsupported,
}
