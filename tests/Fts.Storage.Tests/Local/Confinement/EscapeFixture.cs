namespace Fts.Storage.Tests.Local.Confinement;

/// <summary>The directory of a store with a way out of it, and the directory outside.</summary>
public sealed class EscapeFixture : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public EscapeFixture(EscapeCase escape)
    {
        Outside = _folder["outside"];
        Inside = _folder["inside"];
        Directory.CreateDirectory(Path.Combine(Outside, "empty"));
        File.WriteAllText(Path.Combine(Outside, "secret"), Secret);
        File.WriteAllText(Path.Combine(Outside, "theirs"), Secret);
        Directory.CreateDirectory(Path.Combine(Inside, "folder", "deep"));
        File.WriteAllText(Path.Combine(Inside, "mine"), "mine");
        foreach ((string link, string target) in escape.Links)
        {
            File.CreateSymbolicLink(Path.Combine(Inside, link), ReplaceOutside(target));
        }

        _ = SnapshotOutside();
        Before = SnapshotOutside();
        NamesBefore = ListNamesInside();
    }

    public static string Secret => "the secret outside";

    public string Inside { get; }

    public string Outside { get; }

    public string Before { get; }

    public string NamesBefore { get; }

    public void Dispose() => _folder.Dispose();

    /// <summary>Replaces <c>{outside}</c> in a path or the text of a link.</summary>
    public string ReplaceOutside(string text) => text.Replace("{outside}", Outside, StringComparison.Ordinal);

    /// <summary>Returns the real path that a program without confinement would use for a virtual path.</summary>
    public string GetRealPath(string path) => $"{Inside}/{ReplaceOutside(path)}";

    /// <summary>
    /// Returns the state outside as text: names, times, modes and contents. The access times detect reads: they are set to 1970, and a read
    /// changes them on every file system that records them.
    /// </summary>
    public string SnapshotOutside()
    {
        string accessTimes = $"{Directory.GetLastAccessTimeUtc(Outside):O} {Directory.GetLastAccessTimeUtc(Outside + "/empty"):O}";
        IEnumerable<FileSystemInfo> entries = new DirectoryInfo(Outside).EnumerateFileSystemInfos("*", SearchOption.AllDirectories);
        FileSystemInfo[] all = [.. entries.OrderBy(info => info.FullName, StringComparer.Ordinal)];
        string text = string.Join('\n', all.Select(info =>
            $"{info.FullName} {(info is FileInfo ? info.LastAccessTimeUtc : default):O} {info.LastWriteTimeUtc:O} {info.UnixFileMode} "
            + (info is FileInfo file ? File.ReadAllText(file.FullName) : "")));
        foreach (FileSystemInfo info in all.Prepend(new DirectoryInfo(Outside)))
        {
            info.LastAccessTimeUtc = DateTime.UnixEpoch;
        }

        return $"{accessTimes} {Directory.GetLastWriteTimeUtc(Outside):O} {File.GetUnixFileMode(Outside)}\n{text}";
    }

    /// <summary>Returns the names inside, with hidden names. A refused attempt leaves no staging file.</summary>
    public string ListNamesInside()
    {
        string[] folders = ["", "folder", "folder/deep"];
        IEnumerable<string> entries = folders.SelectMany(folder => Directory.GetFileSystemEntries(Path.Combine(Inside, folder)));
        return string.Join(' ', entries.Order(StringComparer.Ordinal));
    }
}
