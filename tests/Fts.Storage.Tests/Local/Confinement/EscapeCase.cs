namespace Fts.Storage.Tests.Local.Confinement;

/// <summary>What a way out leads to.</summary>
public enum EscapeTargetKind
{
    /// <summary>The file <c>secret</c> outside.</summary>
    File,
    /// <summary>The folder outside.</summary>
    Directory,
    /// <summary>A name outside that is free.</summary>
    Missing,
}

/// <summary>
/// One way out of a store: the links that make it, and the paths that go it. The folder <c>outside</c> lies beside the store's and holds <c>secret</c>,
/// <c>theirs</c> and the empty folder <c>empty</c>. A null path means that the way has no such end.
/// </summary>
public sealed record EscapeCase(string Name, string? FilePath, string? DirectoryPath, params (string Link, string Target)[] Links)
{
    /// <summary>The table. <c>{outside}</c> stands for the real path of the folder outside.</summary>
    public static readonly EscapeCase[] All =
    [
        new("a path that climbs", "/../outside/secret", "/../outside"),
        new("a path that climbs out of a folder", "/folder/deep/../../../outside/secret", "/folder/deep/../../../outside"),
        new("a link to a file", "/leak", null, ("leak", "../outside/secret")),
        new("an absolute link to a file", "/leak", null, ("leak", "{outside}/secret")),
        new("a link to a link to a file", "/one", null, ("one", "two"), ("two", "../outside/secret")),
        new("a link to a name that is free", null, null, ("leak", "../outside/new")) { MissingPath = "/leak" },
        new("an absolute link to a name that is free", null, null, ("leak", "{outside}/new")) { MissingPath = "/leak" },
        new("a link to a link to a name that is free", null, null, ("one", "folder/two"), ("folder/two", "../../outside/new")) { MissingPath = "/one" },
        new("a link to a folder", "/way/secret", "/way", ("way", "../outside")) { MissingPath = "/way/new" },
        new("an absolute link to a folder", "/way/secret", "/way", ("way", "{outside}")),
        new("a link that climbs further than it must", "/way/secret", "/way", ("way", "../../../../../../../../../../../../../../../../..{outside}")),
        new("a link with more slashes and dots than it needs", "/way/secret", "/way", ("way", ".//.././/outside/.//")),
        new("a chain of links", "/one/secret", "/one", ("one", "./folder/two"), ("folder/two", "../three"), ("three", "../outside")),
        new("a link to the folder above", "/up/outside/secret", "/up/outside", ("up", "..")),
        new("a link to the folder above the folder above", "/up/{outside}/secret", "/up/{outside}", ("up", "../../../../../../../../../..")),
        new("a link down and up again", "/way/secret", "/way", ("way", "folder/deep/../../../outside")),
        new("a link up from another link", "/way/secret", "/way", ("down", "folder/deep"), ("way", "down/../../../outside")),
        new("a link in a folder further down", "/folder/deep/way/secret", "/folder/deep/way", ("folder/deep/way", "../../../outside")),
        new("a link through the process", "/way/secret", "/way", ("way", "/proc/self/root{outside}")),
        new("a link through the root's own name", "/way/../secret", null, ("secret", "../inside/../outside/secret")),
    ];

    /// <summary>The path to a name outside that is free.</summary>
    public string? MissingPath { get; init; }

    public string? PathTo(EscapeTargetKind end) => end switch { EscapeTargetKind.File => FilePath, EscapeTargetKind.Directory => DirectoryPath, _ => MissingPath };
}
