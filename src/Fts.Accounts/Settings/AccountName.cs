using System.Buffers;
using System.Globalization;
using System.Text;

namespace Fts.Accounts.Settings;

/// <summary>The rules for the names of accounts and groups.</summary>
/// <remarks>
/// A name is also a directory name, because <c>%u</c> in a home directory expands to it (<see cref="DirectoryTemplate"/>). Names are
/// case-sensitive.
/// </remarks>
public static class AccountName
{
    /// <summary>The maximum length of a name in bytes of UTF-8.</summary>
    public const int MaxBytes = 64;

    private static readonly SearchValues<char> ReservedCharacters = SearchValues.Create("/\\:*?\"<>|");

    /// <summary>Returns why a name is not valid, as the end of a sentence, or null if the name is valid.</summary>
    /// <remarks>
    /// Examples: <c>must not be empty</c>, <c>must not contain '/'</c>. The reserved characters are those that a directory name on Windows
    /// cannot contain.
    /// </remarks>
    public static string? FindProblem(string? name)
    {
        if (string.IsNullOrEmpty(name))
        {
            return "must not be empty";
        }

        if (!IsWellFormed(name))
        {
            return "must be valid Unicode text";
        }

        if (Encoding.UTF8.GetByteCount(name) > MaxBytes)
        {
            return $"must not be longer than {MaxBytes} bytes";
        }

        if (name.Any(IsInvisible))
        {
            return "must not contain control characters";
        }

        int reserved = name.AsSpan().IndexOfAny(ReservedCharacters);
        if (reserved >= 0)
        {
            return $"must not contain '{name[reserved]}'";
        }

        if (name[0] is ' ' or '.' or '-' || name[^1] is ' ' or '.')
        {
            return "must not begin with a space, dot or hyphen, or end with a space or dot";
        }

        return null;
    }

    private static bool IsWellFormed(string name)
    {
        foreach (Rune rune in name.EnumerateRunes())
        {
            // The enumeration replaces a lone surrogate with U+FFFD.
            if (rune == Rune.ReplacementChar)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Returns whether a character is a control or format character, or a line separator. Such names can look alike.</summary>
    private static bool IsInvisible(char character) => char.GetUnicodeCategory(character) is
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
