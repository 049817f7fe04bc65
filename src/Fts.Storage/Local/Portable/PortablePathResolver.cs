namespace Fts.Storage.Local.Portable;

/// <summary>Finds the real path of a <see cref="StorePath"/> below a root, link by link, and refuses the links that leave it. Absolute links leave, wherever they lead.</summary>
internal sealed class PortablePathResolver(string root)
{
    private const int MaxLinks = 40;

    /// <summary>The root's full path, without a separator at its end.</summary>
    public string Root { get; } = root;

    /// <summary>
    /// The real path, free of links but perhaps for its last component, whether or not anything is there. Answers why there is none: a folder on the way that
    /// is missing (<see cref="StoreError.NotFound"/>) or none (<see cref="StoreError.NotADirectory"/>), or a link that leaves (<see cref="StoreError.Denied"/>).
    /// </summary>
    public StoreError? Resolve(StorePath path, bool followLast, out string real)
    {
        real = Root;
        var names = new List<string>();
        var rest = new Stack<string>(path.Relative.Split('/').Reverse());
        int links = 0;
        while (rest.TryPop(out string? name))
        {
            if (name is "" or ".")
            {
                continue;
            }

            if (name == "..")
            {
                if (names.Count == 0)
                {
                    return StoreError.Denied;
                }

                names.RemoveAt(names.Count - 1);
                real = GetRealPath(names);
                continue;
            }

            // Asked of every folder before it is entered, so that "file/.." is refused as a kernel would.
            if (!Directory.Exists(real))
            {
                return File.Exists(real) ? StoreError.NotADirectory : StoreError.NotFound;
            }

            names.Add(name);
            real = GetRealPath(names);
            if ((rest.Count == 0 && !followLast) || new FileInfo(real).LinkTarget is not { } link)
            {
                continue;
            }

            if (Path.IsPathRooted(link) || ++links > MaxLinks)
            {
                return StoreError.Denied;
            }

            if (link.Contains('\uFFFD', StringComparison.Ordinal))
            {
                return StoreError.NotFound; // .NET replaced bytes that are not UTF-8: the text may name another file
            }

            names.RemoveAt(names.Count - 1);
            real = GetRealPath(names);
            foreach (string part in link.Split(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar).Reverse())
            {
                rest.Push(part);
            }
        }

        return null;
    }

    /// <summary>Whether .NET's file calls take every name of a path for a plain name. They cannot name bytes that are not UTF-8.</summary>
    public static bool CanRepresent(StorePath path) => !EscapedUtf8.HasEscape(path.Value) && AreValidSystemNames(path);

    private static bool AreValidSystemNames(StorePath path) => !OperatingSystem.IsWindows() || path.IsRoot || path.Relative.Split('/').All(WindowsFileNames.IsValid);

    private string GetRealPath(List<string> names) => names.Count == 0 ? Root : Root + Path.DirectorySeparatorChar + string.Join(Path.DirectorySeparatorChar, names);
}
