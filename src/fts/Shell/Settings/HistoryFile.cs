using Fts.Shell.Commands;

namespace Fts.Shell.Settings;

/// <summary>
/// The lines that the user typed in earlier sessions: <c>fts/history</c> in <c>XDG_STATE_HOME</c> or <c>~/.local/state</c>. Only the user
/// can read the file. A file that cannot be read or written is ignored, because the history is a convenience.
/// </summary>
/// <param name="path">The path of the file.</param>
internal sealed class HistoryFile(string path)
{
    private const int MaxLines = 1000, MaxLineLength = 4096;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The file of the current user.</summary>
    public static HistoryFile ForUser { get; } = new(Path.Combine(
        Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } folder && Path.IsPathRooted(folder)
            ? folder
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state"),
        "fts", "history"));

    /// <summary>Returns the latest lines, the oldest first. Shortens a file that has twice as many lines.</summary>
    public List<string> Load()
    {
        try
        {
            string[] lines = File.ReadAllLines(path);
            List<string> latest = [.. lines.TakeLast(MaxLines)];
            if (lines.Length > 2 * MaxLines)
            {
                string temporary = $"{path}.{Environment.ProcessId}.tmp";
                Write(temporary, FileMode.Create, latest);
                File.Move(temporary, path, overwrite: true);
            }

            return latest;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Adds a line, unless it may contain a password.</summary>
    public void Add(string line)
    {
        if (!IsStorable(line))
        {
            return;
        }

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            Write(path, FileMode.Append, [line]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The session continues without the file.
        }
    }

    /// <summary>
    /// Returns whether a line is stored. Not stored are lines that start with a space, arguments that are sent unchanged (<c>quote</c>,
    /// <c>site</c>), URLs with a password, and programs of the local system, whose arguments may be passwords.
    /// </summary>
    public static bool IsStorable(string line)
    {
        string[] words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        return words.Length > 0 && line.Length <= MaxLineLength && line[0] is not (' ' or '!')
            && ShellCommandTable.Find(words[0].Trim('"', '\'')) is not { IsRaw: true }
            && !words.Any(HasPassword);
    }

    /// <summary>Returns whether a word has the form <c>…user:password@host</c>.</summary>
    private static bool HasPassword(string word)
    {
        int at = word.LastIndexOf('@'), start = word.IndexOf("://", StringComparison.Ordinal);
        return at > 0 && word.AsSpan(start < 0 ? 0 : Math.Min(start + 3, at), at - (start < 0 ? 0 : Math.Min(start + 3, at))).Contains(':');
    }

    private static void Write(string path, FileMode mode, IEnumerable<string> lines)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using var writer = new StreamWriter(path, options);
        foreach (string line in lines)
        {
            writer.Write($"{line}\n");
        }
    }
}
