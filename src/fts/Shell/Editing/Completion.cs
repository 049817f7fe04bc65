namespace Fts.Shell.Editing;

/// <summary>The result of a Tab completion.</summary>
/// <param name="Start">Where the text to replace starts, as an index in the line. The text ends at the cursor.</param>
/// <param name="Text">The new text.</param>
/// <param name="Candidates">The matching names, which are shown if the new text equals the old text.</param>
internal readonly record struct Completion(int Start, string Text, IReadOnlyList<string> Candidates)
{
    /// <summary>Completes a word to the common prefix of all matching names. A space follows if exactly one name matches.</summary>
    /// <param name="start">The index of the word in the line.</param>
    /// <param name="word">The typed part of the word, without quotes.</param>
    /// <param name="names">The possible names. A name with a slash at its end is a folder, so no space follows it.</param>
    /// <returns>The completion, or null if no name matches.</returns>
    public static Completion? Create(int start, string word, IEnumerable<string> names)
    {
        string[] matches =
            [.. names.Where(name => name.StartsWith(word, StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal)];
        if (matches.Length == 0)
        {
            return null;
        }

        string common = matches.Aggregate((a, b) => a[..a.AsSpan().CommonPrefixLength(b)]);
        string suffix = matches.Length == 1 && !common.EndsWith('/') ? " " : "";
        return new Completion(start, ShellLineParser.Escape(common) + suffix, matches);
    }
}
