namespace Fts.Protocol;

/// <summary>The quoted path of a 257 reply: quotes inside are doubled (RFC 959 appendix II).</summary>
internal static class PathQuoting
{
    /// <summary>The path between quotes, each quote inside doubled.</summary>
    public static string Quote(string path) => $"\"{path.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>The path at the start of a 257 reply's text; null when there is no closed quotation.</summary>
    public static string? Unquote(string text)
    {
        int start = text.IndexOf('"', StringComparison.Ordinal);
        for (int i = start + 1; start >= 0 && i < text.Length; i++)
        {
            if (text[i] != '"')
            {
                continue;
            }

            if (i + 1 == text.Length || text[i + 1] != '"')
            {
                return text[(start + 1)..i].Replace("\"\"", "\"", StringComparison.Ordinal);
            }

            i++;
        }

        return null;
    }
}
