namespace Fts.CrashTests.KillRestart;

/// <summary>What lies in the shared folder itself, seen past the server.</summary>
/// <param name="Visible">Every name a client may see, with the content that was found whole.</param>
/// <param name="Pending">The lengths of the hidden files.</param>
internal sealed record FolderLook(IReadOnlyDictionary<string, Content> Visible, IReadOnlyList<long> Pending)
{
    private const string PendingPrefix = ".fts-pending-";

    /// <summary>Reads everything.</summary>
    /// <exception cref="Xunit.Sdk.XunitException">A visible file is not whole.</exception>
    public static FolderLook At(string folder)
    {
        var visible = new Dictionary<string, Content>();
        var pending = new List<long>();
        foreach (FileSystemInfo entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
        {
            if (entry is not FileInfo file)
            {
                visible.Add(entry.Name, Content.Folder);
            }
            else if (entry.Name.StartsWith(PendingPrefix, StringComparison.Ordinal))
            {
                pending.Add(file.Length);
            }
            else
            {
                visible.Add(entry.Name, Content.Read(File.ReadAllBytes(entry.FullName)) ?? throw new Xunit.Sdk.XunitException($"{entry.Name} ({file.Length} bytes) is not whole: {Start(file)}"));
            }
        }

        return new FolderLook(visible, pending);
    }

    /// <summary>The part of it that is one worker's.</summary>
    public IReadOnlyDictionary<string, Content> Of(Worker worker) =>
        Visible.Where(entry => entry.Key.StartsWith(worker.Prefix + "-", StringComparison.Ordinal)).ToDictionary();

    private static string Start(FileInfo file)
    {
        using StreamReader reader = file.OpenText();
        return reader.ReadLine() is { Length: < 200 } line ? line : "no record";
    }
}
