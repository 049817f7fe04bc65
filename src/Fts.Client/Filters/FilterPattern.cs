using System.Text;
using System.Text.RegularExpressions;

namespace Fts.Client.Filters;

/// <summary>Translates the patterns of rclone (https://rclone.org/filtering/, section "Patterns for matching path/file names").</summary>
internal static class FilterPattern
{
    /// <summary>Returns the regular expression that matches the paths of a pattern.</summary>
    /// <exception cref="FormatException">A bracket or brace is not closed or not open, or the pattern ends with a backslash.</exception>
    public static string ToRegularExpression(string pattern)
    {
        bool isAnchored = pattern.StartsWith('/');
        var expression = new StringBuilder(isAnchored ? @"\A" : @"(?:\A|/)");
        int braces = 0, i = isAnchored ? 1 : 0;
        while (i < pattern.Length)
        {
            char c = pattern[i++];
            switch (c)
            {
                case '*':
                    bool isDouble = i < pattern.Length && pattern[i] == '*';
                    expression.Append(isDouble ? ".*" : "[^/]*");
                    i += isDouble ? 1 : 0;
                    break;
                case '?':
                    expression.Append("[^/]");
                    break;
                case '[':
                    i = AppendClass(expression, pattern, i);
                    break;
                case '{' when i < pattern.Length && pattern[i] == '{':
                    i = AppendExpression(expression, pattern, i + 1);
                    break;
                case '{':
                    braces++;
                    expression.Append("(?:");
                    break;
                case '}' when braces == 0:
                    throw new FormatException($"the pattern '{pattern}' has a }} without {{");
                case '}':
                    braces--;
                    expression.Append(')');
                    break;
                case ',' when braces > 0:
                    expression.Append('|');
                    break;
                case '\\' when i == pattern.Length:
                    throw new FormatException($"the pattern '{pattern}' ends with a backslash");
                case '\\':
                    expression.Append(Escape(pattern[i++]));
                    break;
                default:
                    expression.Append(Escape(c));
                    break;
            }
        }

        return braces == 0
            ? expression.Append(@"\z").ToString()
            : throw new FormatException($"the pattern '{pattern}' has a {{ without }}");
    }

    /// <summary>Appends a class such as <c>[!a-z]</c>. Returns the index after it.</summary>
    private static int AppendClass(StringBuilder expression, string pattern, int start)
    {
        bool isNegated = start < pattern.Length && pattern[start] is '!' or '^';
        int first = isNegated ? start + 1 : start, end = first;
        var members = new StringBuilder();
        // A bracket at the start is a member of the class.
        while (end < pattern.Length && (pattern[end] != ']' || end == first))
        {
            char c = pattern[end++];
            if (c == '\\' && end < pattern.Length)
            {
                members.Append(EscapeMember(pattern[end++]));
            }
            else
            {
                members.Append(c == '-' ? "-" : EscapeMember(c));
            }
        }

        if (end >= pattern.Length)
        {
            throw new FormatException($"the pattern '{pattern}' has a [ without ]");
        }

        expression.Append(isNegated ? "[^/" : "[").Append(members).Append(']');
        return end + 1;
    }

    /// <summary>Appends the regular expression between <c>{{</c> and <c>}}</c>. Returns the index after it.</summary>
    private static int AppendExpression(StringBuilder expression, string pattern, int start)
    {
        int end = pattern.IndexOf("}}", start, StringComparison.Ordinal);
        if (end < 0)
        {
            throw new FormatException($"the pattern '{pattern}' has {{{{ without }}}}");
        }

        expression.Append("(?:").Append(pattern.AsSpan(start, end - start)).Append(')');
        return end + 2;
    }

    private static string Escape(char c) => Regex.Escape(c.ToString());

    private static string EscapeMember(char c) => c is '[' or ']' or '\\' or '^' or '-' ? $"\\{c}" : c.ToString();
}
