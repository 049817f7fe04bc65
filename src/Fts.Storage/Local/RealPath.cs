using Fts.Native;

namespace Fts.Storage.Local;

/// <summary>A path of this machine with all links resolved, whether or not anything exists there.</summary>
/// <param name="Path">The path free of links.</param>
/// <param name="DirectoryLinks">The links among its directories, in the order in which they were followed.</param>
/// <param name="FileLinks">The links at the place of the entry itself, in the order in which they were followed.</param>
internal sealed record RealPath(string Path, IReadOnlyList<string> DirectoryLinks, IReadOnlyList<string> FileLinks)
{
    /// <summary>The most links in a chain, as in the kernel.</summary>
    private const int MaxLinks = 40;

    /// <summary>Resolves a path link by link. A link that cannot be read counts as an ordinary entry.</summary>
    public static RealPath Resolve(string path)
    {
        string full = System.IO.Path.GetFullPath(path), real = System.IO.Path.GetPathRoot(full)!;
        var names = new Stack<string>();
        Push(full[real.Length..]);
        List<string> folderLinks = [], fileLinks = [];
        while (names.TryPop(out string? name))
        {
            if (name is "" or ".")
            {
                continue;
            }

            if (name == "..")
            {
                real = System.IO.Path.GetDirectoryName(real) ?? real;
                continue;
            }

            string entry = System.IO.Path.Combine(real, name);
            if (folderLinks.Count + fileLinks.Count == MaxLinks || ReadLink(entry) is not { } link)
            {
                real = entry;
                continue;
            }

            (names.Count == 0 ? fileLinks : folderLinks).Add(entry);
            if (System.IO.Path.GetPathRoot(link) is { Length: > 0 } top)
            {
                real = top;
                link = link[top.Length..];
            }

            Push(link);
        }

        return new RealPath(System.IO.Path.TrimEndingDirectorySeparator(real), folderLinks, fileLinks);

        void Push(string relative)
        {
            foreach (string name in relative.Split(System.IO.Path.DirectorySeparatorChar, System.IO.Path.AltDirectorySeparatorChar).Reverse())
            {
                names.Push(name);
            }
        }
    }

    private static string? ReadLink(string entry)
    {
        if (SystemCallNumbers.IsSupported)
        {
            return DirectoryCalls.TryReadLink(entry); // .NET replaces the bytes of names that are not UTF-8
        }

        try
        {
            return new FileInfo(entry).LinkTarget;
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            return null;
        }
    }
}
