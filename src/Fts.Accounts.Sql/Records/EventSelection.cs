namespace Fts.Accounts.Sql.Records;

/// <summary>The result of a search for events.</summary>
/// <param name="Ids">The numbers of the events in ascending order.</param>
/// <param name="HasOlder">Whether older events match, too.</param>
public sealed record EventSelection(IReadOnlyList<long> Ids, bool HasOlder);
