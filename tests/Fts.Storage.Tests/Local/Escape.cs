namespace Fts.Storage.Tests.Local;

/// <summary>
/// One way out of a store: the links that make it, and the paths that go it. The folder <c>outside</c> lies beside the store's and holds <c>secret</c> and the
/// empty folder <c>empty</c>. A null folder path means that the way leads to the file alone.
/// </summary>
public sealed record Escape(string Name, string FilePath, string? FolderPath, params (string Link, string Target)[] Links)
{
    /// <summary>The table. <c>{outside}</c> stands for the real path of the folder outside.</summary>
    public static readonly Escape[] All =
    [
        new("a link to a file", "/leak", null, ("leak", "../outside/secret")),
        new("an absolute link to a file", "/leak", null, ("leak", "{outside}/secret")),
        new("a link to a link to a file", "/one", null, ("one", "two"), ("two", "../outside/secret")),
        new("a link to a folder", "/way/secret", "/way", ("way", "../outside")),
        new("an absolute link to a folder", "/way/secret", "/way", ("way", "{outside}")),
        new("a link that climbs further than it must", "/way/secret", "/way", ("way", "../../../../../../../../../../../../../../../../..{outside}")),
        new("a chain of links", "/one/secret", "/one", ("one", "./folder/two"), ("folder/two", "../three"), ("three", "../outside")),
        new("a link to the folder above", "/up/outside/secret", "/up/outside", ("up", "..")),
        new("a link down and up again", "/way/secret", "/way", ("way", "folder/deep/../../../outside")),
        new("a link in a folder further down", "/folder/deep/way/secret", "/folder/deep/way", ("folder/deep/way", "../../../outside")),
        new("a link through the process", "/way/secret", "/way", ("way", "/proc/self/root{outside}")),
        new("a link through the root's own name", "/way/../secret", null, ("secret", "../inside/../outside/secret")),
    ];
}

/// <summary>A store's folder with a way out of it, and the folder outside.</summary>
public sealed class EscapeScene : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public EscapeScene(Escape escape)
    {
        Outside = _folder["outside"];
        Inside = _folder["inside"];
        Directory.CreateDirectory(Path.Combine(Outside, "empty"));
        File.WriteAllText(Path.Combine(Outside, "secret"), Secret);
        Directory.CreateDirectory(Path.Combine(Inside, "folder", "deep"));
        File.WriteAllText(Path.Combine(Inside, "mine"), "mine");
        foreach ((string link, string target) in escape.Links)
        {
            File.CreateSymbolicLink(Path.Combine(Inside, link), target.Replace("{outside}", Outside, StringComparison.Ordinal));
        }

        Before = Snapshot();
    }

    public static string Secret => "the secret outside";

    public string Inside { get; }

    public string Outside { get; }

    public string Before { get; }

    public void Dispose() => _folder.Dispose();

    /// <summary>The real path that a program without confinement would use for a virtual one.</summary>
    public string Real(string path) => Inside + StoreActions.At(path).Value;

    /// <summary>Everything outside as text: names, dates, modes, contents.</summary>
    public string Snapshot() => string.Join('\n', new DirectoryInfo(Outside).EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
        .OrderBy(info => info.FullName, StringComparer.Ordinal)
        .Select(info => $"{info.FullName} {info.LastWriteTimeUtc:O} {info.UnixFileMode} {(info is FileInfo file ? File.ReadAllText(file.FullName) : "")}"));
}
