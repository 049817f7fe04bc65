namespace Fts.CrashTests.KillRestart;

/// <summary>
/// One requested change that the server has not acknowledged yet. If the server is killed, it has made the whole change or none of it, and
/// it keeps the received bytes of an upload.
/// </summary>
internal sealed class Operation(string description, params (string Name, FileContent? Content)[] changes)
{
    public string Description => description;

    /// <summary>
    /// The content of each changed name after the operation, or null for a removed name. Empty for STOU until the server sends the name.
    /// </summary>
    public (string Name, FileContent? Content)[] Changes => changes;

    /// <summary>The complete content of an upload; null for other operations.</summary>
    public FileContent? UploadTarget { get; init; }

    /// <summary>The name of the changed file; null for STOU until the server sends the name.</summary>
    public string? Name { get; init; }

    /// <summary>Whether the upload begins with a copy of the start of the existing file (REST, APPE).</summary>
    public bool CopiesExisting { get; init; }

    /// <summary>Whether the server sent the 150 reply. From then on, the staging file of this name belongs to this upload.</summary>
    public bool HasStarted { get; private set; }

    public void MarkStarted() => HasStarted = true;

    /// <summary>Returns the started STOU operation with the name that the server sent.</summary>
    public static Operation CreateNamed(Operation unnamed, string name)
    {
        var named = new Operation(unnamed.Description, (name, unnamed.UploadTarget)) { Name = name, UploadTarget = unnamed.UploadTarget };
        named.MarkStarted();
        return named;
    }
}

/// <summary>An interrupted upload that the server keeps for resumption.</summary>
/// <param name="Target">The complete content of the upload.</param>
/// <param name="MaxBytes">The largest number of bytes that the server can have received.</param>
/// <param name="IsExact">Whether the server has received exactly <paramref name="MaxBytes"/>: the data connection was closed in order, and
/// the server replied.</param>
/// <param name="IsUncertain">Whether the server may still keep an earlier upload of this name, because it was killed before its 150
/// reply.</param>
internal sealed record PartialUpload(FileContent Target, int MaxBytes, bool IsExact = false, bool IsUncertain = false);
