using Fts.FuzzTests.Engine;

namespace Fts.FuzzTests.Targets;

/// <summary>All targets. To add one, add a row to the file of its topic and a file with the same name in <c>Corpus</c>.</summary>
internal static class FuzzTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
        [.. CommandTargets.All, .. AddressTargets.All, .. ReplyTargets.All, .. ListingTargets.All, .. StreamTargets.All, .. PathTargets.All,
            .. ServerTargets.All, .. ProgramTargets.All, .. AccountTargets.All];
}
