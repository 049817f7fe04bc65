namespace Fts.CrashTests.KillRestart;

/// <summary>What one worker knows of its names: what was acknowledged last, which broken uploads are kept, and the one operation whose outcome is unknown.</summary>
internal sealed class Ledger
{
    private readonly Dictionary<string, Content> _committed = [];
    private readonly Dictionary<string, Kept> _kept = [];

    public Operation? InFlight { get; private set; }

    public IReadOnlyDictionary<string, Content> Committed => _committed;

    public IReadOnlyDictionary<string, Kept> Kept => _kept;

    /// <summary>
    /// Pending files that no name leads to, at most: the server was killed before it told the name, while a new upload took the place of a kept one, or before all of
    /// what an upload goes on from was copied.
    /// </summary>
    public int Unreachable { get; private set; }

    /// <summary>An operation is about to be asked for.</summary>
    public Operation Begin(Operation operation) => InFlight = operation;

    /// <summary>The operation was acknowledged.</summary>
    public void Done() => Apply(InFlight!);

    /// <summary>The operation was refused, or was an upload that was broken off and is kept.</summary>
    public void Undone(Kept? kept = null)
    {
        if (kept is not null)
        {
            _kept[InFlight!.Name!] = kept;
        }

        InFlight = null;
    }

    /// <summary>Nothing is kept of this name, as it turned out.</summary>
    public void Forget(string name) => _kept.Remove(name);

    /// <summary>Everything is gone.</summary>
    public void Clear()
    {
        _committed.Clear();
        _kept.Clear();
        Unreachable = 0;
    }

    /// <summary>
    /// The server was killed, and this is what is found. It must be the state before the operation in flight or the one after it; returns what is wrong, or null.
    /// </summary>
    public string? Settle(IReadOnlyDictionary<string, Content> found)
    {
        Operation? operation = InFlight;
        InFlight = null;
        if (IsSame(_committed, found))
        {
            Keep(operation);
            return null;
        }

        var after = new Dictionary<string, Content>(_committed);
        if (operation is { Name: null, Uploads: { } target } && found.FirstOrDefault(file => !_committed.ContainsKey(file.Key)).Key is { } name)
        {
            operation = Operation.Named(operation, name);
        }

        foreach ((string changed, Content? content) in operation?.Changes ?? [])
        {
            Set(after, changed, content);
        }

        if (operation is null || !IsSame(after, found))
        {
            return $"before:\n{Text(_committed)}\nin flight: {operation?.What ?? "nothing"}, after which:\n{Text(after)}\nfound:\n{Text(found)}";
        }

        Kept? left = operation is { Uploads: null, Name: { } deleted } ? _kept.GetValueOrDefault(deleted) : null;
        Apply(operation);
        if (left is not null)
        {
            // The committed file and the kept one do not go in one step.
            _kept[operation.Name!] = left with { IsExact = false };
        }

        return null;
    }

    /// <summary>The server was killed in an upload: what it has of it, it keeps.</summary>
    private void Keep(Operation? operation)
    {
        if (operation is { Name: { } deleted, Uploads: null } && _kept.TryGetValue(deleted, out Kept? perhaps))
        {
            _kept[deleted] = perhaps with { IsExact = false };
        }

        if (operation is not { Uploads: { } target })
        {
            return;
        }

        if (operation.Name is not { } name)
        {
            Unreachable++;
            return;
        }

        bool replaces = _kept.TryGetValue(name, out Kept? before) && (before.Target != target || before.IsDoubtful);
        Unreachable += replaces ? 1 : 0;
        Unreachable += before is null && operation.Copies ? 1 : 0;
        _kept[name] = new Kept(target, target.Length, IsDoubtful: replaces && !operation.HasBegun);
    }

    private void Apply(Operation operation)
    {
        foreach ((string name, Content? content) in operation.Changes)
        {
            Set(_committed, name, content);
            _kept.Remove(name);
        }

        InFlight = null;
    }

    private static void Set(Dictionary<string, Content> names, string name, Content? content)
    {
        if (content is null)
        {
            names.Remove(name);
        }
        else
        {
            names[name] = content;
        }
    }

    private static bool IsSame(Dictionary<string, Content> left, IReadOnlyDictionary<string, Content> right) =>
        left.Count == right.Count && left.All(file => right.TryGetValue(file.Key, out Content? other) && file.Value == other);

    private static string Text(IReadOnlyDictionary<string, Content> names) => string.Join('\n', names.OrderBy(file => file.Key, StringComparer.Ordinal).Select(file => $"  {file.Key} = {file.Value}"));
}
