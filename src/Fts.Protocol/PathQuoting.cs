namespace Fts.Protocol;

/// <summary>Quotes paths as in a 257 reply (RFC 959 appendix II).</summary>
public static class PathQuoting
{
    /// <summary>Returns the path in double quotes. Each quote in the path is doubled.</summary>
    /// <param name="path">The path.</param>
    public static string Quote(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return $"\"{path.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    /// <summary>Returns the first quoted path in a text, or null if the text has no quoted path.</summary>
    /// <param name="text">The text of a 257 reply. Text before and after the quotes is ignored.</param>
    public static string? Unquote(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
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
