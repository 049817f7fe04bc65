namespace Fts.Trust;

/// <summary>The machine entries of a <c>.netrc</c> file, as ftp clients have kept them since BSD. Macros are skipped.</summary>
internal static class NetRcFile
{
    /// <summary>Who to sign in as on a host.</summary>
    internal readonly record struct Entry(string? User, string? Password, string? Account = null);

    /// <summary>The file to read: what <c>NETRC</c> names, else <c>~/.netrc</c>.</summary>
    public static string DefaultPath =>
        Environment.GetEnvironmentVariable("NETRC") is { Length: > 0 } path ? path
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".netrc");

    /// <summary>The first entry for this host, and for this user if one is named; else the <c>default</c> entry; else null.</summary>
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

    /// <summary>A macro runs from <c>macdef</c> to the next empty line; a <c>#</c> starts a comment only at the start of a line, a password may hold one.</summary>
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
