using Fts.Client;

namespace Fts.Shell;

/// <summary>
/// The current folder on the server. If the server's paths use slashes, commands send full paths. Other paths cannot be joined with a name,
/// so commands send only the name, relative to the folder to which <c>cd</c> changed the connections (CWD).
/// </summary>
internal sealed class RemoteDirectory
{
    /// <summary>The path of the folder as the server reports it. Empty for the start folder until its path is requested.</summary>
    public string Path { get; private set; } = "";

    /// <summary>The folder before the last change, for <c>cd -</c>. Empty for the start folder; null before the first change.</summary>
    public string? PreviousPath { get; private set; }

    /// <summary>Whether the connections have changed to this folder, so that an empty path refers to this folder.</summary>
    private bool _isEntered = true;

    /// <summary>The path to list this folder. Empty if the connections have changed to this folder.</summary>
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
        // Paths of other systems (QGPL, 'USER.DATA', DISK:[FOLDER]) cannot be joined with a slash. Names are then relative to the folder of
        // CWD.
        if (name.StartsWith('/') || (_isEntered && !Path.StartsWith('/')) || Path.Length == 0)
        {
            return name;
        }

        return Path == "/" ? Path + name : $"{Path}/{name}";
    }

    /// <summary>Returns the full path of the folder. If the path is unknown, requests it from the server (PWD).</summary>
    public async Task<string> GetPathAsync(FtpClient client, CancellationToken cancellationToken)
    {
        if (Path.Length == 0)
        {
            Path = await client.GetWorkingDirectoryAsync(cancellationToken);
        }

        return Path;
    }

    /// <summary>Sets the current folder without CWD. If the folder does not exist, the next command that uses it fails.</summary>
    public void SetPath(string path) => (Path, _isEntered) = (path.Length > 1 ? path.TrimEnd('/') : path, path.Length == 0);

    /// <summary>
    /// Changes the current folder: sends CWD with the exact name, then PWD. An empty name means the start folder.
    /// </summary>
    public async Task ChangeAsync(FtpClient client, string name, CancellationToken cancellationToken)
    {
        string? path = await client.ChangeDirectoryAsync(name, cancellationToken);
        PreviousPath = Path;
        // If the server does not support PWD, the path is derived from the name.
        Path = path ?? (name.StartsWith('/') || Path.Length == 0 || name.Length == 0 ? name : $"{Path.TrimEnd('/')}/{name}");
        _isEntered = true;
    }

    /// <summary>Returns the last component of a path; empty if the path ends with a slash.</summary>
    public static string GetName(string path) => path[(path.LastIndexOf('/') + 1)..];

    /// <summary>Splits a path into the folder, including its slash, and the last component.</summary>
    public static (string Folder, string Name) SplitPath(string path) => (path[..(path.LastIndexOf('/') + 1)], GetName(path));
}
