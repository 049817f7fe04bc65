using System.Text;
using Fts.Cli;

namespace Fts.Shell;

/// <summary>
/// One word of a typed line, and whether a <c>*</c> or <c>?</c> in it stood outside quotes, so that it is a pattern. An exact word is a path of a URL, in
/// which a backslash is only a backslash.
/// </summary>
internal readonly record struct ShellWord(string Text, bool IsPattern = false, bool IsExact = false)
{
    public override string ToString() => Text;
}

/// <summary>Splits a typed line into words the way a shell does: <c>"…"</c>, <c>'…'</c> and backslash keep spaces in a word.</summary>
internal static class ShellLineParser
{
    /// <summary>What a backslash takes its meaning from. Before anything else it stands for itself, so that C:\files can be typed.</summary>
    private const string SpecialCharacters = " \t\"'\\*?#";

    /// <summary>The line's words.</summary>
    /// <exception cref="UserErrorException">A quote that is not closed.</exception>
    public static IReadOnlyList<ShellWord> SplitWords(string line)
    {
        var words = new List<(int, ShellWord)>();
        return ScanWords(line, words) is { } quote
            ? throw new UserErrorException(ExitCode.UsageError, $"a {quote} is not closed", "put a backslash before it, if it belongs to a name")
            : [.. words.Select(word => word.Item2)];
    }

    /// <summary>The word that a line ends in, quotes closed or not, and where it starts; empty after a space.</summary>
    public static (int Start, string Text) GetLastWord(string line)
    {
        var words = new List<(int Start, ShellWord Word)>();
        // A letter more tells whether the end still belongs to the last word.
        ScanWords(line + "x", words);
        (int start, ShellWord word) = words[^1];
        return (start, word.Text[..^1]);
    }

    /// <summary>The name as it has to be typed to be one word: with backslashes, which also work in the middle of one.</summary>
    public static string Escape(string name)
    {
        var typed = new StringBuilder(name.Length);
        foreach (char c in name)
        {
            _ = SpecialCharacters.Contains(c) ? typed.Append('\\').Append(c) : typed.Append(c);
        }

        return typed.ToString();
    }

    /// <summary>Collects the words with where they start; the quote that is still open at the end, or null.</summary>
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
                Finish();
                continue;
            }

            start = start < 0 ? i : start;
            if (c == quote)
            {
                quote = null;
            }
            else if (c == '\\' && quote != '\'' && i + 1 < line.Length && (quote is null ? SpecialCharacters : "\"\\").Contains(line[i + 1]))
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

        Finish();
        return quote;

        void Finish()
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
