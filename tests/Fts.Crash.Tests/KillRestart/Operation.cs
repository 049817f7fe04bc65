namespace Fts.CrashTests.KillRestart;

/// <summary>
/// One change that was asked for and not acknowledged yet. Killed now, the server has done all of it or nothing; what it received of an
/// upload it still has. </summary>
internal sealed class Operation(string description, params (string Name, FileContent? Content)[] changes)
{
    public string Description => description;

    /// <summary>What the names stand for once it is done; null for nothing. An upload under a name of the server's choice has none before
    /// it is told.</summary>
    public (string Name, FileContent? Content)[] Changes => changes;

    /// <summary>What an upload is to become; null for what is no upload.</summary>
    public FileContent? UploadTarget { get; init; }

    /// <summary>Whose pending file an upload writes; null while only the server knows.</summary>
    public string? Name { get; init; }

    /// <summary>Whether an upload begins as a copy of what is there.</summary>
    public bool CopiesExisting { get; init; }

    /// <summary>Whether the server said 150: a pending file that is there from then on is this upload's.</summary>
    public bool HasStarted { get; private set; }

    public void MarkStarted() => HasStarted = true;

    /// <summary>The server told under which name it stores.</summary>
    public static Operation CreateNamed(Operation unnamed, string name)
    {
        var named = new Operation(unnamed.Description, (name, unnamed.UploadTarget)) { Name = name, UploadTarget = unnamed.UploadTarget };
        named.MarkStarted();
        return named;
    }
}

/// <summary>A broken upload that the server keeps to be continued.</summary>
/// <param name="Target">What it is to become.</param>
/// <param name="MaxBytes">The bytes that can have arrived.</param>
/// <param name="IsExact">Whether all of them have: the connection ended in good order, and the server answered.</param>
/// <param name="IsUncertain">Whether another upload may stand in its place: the server was killed before it said which.</param>
internal sealed record PartialUpload(FileContent Target, int MaxBytes, bool IsExact = false, bool IsUncertain = false);
