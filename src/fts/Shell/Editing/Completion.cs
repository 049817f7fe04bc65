namespace Fts.Shell.Editing;

/// <summary>What Tab does: text that takes the place of what stands between <paramref name="Start"/> and the cursor, and what there is to choose from when that changes nothing.</summary>
internal readonly record struct Completion(int Start, string Text, IReadOnlyList<string> Candidates)
{
    /// <summary>Completes a word to what all names that begin with it have in common, and ends it when there is only one.</summary>
    /// <param name="start">Where the word starts in the line.</param>
    /// <param name="word">The word so far, without its quotes.</param>
    /// <param name="names">The names. One that ends in a slash is a folder: more may follow it.</param>
    /// <returns>The completion; null when no name fits.</returns>
    public static Completion? Create(int start, string word, IEnumerable<string> names)
    {
        string[] matches = [.. names.Where(name => name.StartsWith(word, StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal)];
        if (matches.Length == 0)
        {
            return null;
        }

        string common = matches.Aggregate((a, b) => a[..a.AsSpan().CommonPrefixLength(b)]);
        return new Completion(start, ShellLineParser.Escape(common) + (matches.Length == 1 && !common.EndsWith('/') ? " " : ""), matches);
    }
}
