using Fts.Storage;

namespace Fts.Client;

/// <summary>Paths on the server, as far as a client may reason about them: text with slashes.</summary>
internal static class RemotePath
{
    /// <summary>A name in a folder; the folder may be empty, which is where the session started.</summary>
    public static string Join(string directory, string name) => directory.Length == 0 ? name : directory.EndsWith('/') ? directory + name : $"{directory}/{name}";

    /// <summary>The last component; empty for the top folder.</summary>
    public static string GetName(string path)
    {
        string trimmed = path.TrimEnd('/');
        return trimmed[(trimmed.LastIndexOf('/') + 1)..];
    }

    /// <summary>The path without its last component: "/" for what is in the top folder, empty for what is in the session's start folder.</summary>
    public static string GetParent(string path)
    {
        string trimmed = path.TrimEnd('/');
        int slash = trimmed.LastIndexOf('/');
        return slash < 0 ? "" : slash == 0 ? "/" : trimmed[..slash];
    }

    /// <summary>See <see cref="FtpEntry.IsSafeName"/>.</summary>
    public static bool IsSafeName(string name) =>
        name.Length > 0 && name is not ("." or "..") && name.AsSpan().IndexOfAny('/', '\\') < 0 && !name.Any(char.IsControl) &&
        name.AsSpan().IndexOfAny(Path.GetInvalidFileNameChars()) < 0 && (!OperatingSystem.IsWindows() || (name[^1] is not ('.' or ' ') && !WindowsFileNames.IsDeviceName(name)));
}
