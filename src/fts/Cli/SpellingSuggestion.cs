namespace Fts.Cli;

/// <summary>Finds the suggestion for "did you mean" after a typing error.</summary>
internal static class SpellingSuggestion
{
    /// <summary>Returns the candidate that is most similar to the typed word, or null if none is similar enough.</summary>
    public static string? FindNearest(string typed, IEnumerable<string> candidates)
    {
        string? best = null;
        // Up to a third of the letters may differ: "gte" suggests get, "zzz" suggests nothing.
        int limit = Math.Max(1, (typed.Length + 1) / 3) + 1;
        foreach (string candidate in candidates)
        {
            bool startsCandidate = candidate.StartsWith(typed, StringComparison.OrdinalIgnoreCase) && typed.Length > 1;
            if (!startsCandidate && Math.Abs(typed.Length - candidate.Length) >= limit)
            {
                continue; // the distance is at least the difference of the lengths
            }

            int distance = startsCandidate ? 1 : ComputeDistance(typed.ToLowerInvariant(), candidate);
            if (distance < limit && distance < Math.Max(typed.Length, candidate.Length))
            {
                (best, limit) = (candidate, distance);
            }
        }

        return best;
    }

    /// <summary>
    /// Returns how many letters must at least be inserted, deleted, replaced, or swapped with a neighbour to change one word to the other
    /// (optimal string alignment distance).
    /// </summary>
    private static int ComputeDistance(string from, string to)
    {
        int[,] cost = new int[from.Length + 1, to.Length + 1];
        for (int i = 0; i <= from.Length; i++)
        {
            for (int j = 0; j <= to.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    cost[i, j] = i + j;
                    continue;
                }

                int change = cost[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                cost[i, j] = Math.Min(change, Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                {
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
                }
            }
        }

        return cost[from.Length, to.Length];
    }
}
