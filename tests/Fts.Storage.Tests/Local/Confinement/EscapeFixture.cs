namespace Fts.Storage.Tests.Local.Confinement;

/// <summary>A store's folder with a way out of it, and the folder outside.</summary>
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
            File.CreateSymbolicLink(Path.Combine(Inside, link), Spelled(target));
        }

        _ = SnapshotOutside();
        Before = SnapshotOutside();
        NamesBefore = NamesInside();
    }

    public static string Secret => "the secret outside";

    public string Inside { get; }

    public string Outside { get; }

    public string Before { get; }

    public string NamesBefore { get; }

    public void Dispose() => _folder.Dispose();

    /// <summary>A path or a link's text with the real path of the folder outside in it.</summary>
    public string Spelled(string text) => text.Replace("{outside}", Outside, StringComparison.Ordinal);

    /// <summary>The real path that a program without confinement would use for a virtual one.</summary>
    public string Real(string path) => $"{Inside}/{Spelled(path)}";

    /// <summary>
    /// Everything outside as text: names, dates, modes, contents. The dates of reading as well: whoever reads a file or a folder that was last read in 1970 leaves
    /// that behind, on any file system that keeps these dates at all.
    /// </summary>
    public string SnapshotOutside()
    {
        string read = $"{Directory.GetLastAccessTimeUtc(Outside):O} {Directory.GetLastAccessTimeUtc(Outside + "/empty"):O}";
        FileSystemInfo[] all = [.. new DirectoryInfo(Outside).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).OrderBy(info => info.FullName, StringComparer.Ordinal)];
        string text = string.Join('\n', all.Select(info =>
            $"{info.FullName} {(info is FileInfo ? info.LastAccessTimeUtc : default):O} {info.LastWriteTimeUtc:O} {info.UnixFileMode} {(info is FileInfo file ? File.ReadAllText(file.FullName) : "")}"));
        foreach (FileSystemInfo info in all.Prepend(new DirectoryInfo(Outside)))
        {
            info.LastAccessTimeUtc = DateTime.UnixEpoch;
        }

        return $"{read} {Directory.GetLastWriteTimeUtc(Outside):O} {File.GetUnixFileMode(Outside)}\n{text}";
    }

    /// <summary>The names inside, those that a store hides as well: an attempt that is refused leaves none.</summary>
    public string NamesInside() => string.Join(' ', new[] { "", "folder", "folder/deep" }.SelectMany(folder => Directory.GetFileSystemEntries(Path.Combine(Inside, folder))).Order(StringComparer.Ordinal));
}
