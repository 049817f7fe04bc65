using System.Text;

namespace Fts.Cli;

/// <summary>Quotes words for the system's shell, in commands that are printed for the user to paste.</summary>
internal static class ShellQuoting
{
    private const string SafeCharacters = "@%+=:,./_-";

    /// <summary>Returns a text as one word of a command line.</summary>
    public static string Quote(string text)
    {
        if (text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || SafeCharacters.Contains(c)))
        {
            return text;
        }

        return OperatingSystem.IsWindows() ? $"\"{text}\"" : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }

    /// <summary>Returns a pattern as one word that the system's shell expands: <c>*</c> and <c>?</c> stay outside the quotes.</summary>
    public static string QuotePattern(string pattern)
    {
        var typed = new StringBuilder();
        int start = 0;
        for (int i = 0; i <= pattern.Length; i++)
        {
            if (i < pattern.Length && pattern[i] is not ('*' or '?'))
            {
                continue;
            }

            typed.Append(i > start ? Quote(pattern[start..i]) : "").Append(i < pattern.Length ? pattern[i].ToString() : "");
            start = i + 1;
        }

        return typed.ToString();
    }
}
