using Fts.Client;

namespace Fts.Shell.Commands;

/// <summary>The target of <c>put</c>: a folder, or the new name of a single file.</summary>
/// <param name="TypedText">The target as the user typed it.</param>
internal sealed record UploadTarget(string TypedText)
{
    /// <summary>The path, relative to the current remote folder or absolute.</summary>
    public string Path { get; } = FtpName.Unescape(TypedText);

    /// <summary>Whether the text itself names a folder: it ends with a slash, or its last component is <c>.</c> or <c>..</c>.</summary>
    public bool IsFolder => RemoteDirectory.GetName(Path) is "" or "." or "..";

    /// <summary>Returns the path of a file in the target folder.</summary>
    public string GetFilePath(string name) => Path is "." or "./" ? name : $"{Path.TrimEnd('/')}/{name}";
}
