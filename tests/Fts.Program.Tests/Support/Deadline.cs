namespace Fts.ProgramTests.Support;

/// <summary>The time limit of every wait. It is long enough for a busy machine.</summary>
internal static class Deadline
{
    public static readonly TimeSpan Default = TimeSpan.FromSeconds(60);
}
