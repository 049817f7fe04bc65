using System.Text;

namespace Fts.Protocol;

/// <summary>
/// Splits the argument of commands that take several names, such as SITE COPY, into words at spaces. A word in double quotes may contain
/// spaces. Two double quotes within such a word represent one.
/// </summary>
public static class QuotedArguments
{
    /// <summary>Returns the words, or null if a closing quote is missing or is followed by a character other than a space.</summary>
    /// <param name="text">The argument.</param>
    public static IReadOnlyList<string>? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var words = new List<string>();
        for (int at = 0; at < text.Length;)
        {
            if (text[at] == ' ')
            {
                at++;
            }
            else if (text[at] != '"')
            {
                int end = text.IndexOf(' ', at);
                words.Add(end < 0 ? text[at..] : text[at..end]);
                at = end < 0 ? text.Length : end;
            }
            else if (ReadQuotedWord(text, ref at) is { } word && (at == text.Length || text[at] == ' '))
            {
                words.Add(word);
            }
            else
            {
                return null;
            }
        }

        return words;
    }

    private static string? ReadQuotedWord(string text, ref int at)
    {
        var word = new StringBuilder();
        for (at++; at < text.Length; at++)
        {
            if (text[at] != '"')
            {
                word.Append(text[at]);
            }
            else if (at + 1 < text.Length && text[at + 1] == '"')
            {
                word.Append('"');
                at++;
            }
            else
            {
                at++;
                return word.ToString();
            }
        }

        return null;
    }
}
