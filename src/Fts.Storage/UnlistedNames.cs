namespace Fts.Storage;

/// <summary>
/// Implemented by the entries that <see cref="IFileStore.ListAsync"/> returns if the store left names out. A server logs their number.
/// </summary>
public interface IUnlistedNameReport
{
    /// <summary>The names left out so far. Complete after the last entry was read.</summary>
    UnlistedNames Unlisted { get; }
}

/// <summary>Names in a folder that a <see cref="StorePath"/> cannot contain: with line ends, too long or, on some systems, not UTF-8.</summary>
/// <param name="Count">The number of names.</param>
/// <param name="Example">One of them; null if there are none. It may contain control characters and lone surrogates.</param>
public readonly record struct UnlistedNames(int Count, string? Example)
{
    /// <summary>Returns these names and a further one.</summary>
    internal UnlistedNames Add(string name) => new(Count + 1, Example ?? name);
}
