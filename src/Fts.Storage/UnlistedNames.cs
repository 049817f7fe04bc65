namespace Fts.Storage;

/// <summary>
/// The names in a directory that a listing omits because a <see cref="StorePath"/> cannot contain them: names with line breaks, names that
/// are too long and, on some systems, names that are not UTF-8.
/// </summary>
/// <param name="Count">The number of names.</param>
/// <param name="Example">
/// One of the names, or null if none was omitted. The name may contain control characters and lone surrogates.
/// </param>
public readonly record struct UnlistedNames(int Count, string? Example)
{
    /// <summary>Returns a copy that also counts this omitted name.</summary>
    internal UnlistedNames Add(string name) => new(Count + 1, Example ?? name);
}
