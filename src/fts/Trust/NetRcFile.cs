namespace Fts.Trust;

/// <summary>Parses the entries of a <c>.netrc</c> file, which has the format of BSD ftp. Macros are skipped.</summary>
internal static class NetRcFile
{
    /// <summary>The credentials for a host. A value that the file does not contain is null.</summary>
    internal readonly record struct Entry(string? User, string? Password, string? Account = null);

    /// <summary>The path of the file: the value of <c>NETRC</c>, or <c>~/.netrc</c>.</summary>
    public static string DefaultPath =>
        Environment.GetEnvironmentVariable("NETRC") is { Length: > 0 } path ? path
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".netrc");

    /// <summary>
    /// Returns the first entry that matches the host and the user, or null. A <c>default</c> entry matches every host, and an entry without
    /// a user matches every user.
    /// </summary>
    /// <param name="text">The content of the file.</param>
    /// <param name="host">The host, in upper or lower case.</param>
    /// <param name="user">The user; null for any.</param>
    public static Entry? FindEntry(string text, string host, string? user)
    {
        string[] tokens = [.. RemoveMacros(text).SelectMany(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))];
        for (int i = 0; i < tokens.Length; i++)
        {
            bool isDefault = tokens[i] == "default";
            if (!isDefault && (tokens[i] != "machine" || i + 1 == tokens.Length))
            {
                continue;
            }

            bool matches = isDefault || string.Equals(tokens[i + 1], host, StringComparison.OrdinalIgnoreCase);
            var entry = new Entry();
            int index = isDefault ? i + 1 : i + 2;
            for (; index + 1 < tokens.Length && tokens[index] is "login" or "password" or "account"; index += 2)
            {
                entry = tokens[index] switch
                {
                    "login" => entry with { User = tokens[index + 1] },
                    "password" => entry with { Password = tokens[index + 1] },
                    _ => entry with { Account = tokens[index + 1] },
                };
            }

            if (matches && (user is null || entry.User is null || entry.User == user))
            {
                return entry;
            }

            i = index - 1;
        }

        return null;
    }

    /// <summary>
    /// Returns the lines of a file without comment lines and macros. A macro extends from <c>macdef</c> to the next empty line. A <c>#</c>
    /// within a line can be part of a password.
    /// </summary>
    private static IEnumerable<string> RemoveMacros(string text)
    {
        bool inMacro = false;
        foreach (string line in text.Split('\n'))
        {
            inMacro = inMacro ? !string.IsNullOrWhiteSpace(line) : line.TrimStart().StartsWith("macdef", StringComparison.Ordinal);
            if (!inMacro && !line.TrimStart().StartsWith('#'))
            {
                yield return line;
            }
        }
    }
}
