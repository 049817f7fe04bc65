namespace Fts.CrashTests.KillRestart;

/// <summary>
/// The expected content of one worker's files: the last acknowledged content, the partial uploads that the server keeps, and the operation
/// in flight.
/// </summary>
internal sealed class ExpectedState
{
    private readonly Dictionary<string, FileContent> _committed = [];
    private readonly Dictionary<string, PartialUpload> _partialUploads = [];

    /// <summary>The operation that the server has not acknowledged yet; null if there is none.</summary>
    public Operation? InFlight { get; private set; }

    public IReadOnlyDictionary<string, FileContent> Committed => _committed;

    public IReadOnlyDictionary<string, PartialUpload> PartialUploads => _partialUploads;

    /// <summary>
    /// The greatest possible number of staging files that no client can reach. A kill leaves one before the server sends the name of a
    /// STOU, while a new upload replaces a partial one, or while the existing file is copied to the start of an upload.
    /// </summary>
    public int Unreachable { get; private set; }

    /// <summary>Records an operation before its command is sent.</summary>
    public Operation Begin(Operation operation) => InFlight = operation;

    /// <summary>Applies the operation in flight after its positive reply.</summary>
    public void Acknowledge() => Apply(InFlight!);

    /// <summary>
    /// Ends the operation in flight after its negative reply. <paramref name="partialUpload"/> is what the server keeps of an interrupted
    /// upload.
    /// </summary>
    public void Reject(PartialUpload? partialUpload = null)
    {
        if (partialUpload is not null)
        {
            _partialUploads[InFlight!.Name!] = partialUpload;
        }

        InFlight = null;
    }

    /// <summary>Removes the partial upload of a file after the server turned out not to keep one.</summary>
    public void RemovePartialUpload(string name) => _partialUploads.Remove(name);

    /// <summary>Expects an empty directory.</summary>
    public void Clear()
    {
        _committed.Clear();
        _partialUploads.Clear();
        Unreachable = 0;
    }

    /// <summary>
    /// Compares the files after a kill with the states before and after the operation in flight, and adopts the state that matches. Returns
    /// a description of the difference if neither matches, otherwise null.
    /// </summary>
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
            return $"before:\n{Format(_committed)}\nin flight: {operation?.Description ?? "nothing"}\n"
                + $"expected after it:\n{Format(after)}\nfound:\n{Format(found)}";
        }

        PartialUpload? previousPartial = operation is { UploadTarget: null, Name: { } deleted } ? _partialUploads.GetValueOrDefault(deleted)
            : null;
        Apply(operation);
        if (previousPartial is not null)
        {
            // DELE removes the committed file and the partial upload in two steps.
            _partialUploads[operation.Name!] = previousPartial with { IsExact = false };
        }

        return null;
    }

    /// <summary>Records the partial upload that the server may have kept of the upload in flight.</summary>
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
