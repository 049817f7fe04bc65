namespace Fts.CrashTests.KillRestart;

/// <summary>The content of the shared folder, read from the file system and not through the server.</summary>
/// <param name="Visible">The entries that clients can list, with their content.</param>
/// <param name="StagedLengths">The lengths of the staging files, in bytes.</param>
internal sealed record FolderSnapshot(IReadOnlyDictionary<string, FileContent> Visible, IReadOnlyList<long> StagedLengths)
{
    private const string StagingPrefix = ".fts-pending-";

    private const int RecordNameLength = 38;

    /// <summary>
    /// Returns whether the server was killed while it appended to a file. The file may contain a part of the append until the next start.
    /// </summary>
    public static bool HasUnfinishedAppend(string folder) => Directory.EnumerateFiles(folder).Any(path =>
        Path.GetFileName(path) is { Length: RecordNameLength } name && name.StartsWith(StagingPrefix + "a", StringComparison.Ordinal));

    /// <summary>Reads the folder.</summary>
    /// <exception cref="Xunit.Sdk.XunitException">A visible file has a damaged or incomplete record.</exception>
    public static FolderSnapshot Read(string folder)
    {
        var visible = new Dictionary<string, FileContent>();
        var stagedLengths = new List<long>();
        foreach (FileSystemInfo entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
        {
            if (entry is not FileInfo file)
            {
                visible.Add(entry.Name, FileContent.Folder);
            }
            else if (entry.Name.StartsWith(StagingPrefix, StringComparison.Ordinal))
            {
                stagedLengths.Add(file.Length);
            }
            else
            {
                visible.Add(entry.Name, FileContent.Parse(File.ReadAllBytes(entry.FullName))
                    ?? throw new Xunit.Sdk.XunitException(
                        $"{entry.Name} ({file.Length} bytes) has a damaged or incomplete record: {ReadFirstLine(file)}"));
            }
        }

        return new FolderSnapshot(visible, stagedLengths);
    }

    /// <summary>Returns the visible entries of one worker.</summary>
    public IReadOnlyDictionary<string, FileContent> GetFilesOf(Worker worker) =>
        Visible.Where(entry => entry.Key.StartsWith(worker.Prefix + "-", StringComparison.Ordinal)).ToDictionary();

    private static string ReadFirstLine(FileInfo file)
    {
        using StreamReader reader = file.OpenText();
        return reader.ReadLine() is { Length: < 200 } line ? line : "no record";
    }
}
