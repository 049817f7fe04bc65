namespace Fts.Client;

/// <summary>How local directories are listed.</summary>
internal static class LocalEntries
{
    /// <summary>
    /// Lists all entries, including hidden ones. A directory that cannot be read is an error, because its files would seem to be missing.
    /// </summary>
    public static EnumerationOptions All { get; } =
        new() { AttributesToSkip = 0, IgnoreInaccessible = false, MatchType = MatchType.Simple };
}
