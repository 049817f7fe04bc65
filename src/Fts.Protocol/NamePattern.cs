namespace Fts.Protocol;

/// <summary>
/// Matches names against patterns, as LIST and NLST of most servers and the program's own commands do. <c>*</c> matches any characters,
/// <c>?</c> matches one, and a backslash makes the character after it match itself.
/// </summary>
public static class NamePattern
{
    /// <summary>Returns whether the whole name matches the pattern. Upper and lower case differ.</summary>
    /// <remarks>
    /// For every pattern, the time is at most proportional to the product of the two lengths. Only the latest <c>*</c> is tried at later
    /// offsets. A later match of the part before it would only leave fewer characters for the rest.
    /// </remarks>
    /// <param name="pattern">The pattern. A backslash at its end matches itself.</param>
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
                starEnd += CharacterLength(name[starEnd..]);
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

    /// <summary>Returns the first offset at which the pattern can match, or the length of the name if there is none.</summary>
    private static int FindStart(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        if (pattern.IsEmpty || pattern[0] is '*' or '?' or '\\')
        {
            return 0;
        }

        int start = name.IndexOf(pattern[0]);
        return start < 0 ? name.Length : start;
    }

    private static bool TryMatchCharacter(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name, out int used, out int matched)
    {
        (used, matched) = (1, 1);
        if (pattern.IsEmpty)
        {
            return false;
        }

        if (pattern[0] == '?')
        {
            matched = CharacterLength(name);
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
    private static int CharacterLength(ReadOnlySpan<char> text) => text.Length > 1 && char.IsSurrogatePair(text[0], text[1]) ? 2 : 1;
}
