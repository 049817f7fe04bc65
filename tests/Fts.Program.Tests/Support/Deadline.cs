namespace Fts.ProgramTests.Support;

/// <summary>How long anything is waited for: long enough for a busy machine, so that running into it means it will never happen.</summary>
internal static class Deadline
{
    public static readonly TimeSpan Default = TimeSpan.FromSeconds(60);
}
