using System.Text;

namespace Fts.Cli;

/// <summary>One word of a typed line, and whether a <c>*</c>, <c>?</c> or <c>[</c> in it stood outside quotes, so that it is a pattern.</summary>
internal readonly record struct Word(string Text, bool IsPattern = false)
{
    public override string ToString() => Text;
}

/// <summary>Splits a typed line into words the way a shell does: <c>"…"</c>, <c>'…'</c> and backslash keep spaces in a word.</summary>
internal static class Words
{
    /// <summary>What a backslash takes its meaning from. Before anything else it stands for itself, so that C:\files can be typed.</summary>
    private const string Special = " \t\"'\\*?[#";

    /// <summary>The line's words.</summary>
    /// <exception cref="FailureException">A quote that is not closed.</exception>
    public static IReadOnlyList<Word> Split(string line)
    {
        var words = new List<Word>();
        var word = new StringBuilder();
        bool inWord = false, pattern = false;
        char quote = '\0';
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (quote != '\0' && c == quote)
            {
                quote = '\0';
            }
            else if (c == '\\' && quote != '\'' && i + 1 < line.Length && (quote == '\0' ? Special : "\"\\").Contains(line[i + 1]))
            {
                word.Append(line[++i]);
                inWord = true;
            }
            else if (quote == '\0' && (c is '"' or '\''))
            {
                (quote, inWord) = (c, true);
            }
            else if (quote == '\0' && (c is ' ' or '\t'))
            {
                Finish();
            }
            else
            {
                pattern |= quote == '\0' && (c is '*' or '?' or '[');
                word.Append(c);
                inWord = true;
            }
        }

        if (quote != '\0')
        {
            throw new FailureException(ExitCode.Usage, $"a {quote} is not closed", "put a name with spaces in \"…\", or a backslash before the quote");
        }

        Finish();
        return words;

        void Finish()
        {
            if (inWord)
            {
                words.Add(new Word(word.ToString(), pattern));
            }

            word.Clear();
            (inWord, pattern) = (false, false);
        }
    }

    /// <summary>The name as it has to be typed to be one word.</summary>
    public static string Quote(string name) =>
        name.Length > 0 && name.AsSpan().IndexOfAny(Special) < 0 ? name
        : name.Contains('\'') ? $"\"{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\""
        : $"'{name}'";
}
