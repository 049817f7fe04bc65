using System.Buffers;
using Fts.Storage;

namespace Fts.Client;

/// <summary>Joins and splits paths on the server, whose components are separated by slashes.</summary>
internal static class RemotePath
{
    private static readonly SearchValues<char> UnsafeCharacters = SearchValues.Create(
        ['/', '\\', .. Path.GetInvalidFileNameChars(), .. Enumerable.Range(0, 256).Select(value => (char)value).Where(char.IsControl)]);

    /// <summary>Returns the path of an entry in a directory. An empty directory path refers to the working directory.</summary>
    public static string Join(string directory, string name) =>
        directory.Length == 0 || directory.EndsWith('/') ? directory + name : $"{directory}/{name}";

    /// <summary>Returns the last component of a path; empty for the root.</summary>
    public static string GetName(string path)
    {
        string trimmed = path.TrimEnd('/');
        return trimmed[(trimmed.LastIndexOf('/') + 1)..];
    }

    /// <summary>Returns the path without its last component: "/" for an entry of the root, empty for a single component.</summary>
    public static string GetParent(string path)
    {
        string trimmed = path.TrimEnd('/');
        int slash = trimmed.LastIndexOf('/');
        return slash switch
        {
            < 0 => "",
            0 => "/",
            _ => trimmed[..slash],
        };
    }

    /// <summary>
    /// Returns whether a name can be joined with a local directory without leaving it. See <see cref="FtpEntry.IsSafeName"/>.
    /// </summary>
    public static bool IsSafeName(string name) =>
        name.Length > 0 && name is not ("." or "..") && !name.AsSpan().ContainsAny(UnsafeCharacters) &&
        (!OperatingSystem.IsWindows() || (name[^1] is not ('.' or ' ') && !WindowsFileNames.IsDeviceName(name)));
}
