using Fts.FuzzTests.Engine;

namespace Fts.FuzzTests.Targets;

/// <summary>Every parser of what others wrote. A new one is a row in the file of its room, and a file of the same name in Corpus.</summary>
internal static class FuzzTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
        [.. CommandTargets.All, .. AddressTargets.All, .. ReplyTargets.All, .. ListingTargets.All, .. StreamTargets.All, .. PathTargets.All, .. ServerTargets.All, .. ProgramTargets.All];
}
