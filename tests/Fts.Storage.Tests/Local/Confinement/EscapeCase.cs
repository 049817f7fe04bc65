namespace Fts.Storage.Tests.Local.Confinement;

/// <summary>The kind of entry outside to which an escape leads.</summary>
public enum EscapeTargetKind
{
    /// <summary>The file <c>secret</c> outside.</summary>
    File,
    /// <summary>The directory outside.</summary>
    Directory,
    /// <summary>A free name outside.</summary>
    Missing,
}

/// <summary>
/// One way out of a store: its links, and the paths that use them. The directory <c>outside</c> beside the store contains the files
/// <c>secret</c> and <c>theirs</c> and the empty directory <c>empty</c>. A null path means that this way does not lead to such an entry.
/// </summary>
public sealed record EscapeCase(string Name, string? FilePath, string? DirectoryPath, params (string Link, string Target)[] Links)
{
    /// <summary>All cases. <c>{outside}</c> is replaced by the real path of the directory outside.</summary>
    public static readonly EscapeCase[] All =
    [
        new("a path that climbs", "/../outside/secret", "/../outside"),
        new("a path that climbs out of a folder", "/folder/deep/../../../outside/secret", "/folder/deep/../../../outside"),
        new("a link to a file", "/leak", null, ("leak", "../outside/secret")),
        new("an absolute link to a file", "/leak", null, ("leak", "{outside}/secret")),
        new("a link to a link to a file", "/one", null, ("one", "two"), ("two", "../outside/secret")),
        new("a link to a name that is free", null, null, ("leak", "../outside/new")) { MissingPath = "/leak" },
        new("an absolute link to a name that is free", null, null, ("leak", "{outside}/new")) { MissingPath = "/leak" },
        new("a link to a link to a free name", null, null, ("one", "folder/two"),
            ("folder/two", "../../outside/new")) { MissingPath = "/one" },
        new("a link to a folder", "/way/secret", "/way", ("way", "../outside")) { MissingPath = "/way/new" },
        new("an absolute link to a folder", "/way/secret", "/way", ("way", "{outside}")),
        new(
            "a link that climbs further than it must",
            "/way/secret",
            "/way",
            ("way", "../../../../../../../../../../../../../../../../..{outside}")),
        new("a link with more slashes and dots than it needs", "/way/secret", "/way", ("way", ".//.././/outside/.//")),
        new("a chain of links", "/one/secret", "/one", ("one", "./folder/two"), ("folder/two", "../three"), ("three", "../outside")),
        new("a link to the folder above", "/up/outside/secret", "/up/outside", ("up", "..")),
        new(
            "a link to the folder above the folder above",
            "/up/{outside}/secret",
            "/up/{outside}",
            ("up", "../../../../../../../../../..")),
        new("a link down and up again", "/way/secret", "/way", ("way", "folder/deep/../../../outside")),
        new("a link up from another link", "/way/secret", "/way", ("down", "folder/deep"), ("way", "down/../../../outside")),
        new("a link in a folder further down", "/folder/deep/way/secret", "/folder/deep/way", ("folder/deep/way", "../../../outside")),
        new("a link through the process", "/way/secret", "/way", ("way", "/proc/self/root{outside}")),
        new("a link through the root's own name", "/way/../secret", null, ("secret", "../inside/../outside/secret")),
    ];

    /// <summary>The path to a free name outside.</summary>
    public string? MissingPath { get; init; }

    public string? GetPath(EscapeTargetKind kind) =>
        kind switch { EscapeTargetKind.File => FilePath, EscapeTargetKind.Directory => DirectoryPath, _ => MissingPath };
}
