namespace Fts.Protocol;

/// <summary>
/// Matches names against the patterns that most servers accept in LIST and NLST. <c>*</c> matches any number of characters, <c>?</c>
/// matches one character, and a backslash makes the character after it match itself.
/// </summary>
public static class NamePattern
{
    /// <summary>Returns whether the whole name matches the pattern. The comparison is case-sensitive.</summary>
    /// <remarks>
    /// For every pattern, the time is at most proportional to the product of the two lengths, because only the latest <c>*</c> matches more
    /// characters after a mismatch. An earlier <c>*</c> never needs to match more, because the pattern after that <c>*</c> would then only
    /// have fewer characters left to match.
    /// </remarks>
    /// <param name="pattern">The pattern. A backslash at the end of the pattern matches a backslash.</param>
    /// <param name="name">The name.</param>
    public static bool IsMatch(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        int at = 0, nameAt = 0;
        int afterStar = -1, starEnd = 0;
        while (nameAt < name.Length)
        {
            if (at < pattern.Length && pattern[at] == '*')
            {
                (afterStar, starEnd) = (++at, nameAt);
            }
            else if (TryMatchCharacter(pattern[at..], name[nameAt..], out int used, out int matched))
            {
                (at, nameAt) = (at + used, nameAt + matched);
            }
            else if (afterStar >= 0)
            {
                // The latest star matches more characters, up to the next character that can follow it.
                starEnd += GetCharacterLength(name[starEnd..]);
                starEnd += FindStart(pattern[afterStar..], name[starEnd..]);
                (at, nameAt) = (afterStar, starEnd);
            }
            else
            {
                return false;
            }
        }

        return pattern[at..].TrimStart('*').IsEmpty;
    }

    /// <summary>
    /// Returns the first offset in the name at which the pattern can match, or the length of the name if no such offset exists.
    /// </summary>
    private static int FindStart(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        if (pattern.IsEmpty || pattern[0] is '*' or '?' or '\\')
        {
            return 0;
        }

        int start = name.IndexOf(pattern[0]);
        return start < 0 ? name.Length : start;
    }

    /// <summary>Matches the first character of the pattern, with its backslash if it has one, to the first character of the name.</summary>
    /// <param name="pattern">The rest of the pattern. It does not start with <c>*</c>.</param>
    /// <param name="name">The rest of the name. It is not empty.</param>
    /// <param name="used">The number of UTF-16 code units that were matched in the pattern.</param>
    /// <param name="matched">The number of UTF-16 code units that were matched in the name.</param>
    private static bool TryMatchCharacter(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name, out int used, out int matched)
    {
        (used, matched) = (1, 1);
        if (pattern.IsEmpty)
        {
            return false;
        }

        if (pattern[0] == '?')
        {
            matched = GetCharacterLength(name);
            return true;
        }

        if (pattern[0] == '\\' && pattern.Length > 1)
        {
            used = 2;
            return pattern[1] == name[0];
        }

        return pattern[0] == name[0];
    }

    /// <summary>Returns 2 for a surrogate pair, which is one character for the user, and otherwise 1.</summary>
    private static int GetCharacterLength(ReadOnlySpan<char> text) => text.Length > 1 && char.IsSurrogatePair(text[0], text[1]) ? 2 : 1;
}
