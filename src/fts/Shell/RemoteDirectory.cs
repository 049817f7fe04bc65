using Fts.Client;

namespace Fts.Shell;

/// <summary>
/// The current folder on the server. <c>cd</c> enters it on the connections (CWD), so that a name in it can be sent alone. If the server's paths use
/// slashes, commands still send the full path, so that they do not depend on CWD.
/// </summary>
internal sealed class RemoteDirectory
{
    /// <summary>The folder's path as the server reports it; empty for the start folder until its path is requested.</summary>
    public string Path { get; private set; } = "";

    /// <summary>Whether the connections are in the folder, so that an empty path is this folder.</summary>
    private bool _isEntered = true;

    /// <summary>The path to list this folder with.</summary>
    public string ListingPath => _isEntered ? "" : Path;

    /// <summary>
    /// The path to send for a name typed here, in the form that <c>ls</c> shows. The server resolves <c>..</c>, because only the server can resolve its
    /// links.
    /// </summary>
    public string Resolve(string typed) => Join(FtpName.Unescape(typed));

    /// <summary>The path to send for a word: of a URL exactly, of a session's line in the form that <c>ls</c> shows.</summary>
    public string Resolve(ShellWord word) => word.IsExact ? Join(word.Text) : Resolve(word.Text);

    /// <summary>The path to send for a name in this folder, exactly as it is.</summary>
    public string Join(string name)
    {
        // Paths of other systems (QGPL, 'USER.DATA', DISK:[FOLDER]) cannot be joined with a slash: their names count from the folder entered.
        return name.StartsWith('/') || (_isEntered && !Path.StartsWith('/')) || Path.Length == 0 ? name : Path == "/" ? Path + name : $"{Path}/{name}";
    }

    /// <summary>The folder's whole path.</summary>
    public async Task<string> GetPathAsync(FtpClient client, CancellationToken cancellationToken)
    {
        if (Path.Length == 0)
        {
            Path = await client.GetWorkingDirectoryAsync(cancellationToken);
        }

        return Path;
    }

    /// <summary>Makes a folder the current one without asking whether it is there: what is done in it will tell.</summary>
    public void SetPath(string path) => (Path, _isEntered) = (path.Length > 1 ? path.TrimEnd('/') : path, path.Length == 0);

    /// <summary>Makes another folder the current one: CWD with the exact name, then PWD. Empty means the folder that the account starts in.</summary>
    public async Task ChangeAsync(FtpClient client, string name, CancellationToken cancellationToken)
    {
        string? path = await client.ChangeDirectoryAsync(name, cancellationToken);
        // A server without PWD leaves only this name.
        Path = path ?? (name.StartsWith('/') || Path.Length == 0 || name.Length == 0 ? name : $"{Path.TrimEnd('/')}/{name}");
        _isEntered = true;
    }

    /// <summary>The last component of a path; empty when it ends in a slash.</summary>
    public static string GetName(string path) => path[(path.LastIndexOf('/') + 1)..];

    /// <summary>A path split into the folder part as typed, with its slash, and the last component.</summary>
    public static (string Folder, string Name) SplitPath(string path) => (path[..(path.LastIndexOf('/') + 1)], GetName(path));
}
