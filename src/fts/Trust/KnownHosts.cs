using System.Security.Cryptography;

namespace Fts.Cli;

/// <summary>The keys of servers that were met before: a text file, one line each, <c>host:port SHA256:…</c>. Lines that are something else are left alone.</summary>
internal sealed class KnownHosts(string path)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The user's own: <c>fts/known_hosts</c> below <c>XDG_CONFIG_HOME</c>, else below <c>~/.config</c>.</summary>
    public static KnownHosts OfUser { get; } = new(System.IO.Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } folder && System.IO.Path.IsPathRooted(folder)
            ? folder
            : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config"),
        "fts", "known_hosts"));

    public string Path => path;

    /// <summary>Every server remembered, in the file's order.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public IReadOnlyList<(string Server, string Fingerprint)> All() => [.. Lines().Select(Entry).OfType<(string, string)>()];

    /// <summary>The key remembered of a server; null when it was not met before.</summary>
    public string? Find(string server) => All().Where(entry => Same(entry.Server, server)).Select(entry => entry.Fingerprint).FirstOrDefault();

    /// <summary>Remembers a server's key, in place of any other.</summary>
    public void Add(string server, string fingerprint) => Save([.. Lines().Where(line => !IsOf(line, server)), $"{server} {fingerprint}"]);

    /// <summary>Forgets a server; false when it was not known.</summary>
    public bool Remove(string server)
    {
        string[] lines = Lines();
        string[] left = [.. lines.Where(line => !IsOf(line, server))];
        if (left.Length == lines.Length)
        {
            return false;
        }

        Save(left);
        return true;
    }

    /// <summary>The server and key of a line; null when it is something else.</summary>
    internal static (string Server, string Fingerprint)? Entry(string line) =>
        line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var server, var fingerprint] && !server.StartsWith('#') ? (server, fingerprint) : null;

    private static bool IsOf(string line, string server) => Entry(line) is { } entry && Same(entry.Server, server);

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    private string[] Lines() => File.Exists(path) ? File.ReadAllLines(path) : [];

    /// <summary>In one step, so that a reader sees the old file or the new one.</summary>
    private void Save(IEnumerable<string> lines)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        string pending = $"{path}.{RandomNumberGenerator.GetHexString(8)}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using (var writer = new StreamWriter(pending, options))
        {
            foreach (string line in lines)
            {
                writer.Write(line + "\n");
            }
        }

        File.Move(pending, path, overwrite: true);
    }
}
