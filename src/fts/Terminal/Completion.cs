namespace Fts.Cli;

/// <summary>What Tab does: text to insert at the cursor, or choices to show when there is nothing more to insert.</summary>
internal readonly record struct Completion(string Insert, IReadOnlyList<string> Choices)
{
    /// <summary>Nothing fits.</summary>
    public static Completion None { get; } = new("", []);

    /// <summary>Completes a word to what all candidates that begin with it have in common, and ends it when there is only one.</summary>
    /// <param name="typed">The word so far, as it stands in the line.</param>
    /// <param name="candidates">Whole words, as they would have to be typed. One that ends in a slash is a folder: more may follow it.</param>
    public static Completion Of(string typed, IEnumerable<string> candidates)
    {
        string[] fitting = [.. candidates.Where(candidate => candidate.StartsWith(typed, StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal)];
        if (fitting.Length == 0)
        {
            return None;
        }

        string common = fitting.Aggregate((a, b) => a[..a.AsSpan().CommonPrefixLength(b)]);
        bool whole = fitting.Length == 1 && !common.EndsWith('/') && !common.EndsWith("/'", StringComparison.Ordinal);
        return new Completion(common[typed.Length..] + (whole ? " " : ""), fitting);
    }
}
