using Fts.Client;
using Fts.Protocol;

namespace Fts.Cli;

/// <summary>The current folder on the server. The connections know nothing of it: every path is made here, so a reconnect changes nothing.</summary>
internal sealed class RemoteFolder
{
    /// <summary>The folder's path; empty for the one the account starts in, which the server need not be asked for until somebody wants to know.</summary>
    public string Path { get; private set; } = "";

    /// <summary>The path to send for a name typed here. The server resolves <c>..</c>, it alone knows its links.</summary>
    public string Resolve(string name) => name.StartsWith('/') || Path.Length == 0 ? name : Path == "/" ? Path + name : $"{Path}/{name}";

    /// <summary>The folder's whole path.</summary>
    public async Task<string> GetAsync(FtpClient client, CancellationToken cancellationToken)
    {
        if (Path.Length == 0)
        {
            Path = await client.GetWorkingFolderAsync(cancellationToken);
        }

        return Path;
    }

    /// <summary>Makes a folder the current one without asking whether it is there: what is done in it will tell.</summary>
    public void Enter(string path) => Path = path.Length > 1 ? path.TrimEnd('/') : path;

    /// <summary>Makes another folder the current one, after asking the server whether it is one.</summary>
    public async Task ChangeAsync(FtpClient client, Target target, string name, CancellationToken cancellationToken)
    {
        string path = Normalise(name.StartsWith('/') ? name : $"{await GetAsync(client, cancellationToken)}/{name}");
        FtpEntry? entry = path == "/" ? null : await client.FindAsync(path, cancellationToken);
        Path = path == "/" || entry?.Kind is ListingKind.Folder or ListingKind.Link ? path
            : entry is null ? throw new FailureException(ExitCode.NotFound, $"cd {name}: no such folder on the server {target}", "ls, to see what is there")
            : throw new FailureException(ExitCode.Other, $"cd {name}: it is not a folder");
    }

    /// <summary>The last component of a path; empty when it ends in a slash.</summary>
    public static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..];

    /// <summary>A path split into the folder part as typed, with its slash, and the last component.</summary>
    public static (string Folder, string Name) Split(string path) => (path[..(path.LastIndexOf('/') + 1)], NameOf(path));

    private static string Normalise(string path)
    {
        var names = new List<string>();
        foreach (string name in path.Split('/'))
        {
            if (name == "..")
            {
                names.RemoveRange(Math.Max(0, names.Count - 1), Math.Min(1, names.Count));
            }
            else if (name is not ("" or "."))
            {
                names.Add(name);
            }
        }

        return "/" + string.Join('/', names);
    }
}
