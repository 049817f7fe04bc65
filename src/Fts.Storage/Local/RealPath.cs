using Fts.Native;

namespace Fts.Storage.Local;

/// <summary>A path on this machine with all links resolved. The entry need not exist.</summary>
/// <param name="Path">The path without links.</param>
/// <param name="DirectoryLinks">The links that were followed before the last component, in order.</param>
/// <param name="LastComponentLinks">
/// The chain of links that begins at the last component, in order. Empty if the last component is not a link.
/// </param>
internal sealed record RealPath(string Path, IReadOnlyList<string> DirectoryLinks, IReadOnlyList<string> LastComponentLinks)
{
    /// <summary>The maximum number of links that are followed, as in the Linux kernel.</summary>
    private const int MaxLinks = 40;

    /// <summary>Resolves a path link by link. A link that cannot be read is treated as an ordinary entry.</summary>
    public static RealPath Resolve(string path)
    {
        string full = System.IO.Path.GetFullPath(path), real = System.IO.Path.GetPathRoot(full)!;
        var names = new Stack<string>();
        Push(full[real.Length..]);
        List<string> directoryLinks = [], lastComponentLinks = [];
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
            if (directoryLinks.Count + lastComponentLinks.Count == MaxLinks || ReadLink(entry) is not { } link)
            {
                real = entry;
                continue;
            }

            (names.Count == 0 ? lastComponentLinks : directoryLinks).Add(entry);
            if (System.IO.Path.GetPathRoot(link) is { Length: > 0 } top)
            {
                real = top;
                link = link[top.Length..];
            }

            Push(link);
        }

        return new RealPath(System.IO.Path.TrimEndingDirectorySeparator(real), directoryLinks, lastComponentLinks);

        void Push(string relative)
        {
            char[] separators = [System.IO.Path.DirectorySeparatorChar, System.IO.Path.AltDirectorySeparatorChar];
            foreach (string name in relative.Split(separators).Reverse())
            {
                names.Push(name);
            }
        }
    }

    /// <summary>Returns the text of a link, or null if the entry is not a link or cannot be read.</summary>
    private static string? ReadLink(string entry)
    {
        if (SystemCallNumbers.IsSupported)
        {
            return DirectoryCalls.TryReadLink(entry); // .NET's LinkTarget would replace bytes that are not UTF-8
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
