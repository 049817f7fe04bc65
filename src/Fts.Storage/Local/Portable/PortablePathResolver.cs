namespace Fts.Storage.Local.Portable;

/// <summary>Resolves a <see cref="StorePath"/> to a real path below a root, link by link.</summary>
/// <remarks>Refuses links that point outside the root. Absolute links are refused even if their targets are inside the root.</remarks>
internal sealed class PortablePathResolver(string root)
{
    /// <summary>The maximum number of links in a path, as in the Linux kernel.</summary>
    private const int MaxLinks = 40;

    /// <summary>The full path of the root, without a separator at its end.</summary>
    public string Root { get; } = root;

    /// <summary>Resolves a path. The entry itself need not exist.</summary>
    /// <param name="path">The path.</param>
    /// <param name="followLast">Whether the last component is followed if it is a link.</param>
    /// <param name="real">The real path. Only its last component can be a link.</param>
    /// <returns>
    /// Null on success. Otherwise the reason: a directory of the path is missing or the text of a link is not UTF-8
    /// (<see cref="StoreError.NotFound"/>), a component is not a directory (<see cref="StoreError.NotADirectory"/>), or a link is absolute,
    /// points outside the root or forms a loop (<see cref="StoreError.Denied"/>).
    /// </returns>
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

            // Every directory is checked before its entries are used, so that "file/.." is refused. A kernel does the same.
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
                return StoreError.NotFound; // .NET replaced bytes that are not UTF-8, so the text can name another file.
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

    /// <summary>
    /// Returns whether .NET's file functions can use every name of a path unchanged. Names that are not UTF-8, and invalid Windows names on
    /// Windows, cannot be used.
    /// </summary>
    public static bool CanRepresent(StorePath path) => !EscapedUtf8.HasEscape(path.Value) && AreNamesValidOnThisSystem(path);

    private static bool AreNamesValidOnThisSystem(StorePath path) =>
        !OperatingSystem.IsWindows() || path.IsRoot || path.Relative.Split('/').All(WindowsFileNames.IsValid);

    private string GetRealPath(List<string> names) =>
        names.Count == 0 ? Root : Root + Path.DirectorySeparatorChar + string.Join(Path.DirectorySeparatorChar, names);
}
