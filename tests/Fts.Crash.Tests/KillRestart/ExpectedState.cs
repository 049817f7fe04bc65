namespace Fts.CrashTests.KillRestart;

/// <summary>What one worker knows of its names: what was acknowledged last, which broken uploads are kept, and the one operation whose
/// outcome is unknown.</summary>
internal sealed class ExpectedState
{
    private readonly Dictionary<string, FileContent> _committed = [];
    private readonly Dictionary<string, PartialUpload> _partialUploads = [];

    public Operation? InFlight { get; private set; }

    public IReadOnlyDictionary<string, FileContent> Committed => _committed;

    public IReadOnlyDictionary<string, PartialUpload> PartialUploads => _partialUploads;

    /// <summary>
    /// Pending files that no name leads to, at most: the server was killed before it told the name, while a new upload took the place of a
    /// kept one, or before all of what an upload goes on from was copied.
    /// </summary>
    public int Unreachable { get; private set; }

    /// <summary>An operation is about to be asked for.</summary>
    public Operation Begin(Operation operation) => InFlight = operation;

    /// <summary>The operation was acknowledged.</summary>
    public void Acknowledge() => Apply(InFlight!);

    /// <summary>The operation was refused, or was an upload that was broken off and is kept.</summary>
    public void Reject(PartialUpload? partialUpload = null)
    {
        if (partialUpload is not null)
        {
            _partialUploads[InFlight!.Name!] = partialUpload;
        }

        InFlight = null;
    }

    /// <summary>Nothing is kept of this name, as it turned out.</summary>
    public void RemovePartialUpload(string name) => _partialUploads.Remove(name);

    /// <summary>Everything is gone.</summary>
    public void Clear()
    {
        _committed.Clear();
        _partialUploads.Clear();
        Unreachable = 0;
    }

    /// <summary>
    /// The server was killed, and this is what is found. It must be the state before the operation in flight or the one after it; returns
    /// what is wrong, or null. </summary>
    public string? Reconcile(IReadOnlyDictionary<string, FileContent> found)
    {
        Operation? operation = InFlight;
        InFlight = null;
        if (IsSame(_committed, found))
        {
            KeepPartialUpload(operation);
            return null;
        }

        var after = new Dictionary<string, FileContent>(_committed);
        if (operation is { Name: null, UploadTarget: { } target }
            && found.FirstOrDefault(file => !_committed.ContainsKey(file.Key)).Key is { } name)
        {
            operation = Operation.CreateNamed(operation, name);
        }

        foreach ((string changed, FileContent? content) in operation?.Changes ?? [])
        {
            SetContent(after, changed, content);
        }

        if (operation is null || !IsSame(after, found))
        {
            return $"before:\n{Format(_committed)}\nin flight: {operation?.Description ?? "nothing"}, after which:\n{Format(after)}\nfound:\n{Format(found)}";
        }

        PartialUpload? previousPartial = operation is { UploadTarget: null, Name: { } deleted } ? _partialUploads.GetValueOrDefault(deleted)
            : null;
        Apply(operation);
        if (previousPartial is not null)
        {
            // The committed file and the kept one do not go in one step.
            _partialUploads[operation.Name!] = previousPartial with { IsExact = false };
        }

        return null;
    }

    /// <summary>The server was killed in an upload: what it has of it, it keeps.</summary>
    private void KeepPartialUpload(Operation? operation)
    {
        if (operation is { Name: { } deleted, UploadTarget: null }
            && _partialUploads.TryGetValue(deleted, out PartialUpload? previousPartial))
        {
            _partialUploads[deleted] = previousPartial with { IsExact = false };
        }

        if (operation is not { UploadTarget: { } target })
        {
            return;
        }

        if (operation.Name is not { } name)
        {
            Unreachable++;
            return;
        }

        bool replaces = _partialUploads.TryGetValue(name, out PartialUpload? before) && (before.Target != target || before.IsUncertain);
        Unreachable += replaces ? 1 : 0;
        Unreachable += before is null && operation.CopiesExisting ? 1 : 0;
        _partialUploads[name] = new PartialUpload(target, target.Length, IsUncertain: replaces && !operation.HasStarted);
    }

    private void Apply(Operation operation)
    {
        foreach ((string name, FileContent? content) in operation.Changes)
        {
            SetContent(_committed, name, content);
            _partialUploads.Remove(name);
        }

        InFlight = null;
    }

    private static void SetContent(Dictionary<string, FileContent> names, string name, FileContent? content)
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

    private static bool IsSame(Dictionary<string, FileContent> left, IReadOnlyDictionary<string, FileContent> right) =>
        left.Count == right.Count && left.All(file => right.TryGetValue(file.Key, out FileContent? other) && file.Value == other);

    private static string Format(IReadOnlyDictionary<string, FileContent> names) =>
        string.Join('\n', names.OrderBy(file => file.Key, StringComparer.Ordinal).Select(file => $"  {file.Key} = {file.Value}"));
}
