namespace Fts.CrashTests.KillRestart;

/// <summary>
/// One change that was asked for and not acknowledged yet. Killed now, the server has done all of it or nothing; what it received of an upload it still has.
/// </summary>
internal sealed class Operation(string what, params (string Name, Content? Content)[] changes)
{
    public string What => what;

    /// <summary>What the names stand for once it is done; null for nothing. An upload under a name of the server's choice has none before it is told.</summary>
    public (string Name, Content? Content)[] Changes => changes;

    /// <summary>What an upload is to become; null for what is no upload.</summary>
    public Content? Uploads { get; init; }

    /// <summary>Whose pending file an upload writes; null while only the server knows.</summary>
    public string? Name { get; init; }

    /// <summary>Whether an upload begins as a copy of what is there.</summary>
    public bool Copies { get; init; }

    /// <summary>Whether the server said 150: a pending file that is there from then on is this upload's.</summary>
    public bool HasBegun { get; private set; }

    public void Began() => HasBegun = true;

    /// <summary>The server told under which name it stores.</summary>
    public static Operation Named(Operation unnamed, string name)
    {
        var named = new Operation(unnamed.What, (name, unnamed.Uploads)) { Name = name, Uploads = unnamed.Uploads };
        named.Began();
        return named;
    }
}

/// <summary>A broken upload that the server keeps to be continued.</summary>
/// <param name="Target">What it is to become.</param>
/// <param name="Most">The bytes that can have arrived.</param>
/// <param name="IsExact">Whether all of them have: the connection ended in good order, and the server answered.</param>
/// <param name="IsDoubtful">Whether another upload may stand in its place: the server was killed before it said which.</param>
internal sealed record Kept(Content Target, int Most, bool IsExact = false, bool IsDoubtful = false);
