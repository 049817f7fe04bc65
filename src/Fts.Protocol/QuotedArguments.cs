using System.Text;

namespace Fts.Protocol;

/// <summary>Several names in one argument: words between spaces; one that starts with a quote goes on to the next, and doubled quotes inside it stand for one.</summary>
internal static class QuotedArguments
{
    /// <summary>The words; null when a quote is not closed, or something sticks to one that is.</summary>
    public static IReadOnlyList<string>? Parse(string text)
    {
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
            else if (ReadQuotedArgument(text, ref at) is { } word && (at == text.Length || text[at] == ' '))
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

    private static string? ReadQuotedArgument(string text, ref int at)
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
