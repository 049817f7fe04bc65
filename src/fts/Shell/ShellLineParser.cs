using System.Text;
using Fts.Cli;

namespace Fts.Shell;

/// <summary>One word of a typed line, or a path of a URL.</summary>
/// <param name="Text">The word without quotes and escapes.</param>
/// <param name="IsPattern">Whether the word contains <c>*</c> or <c>?</c> outside quotes.</param>
/// <param name="IsExact">Whether the word is a path of a URL, in which a backslash is an ordinary character.</param>
internal readonly record struct ShellWord(string Text, bool IsPattern = false, bool IsExact = false)
{
    public override string ToString() => Text;
}

/// <summary>Splits a typed line into words like a Unix shell. <c>"…"</c>, <c>'…'</c> and backslash keep spaces in a word.</summary>
internal static class ShellLineParser
{
    /// <summary>
    /// The characters that a backslash escapes. Before any other character a backslash is literal, so that C:\files can be typed.
    /// </summary>
    private const string SpecialCharacters = " \t\"'\\*?#";

    /// <summary>Returns the words of a line.</summary>
    /// <exception cref="UserErrorException">A quote is not closed.</exception>
    public static IReadOnlyList<ShellWord> SplitWords(string line)
    {
        var words = new List<(int, ShellWord)>();
        return ScanWords(line, words) is { } quote
            ? throw new UserErrorException(ExitCode.UsageError, $"the quote {quote} is not closed", $"\\{quote}, if it is part of a name")
            : [.. words.Select(word => word.Item2)];
    }

    /// <summary>
    /// Returns the last word of a line and its index. The quotes of the word need not be closed. The word is empty after a space.
    /// </summary>
    public static (int Start, string Text) GetLastWord(string line)
    {
        var words = new List<(int Start, ShellWord Word)>();
        // The added letter belongs to the last word, or forms a new word after a space.
        ScanWords(line + "x", words);
        (int start, ShellWord word) = words[^1];
        return (start, word.Text[..^1]);
    }

    /// <summary>Returns a name as the user types it as one word, with a backslash before each special character.</summary>
    public static string Escape(string name)
    {
        var typed = new StringBuilder(name.Length);
        foreach (char c in name)
        {
            _ = SpecialCharacters.Contains(c) ? typed.Append('\\').Append(c) : typed.Append(c);
        }

        return typed.ToString();
    }

    /// <summary>
    /// Adds the words of a line and their indexes to a list. Returns the quote that is not closed at the end of the line, or null.
    /// </summary>
    private static char? ScanWords(string line, List<(int, ShellWord)> words)
    {
        var word = new StringBuilder();
        int start = -1;
        bool isPattern = false;
        char? quote = null;
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (quote is null && (c is ' ' or '\t'))
            {
                AddWord();
                continue;
            }

            start = start < 0 ? i : start;
            string escapable = quote is null ? SpecialCharacters : "\"\\";
            if (c == quote)
            {
                quote = null;
            }
            else if (c == '\\' && quote != '\'' && i + 1 < line.Length && escapable.Contains(line[i + 1]))
            {
                word.Append(line[++i]);
            }
            else if (quote is null && (c is '"' or '\''))
            {
                quote = c;
            }
            else
            {
                isPattern |= quote is null && (c is '*' or '?');
                word.Append(c);
            }
        }

        AddWord();
        return quote;

        void AddWord()
        {
            if (start >= 0)
            {
                words.Add((start, new ShellWord(word.ToString(), isPattern)));
            }

            word.Clear();
            (start, isPattern) = (-1, false);
        }
    }
}
