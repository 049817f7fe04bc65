using Fts.Client;

namespace Fts.Shell;

/// <summary>
/// The current folder on the server. <c>cd</c> enters it on the connections (CWD), so that a name in it can be sent alone. If the server's
/// paths use slashes, commands still send the full path, so that they do not depend on CWD.
/// </summary>
internal sealed class RemoteDirectory
{
    /// <summary>The folder's path as the server reports it; empty for the start folder until its path is requested.</summary>
    public string Path { get; private set; } = "";

    /// <summary>Whether the connections are in the folder, so that an empty path is this folder.</summary>
    private bool _isEntered = true;

    /// <summary>The path that lists this folder; empty if the connections are in it.</summary>
    public string ListingPath => _isEntered ? "" : Path;

    /// <summary>
    /// Returns the path to send for a typed name, which has the form that <c>ls</c> prints. The server resolves <c>..</c>, because only the
    /// server can resolve its links.
    /// </summary>
    public string Resolve(string typed) => Join(FtpName.Unescape(typed));

    /// <summary>
    /// Returns the path to send for a word. The path of a URL is used unchanged; a typed word has the form that <c>ls</c> prints.
    /// </summary>
    public string Resolve(ShellWord word) => word.IsExact ? Join(word.Text) : Resolve(word.Text);

    /// <summary>Returns the path to send for a name in this folder. The name is used unchanged.</summary>
    public string Join(string name)
    {
        // Paths of other systems (QGPL, 'USER.DATA', DISK:[FOLDER]) cannot be joined with a slash. Names are relative to the entered
        // folder.
        if (name.StartsWith('/') || (_isEntered && !Path.StartsWith('/')) || Path.Length == 0)
        {
            return name;
        }

        return Path == "/" ? Path + name : $"{Path}/{name}";
    }

    /// <summary>Returns the full path of the folder. Requests it from the server (PWD) if it is unknown.</summary>
    public async Task<string> GetPathAsync(FtpClient client, CancellationToken cancellationToken)
    {
        if (Path.Length == 0)
        {
            Path = await client.GetWorkingDirectoryAsync(cancellationToken);
        }

        return Path;
    }

    /// <summary>Sets the current folder without CWD. If the folder does not exist, the next command in it fails.</summary>
    public void SetPath(string path) => (Path, _isEntered) = (path.Length > 1 ? path.TrimEnd('/') : path, path.Length == 0);

    /// <summary>
    /// Changes the current folder: sends CWD with the exact name, then PWD. An empty name means the start folder of the account.
    /// </summary>
    public async Task ChangeAsync(FtpClient client, string name, CancellationToken cancellationToken)
    {
        string? path = await client.ChangeDirectoryAsync(name, cancellationToken);
        // Without PWD the name is all that is known.
        Path = path ?? (name.StartsWith('/') || Path.Length == 0 || name.Length == 0 ? name : $"{Path.TrimEnd('/')}/{name}");
        _isEntered = true;
    }

    /// <summary>Returns the last component of a path; empty if the path ends with a slash.</summary>
    public static string GetName(string path) => path[(path.LastIndexOf('/') + 1)..];

    /// <summary>Splits a path into the folder, including its slash, and the last component.</summary>
    public static (string Folder, string Name) SplitPath(string path) => (path[..(path.LastIndexOf('/') + 1)], GetName(path));
}
