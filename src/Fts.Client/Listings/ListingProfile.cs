using Fts.Client.Connections;
using Fts.Protocol;

namespace Fts.Client.Listings;

/// <summary>Caches how the listing commands of one server behave. Shared by its connections. A listing detects a value that is still unknown.</summary>
internal sealed class ListingProfile
{
    /// <summary>The number of names that identify a folder.</summary>
    public const int SampleNames = 16;

    /// <summary>Systems whose LIST accepts a name pattern and no options of ls, by their text in the reply to SYST.</summary>
    private static readonly string[] SystemsWithoutOptions =
        ["windows", "vms", "mvs", "z/os", "os/400", "os400", "z/vm", "vm/", "netware", "os/2", "nonstop", "tandem", "guardian", "macos", "vxworks", "tops20", "cms"];

    private readonly Lock _lock = new();
    private (WorkingDirectory? Folder, string Path, string[] Names)? _sample; // under the lock above
    private volatile bool _isListUnsupported, _isMlsdUnsupported, _shouldEnterDirectory, _shouldEnterIfPathHasSpace, _isPathUsed;
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

    /// <summary>Whether the server refuses MLSD of every folder. It may still support MLST.</summary>
    public bool IsMlsdUnsupported
    {
        get => _isMlsdUnsupported;
        set => _isMlsdUnsupported = value;
    }

    /// <summary>Whether LIST refuses or ignores a path, so that a folder is listed after CWD.</summary>
    public bool ShouldEnterDirectory
    {
        get => _shouldEnterDirectory;
        set => _shouldEnterDirectory = value;
    }

    /// <summary>Whether LIST parses a path with a space as two paths. Such a folder is listed after CWD.</summary>
    public bool ShouldEnterIfPathHasSpace
    {
        get => _shouldEnterIfPathHasSpace;
        set => _shouldEnterIfPathHasSpace = value;
    }

    /// <summary>Whether LIST is known to use its path, because two listings had no name in common.</summary>
    public bool IsPathUsed => _isPathUsed;

    /// <summary>Returns whether the system that SYST names has a LIST that may support options.</summary>
    public static bool CanSupportOptions(FtpReply system) =>
        !system.IsCompletion || !SystemsWithoutOptions.Any(name => system.Text.Contains(name, StringComparison.OrdinalIgnoreCase))
        || system.Text.Contains("unix", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Returns whether a listing by path may be that of the current folder, because the server ignores the path: it contains a folder of the path itself, or
    /// it is equal to the listing of another path.
    /// </summary>
    public bool CanBeOfAnotherDirectory(WorkingDirectory? directory, string path, List<FtpEntry> entries)
    {
        string[] components = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return entries.Exists(entry => entry.Kind is not FtpEntryKind.File && components.Contains(entry.Name)) || IsSampleOfAnotherPath(directory, path, entries);
    }

    /// <summary>Notes a listing made without CWD, so that the next one can be compared with it.</summary>
    public void NoteListing(WorkingDirectory? directory, string path, List<FtpEntry> entries)
    {
        if (_isPathUsed || entries.Count == 0)
        {
            return;
        }

        lock (_lock)
        {
            if (_sample is not { } sample || sample.Folder != directory)
            {
                _sample = (directory, path, [.. entries.Take(SampleNames).Select(entry => entry.Name)]);
            }
            else if (sample.Path != path && !entries.Exists(entry => sample.Names.Contains(entry.Name)))
            {
                _isPathUsed = true;
            }
        }
    }

    private bool IsSampleOfAnotherPath(WorkingDirectory? directory, string path, List<FtpEntry> entries)
    {
        lock (_lock)
        {
            return _sample is { } sample && sample.Folder == directory && sample.Path != path
                && entries.Take(SampleNames).Select(entry => entry.Name).SequenceEqual(sample.Names);
        }
    }
}

/// <summary>Whether LIST takes the options of ls.</summary>
internal enum ListOptionSupport
{
    /// <summary>Nothing is known, not even the server's system.</summary>
    Unknown,
    /// <summary>The server's system may take them.</summary>
    Possible,
    /// <summary>A listing with -a had entries.</summary>
    Supported,
    /// <summary>The server refused -a, or took it for a name.</summary>
    Unsupported,
}
