namespace Fts.Server.Tests.Model;

/// <summary>Files and folders as one flat list of paths, and the current folder.</summary>
internal sealed class ModelTree
{
    /// <summary>Null stands for a folder.</summary>
    private readonly SortedDictionary<string, string?> _entries = new(StringComparer.Ordinal) { ["/"] = null };

    private readonly Dictionary<string, string> _pending = new(StringComparer.Ordinal);

    public string Folder { get; private set; } = "/";

    /// <summary>Every path with its content, folders with a slash at their end.</summary>
    public IEnumerable<string> Lines => _entries.Where(entry => entry.Key != "/").Select(entry => entry.Value is null ? entry.Key + "/" : $"{entry.Key}={entry.Value}");

    public string Resolve(string name)
    {
        var parts = new List<string>();
        foreach (string part in (name.StartsWith('/') ? name : $"{Folder}/{name}").Split('/', StringSplitOptions.RemoveEmptyEntries))
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

    /// <summary>What an upload that broke off has left.</summary>
    public string? Pending(string path) => _pending.GetValueOrDefault(path);

    public void Keep(string path, string content) => _pending[path] = content;

    public bool GiveUp(string path) => _pending.Remove(path);

    public bool IsFolder(string path) => _entries.TryGetValue(path, out string? content) && content is null;

    public bool Enter(string name)
    {
        string path = Resolve(name);
        Folder = IsFolder(path) ? path : Folder;
        return IsFolder(path);
    }

    public bool MakeFolder(string path) => !Exists(path) && IsFolder(Parent(path)) && _entries.TryAdd(path, null);

    public bool RemoveFolder(string path) => path != "/" && IsFolder(path) && !HasChildren(path) && GiveUpBelow(path) && _entries.Remove(path);

    public bool RemoveFile(string path) => !IsFolder(path) && (GiveUp(path) | _entries.Remove(path));

    public bool CanStore(string path) => !IsFolder(path) && IsFolder(Parent(path));

    public bool Store(string path, string content)
    {
        _entries[path] = content;
        return true;
    }

    public bool Rename(string source, string target)
    {
        if (!Exists(source) || target == "/" || !IsFolder(Parent(target)) || (target != source && IsBelow(target, source)))
        {
            return false;
        }

        if (target != source && Exists(target) && (IsFolder(source) != IsFolder(target) || HasChildren(target)))
        {
            return false;
        }

        if (target != source)
        {
            GiveUpBelow(target);
        }

        foreach ((string path, string content) in _pending.Where(entry => IsFolder(source) && IsBelow(entry.Key, source)).ToList())
        {
            _pending.Remove(path);
            _pending[target + path[source.Length..]] = content;
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

        _pending.Clear();
        foreach ((string path, string content) in other._pending)
        {
            _pending[path] = content;
        }

        Folder = other.Folder;
    }

    private bool GiveUpBelow(string path)
    {
        foreach (string pending in _pending.Keys.Where(pending => IsBelow(pending, path)).ToList())
        {
            _pending.Remove(pending);
        }

        return true;
    }

    private bool HasChildren(string path) => _entries.Keys.Any(other => IsBelow(other, path));

    private static bool IsBelow(string path, string folder) => path != folder && path.StartsWith(folder == "/" ? "/" : folder + "/", StringComparison.Ordinal);

    private static string Parent(string path) => path.LastIndexOf('/') is > 0 and var slash ? path[..slash] : "/";
}
