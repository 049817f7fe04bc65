namespace Fts.Server.Tests.Model;

/// <summary>Files and directories as a flat list of paths, and the working directory.</summary>
internal sealed class ModelTree
{
    /// <summary>The content of each path; null for a directory.</summary>
    private readonly SortedDictionary<string, string?> _entries = new(StringComparer.Ordinal) { ["/"] = null };

    private readonly Dictionary<string, string> _partialUploads = new(StringComparer.Ordinal);

    public string WorkingDirectory { get; private set; } = "/";

    /// <summary>Returns every path with its content. Directories end with a slash.</summary>
    public IEnumerable<string> Lines =>
        _entries.Where(entry => entry.Key != "/").Select(entry => entry.Value is null ? entry.Key + "/" : $"{entry.Key}={entry.Value}");

    public string Resolve(string name)
    {
        var parts = new List<string>();
        foreach (string part in (name.StartsWith('/') ? name : $"{WorkingDirectory}/{name}")
            .Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                parts.RemoveRange(Math.Max(0, parts.Count - 1), Math.Min(1, parts.Count));
            }
            else if (part != ".")
            {
                parts.Add(part);
            }
        }

        return "/" + string.Join('/', parts);
    }

    public bool Exists(string path) => _entries.ContainsKey(path);

    public string? File(string path) => _entries.GetValueOrDefault(path);

    /// <summary>Returns the content of the partial upload of a path, or null.</summary>
    public string? GetPartialUpload(string path) => _partialUploads.GetValueOrDefault(path);

    public void KeepPartialUpload(string path, string content) => _partialUploads[path] = content;

    public bool DiscardPartialUpload(string path) => _partialUploads.Remove(path);

    public bool IsDirectory(string path) => _entries.TryGetValue(path, out string? content) && content is null;

    public bool Enter(string name)
    {
        string path = Resolve(name);
        WorkingDirectory = IsDirectory(path) ? path : WorkingDirectory;
        return IsDirectory(path);
    }

    public bool CreateDirectory(string path) => !Exists(path) && IsDirectory(Parent(path)) && _entries.TryAdd(path, null);

    public bool DeleteDirectory(string path) =>
        path != "/" && IsDirectory(path) && !HasChildren(path) && DiscardPartialUploadsBelow(path) && _entries.Remove(path);

    public bool DeleteFile(string path) => !IsDirectory(path) && (DiscardPartialUpload(path) | _entries.Remove(path));

    public bool CanStore(string path) => !IsDirectory(path) && IsDirectory(Parent(path));

    public bool Store(string path, string content)
    {
        _entries[path] = content;
        return true;
    }

    public bool Rename(string source, string target)
    {
        if (!Exists(source) || target == "/" || !IsDirectory(Parent(target)) || (target != source && IsBelow(target, source)))
        {
            return false;
        }

        if (target != source && Exists(target) && (IsDirectory(source) != IsDirectory(target) || HasChildren(target)))
        {
            return false;
        }

        if (target != source)
        {
            DiscardPartialUploadsBelow(target);
        }

        foreach ((string path, string content) in _partialUploads.Where(entry => IsDirectory(source) && IsBelow(entry.Key, source))
            .ToList())
        {
            _partialUploads.Remove(path);
            _partialUploads[target + path[source.Length..]] = content;
        }

        foreach ((string path, string? content) in _entries.Where(entry => entry.Key == source || IsBelow(entry.Key, source)).ToList())
        {
            _entries.Remove(path);
            _entries[target + path[source.Length..]] = content;
        }

        return true;
    }

    public void CopyFrom(ModelTree other)
    {
        _entries.Clear();
        foreach ((string path, string? content) in other._entries)
        {
            _entries[path] = content;
        }

        _partialUploads.Clear();
        foreach ((string path, string content) in other._partialUploads)
        {
            _partialUploads[path] = content;
        }

        WorkingDirectory = other.WorkingDirectory;
    }

    private bool DiscardPartialUploadsBelow(string path)
    {
        foreach (string partialUpload in _partialUploads.Keys.Where(partialUpload => IsBelow(partialUpload, path)).ToList())
        {
            _partialUploads.Remove(partialUpload);
        }

        return true;
    }

    private bool HasChildren(string path) => _entries.Keys.Any(other => IsBelow(other, path));

    private static bool IsBelow(string path, string directory) =>
        path != directory && path.StartsWith(directory == "/" ? "/" : directory + "/", StringComparison.Ordinal);

    private static string Parent(string path) => path.LastIndexOf('/') is > 0 and var slash ? path[..slash] : "/";
}
