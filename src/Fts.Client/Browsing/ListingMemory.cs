using Fts.Protocol;

namespace Fts.Client;

/// <summary>Caches how the listing commands of one server behave. Shared by its connections. A listing detects a value that is still unknown.</summary>
internal sealed class ListingMemory
{
    /// <summary>The number of names that identify a folder.</summary>
    public const int SampleLength = 16;

    /// <summary>Systems whose LIST accepts a name pattern and no options of ls, by their text in the reply to SYST.</summary>
    private static readonly string[] SystemsWithoutOptions =
        ["windows", "vms", "mvs", "z/os", "os/400", "os400", "z/vm", "vm/", "netware", "os/2", "nonstop", "tandem", "guardian", "macos", "vxworks", "tops20", "cms"];

    private readonly Lock _lock = new();
    private (WorkingFolder? Folder, string Path, string[] Names)? _sample; // under the lock above
    private volatile bool _refusesList, _refusesMachineList, _needsFolder, _splitsArguments, _obeysPath;
    private volatile ListOptionSupport _options;

    /// <summary>Whether LIST supports the option -a.</summary>
    public ListOptionSupport Options
    {
        get => _options;
        set => _options = value;
    }

    /// <summary>Whether the server does not implement LIST, so that NLST is used.</summary>
    public bool RefusesList
    {
        get => _refusesList;
        set => _refusesList = value;
    }

    /// <summary>Whether the server refuses MLSD of every folder. It may still support MLST.</summary>
    public bool RefusesMachineList
    {
        get => _refusesMachineList;
        set => _refusesMachineList = value;
    }

    /// <summary>Whether LIST refuses or ignores a path, so that a folder is listed after CWD.</summary>
    public bool NeedsFolder
    {
        get => _needsFolder;
        set => _needsFolder = value;
    }

    /// <summary>Whether LIST parses a path with a space as two paths. Such a folder is listed after CWD.</summary>
    public bool SplitsArguments
    {
        get => _splitsArguments;
        set => _splitsArguments = value;
    }

    /// <summary>Whether LIST is known to use its path, because two listings had no name in common.</summary>
    public bool ObeysPath => _obeysPath;

    /// <summary>Returns whether the system that SYST names has a LIST that may support options.</summary>
    public static bool MayTakeOptions(FtpReply system) =>
        !system.IsCompletion || !SystemsWithoutOptions.Any(name => system.Text.Contains(name, StringComparison.OrdinalIgnoreCase))
        || system.Text.Contains("unix", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Returns whether a listing by path may be that of the current folder, because the server ignores the path: it contains a folder of the path itself, or
    /// it is equal to the listing of another path.
    /// </summary>
    public bool IsSuspicious(WorkingFolder? directory, string path, List<FtpEntry> entries)
    {
        string[] components = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return entries.Exists(entry => entry.Kind is not FtpEntryKind.File && components.Contains(entry.Name)) || IsSampleOfAnother(directory, path, entries);
    }

    /// <summary>Notes a listing made without CWD, so that the next one can be compared with it.</summary>
    public void Note(WorkingFolder? directory, string path, List<FtpEntry> entries)
    {
        if (_obeysPath || entries.Count == 0)
        {
            return;
        }

        lock (_lock)
        {
            if (_sample is not { } sample || sample.Folder != directory)
            {
                _sample = (directory, path, [.. entries.Take(SampleLength).Select(entry => entry.Name)]);
            }
            else if (sample.Path != path && !entries.Exists(entry => sample.Names.Contains(entry.Name)))
            {
                _obeysPath = true;
            }
        }
    }

    private bool IsSampleOfAnother(WorkingFolder? directory, string path, List<FtpEntry> entries)
    {
        lock (_lock)
        {
            return _sample is { } sample && sample.Folder == directory && sample.Path != path
                && entries.Take(SampleLength).Select(entry => entry.Name).SequenceEqual(sample.Names);
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
    Taken,
    /// <summary>The server refused -a, or took it for a name.</summary>
    Refused,
}
