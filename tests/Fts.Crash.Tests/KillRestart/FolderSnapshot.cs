namespace Fts.CrashTests.KillRestart;

/// <summary>What lies in the shared folder itself, seen past the server.</summary>
/// <param name="Visible">Every name a client may see, with the content that was found whole.</param>
/// <param name="StagedLengths">The lengths of the hidden files.</param>
internal sealed record FolderSnapshot(IReadOnlyDictionary<string, FileContent> Visible, IReadOnlyList<long> StagedLengths)
{
    private const string StagingPrefix = ".fts-pending-";

    /// <summary>Reads everything.</summary>
    /// <exception cref="Xunit.Sdk.XunitException">A visible file is not whole.</exception>
    public static FolderSnapshot Read(string folder)
    {
        var visible = new Dictionary<string, FileContent>();
        var pending = new List<long>();
        foreach (FileSystemInfo entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
        {
            if (entry is not FileInfo file)
            {
                visible.Add(entry.Name, FileContent.Folder);
            }
            else if (entry.Name.StartsWith(StagingPrefix, StringComparison.Ordinal))
            {
                pending.Add(file.Length);
            }
            else
            {
                visible.Add(entry.Name, FileContent.Parse(File.ReadAllBytes(entry.FullName))
                    ?? throw new Xunit.Sdk.XunitException($"{entry.Name} ({file.Length} bytes) is not whole: {ReadFirstLine(file)}"));
            }
        }

        return new FolderSnapshot(visible, pending);
    }

    /// <summary>The part of it that is one worker's.</summary>
    public IReadOnlyDictionary<string, FileContent> GetFilesOf(Worker worker) =>
        Visible.Where(entry => entry.Key.StartsWith(worker.Prefix + "-", StringComparison.Ordinal)).ToDictionary();

    private static string ReadFirstLine(FileInfo file)
    {
        using StreamReader reader = file.OpenText();
        return reader.ReadLine() is { Length: < 200 } line ? line : "no record";
    }
}
