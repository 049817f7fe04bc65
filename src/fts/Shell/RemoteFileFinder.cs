using Fts.Cli;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Shell;

/// <summary>A file on the server: as typed, the path to send, and what a listing told of it already.</summary>
internal sealed record RemoteFile(string TypedName, string Path, FtpEntry? ListedEntry = null)
{
    /// <summary>The name of the local file.</summary>
    public string LocalName => FtpName.ToLocalName(RemoteDirectory.GetName(Path));

    public override string ToString() => TypedName;
}

/// <summary>The files on the server that typed words mean.</summary>
internal static class RemoteFileFinder
{
    /// <summary>A listing is sorted, so it is held; this many entries take some 300 MB.</summary>
    private const int MaxEntries = 1_000_000;

    /// <summary>
    /// Returns the file of each word, and for a pattern all matching files. For each unreadable line, which may describe a matching file, writes a warning
    /// and returns <see cref="ExitCode.SomeFailed"/>.
    /// </summary>
    /// <exception cref="UserErrorException">A pattern that fits nothing.</exception>
    public static async Task<(IReadOnlyList<RemoteFile> Files, ExitCode Result)> ExpandAsync(ClientShell shell, string verb, IReadOnlyList<ShellWord> words, CancellationToken cancellationToken)
    {
        ExitCode listed = ExitCode.Success;
        var names = new List<RemoteFile>();
        foreach (ShellWord word in words)
        {
            if (!word.IsPattern)
            {
                names.Add(new RemoteFile(word.Text, shell.CurrentDirectory.Resolve(word)));
                continue;
            }

            (string folder, _) = RemoteDirectory.SplitPath(word.Text);
            List<FtpEntry> entries = await MatchAsync(shell, word, cancellationToken);
            names.AddRange(entries.Where(IsFetchable).Select(entry => new RemoteFile(folder + (word.IsExact ? entry.Name : FtpName.Escape(entry.Name)), entry.Path, entry.Source == FtpEntrySource.Names ? null : entry)));
            listed = ClientShell.CombineExitCodes(listed, UnreadableLineWarnings.WriteWarnings(shell, verb, [.. entries.Where(IsUnreadable)]));
            if (entries.TrueForAll(IsUnreadable))
            {
                throw new UserErrorException(ExitCode.NotFound, $"no name on the server matches {word.Text}", "ls, to list the folder");
            }
        }

        return (names, listed);
    }

    /// <summary>Whether a pattern of <c>get</c> takes an entry. NLST does not report the kind of an entry.</summary>
    private static bool IsFetchable(FtpEntry entry) => entry.Kind is FtpEntryKind.File or FtpEntryKind.Link || entry.Source == FtpEntrySource.Names;

    /// <summary>The entries that a pattern's last component fits, by name, and behind them the lines that cannot be read.</summary>
    public static async Task<List<FtpEntry>> MatchAsync(ClientShell shell, ShellWord pattern, CancellationToken cancellationToken)
    {
        (string folder, string name) = RemoteDirectory.SplitPath(pattern.Text);
        string exact = pattern.IsExact ? name.Replace("\\", "\\\\", StringComparison.Ordinal) : UnescapePattern(name);
        return [.. (await ListAsync(shell, pattern with { Text = folder }, cancellationToken))
            .Where(entry => IsUnreadable(entry) || IsMatch(exact, entry.Name) || (!pattern.IsExact && IsMatch(name, FtpName.Escape(entry.Name))))];
    }

    /// <summary>Returns the pattern for a typed pattern. In patterns a backslash that matches itself is doubled.</summary>
    private static string UnescapePattern(string typed) =>
        string.Join("\\\\", typed.Replace("\\x5C", "\\x5c", StringComparison.Ordinal).Split("\\x5c").Select(FtpName.Unescape));

    /// <summary>Whether the entry is a line of the listing that cannot be read.</summary>
    public static bool IsUnreadable(FtpEntry entry) => entry.Kind == FtpEntryKind.Unknown;

    /// <summary>A folder's entries by name, and behind them the lines that cannot be read; an empty folder means the current one.</summary>
    public static async Task<List<FtpEntry>> ListAsync(ClientShell shell, ShellWord folder, CancellationToken cancellationToken)
    {
        string path = folder.Text.Length == 0 ? shell.CurrentDirectory.ListingPath : shell.CurrentDirectory.Resolve(folder.Text == "/" ? folder : folder with { Text = folder.Text.TrimEnd('/') });
        var entries = new List<FtpEntry>();
        await foreach (FtpEntry entry in shell.Client.ListAsync(path, cancellationToken))
        {
            entries.Add(entry);
            if (entries.Count > MaxEntries)
            {
                throw new UserErrorException(ExitCode.TransferFailed, $"the listing has more than {MaxEntries} entries, and may never end");
            }
        }

        entries.Sort((a, b) => IsUnreadable(a) == IsUnreadable(b) ? string.CompareOrdinal(a.Name, b.Name) : IsUnreadable(a) ? 1 : -1);
        return entries;
    }

    /// <summary><c>*</c> and <c>?</c>, as a shell takes them: a name that begins with a dot only fits a pattern that does.</summary>
    public static bool IsMatch(string pattern, string name) =>
        (!name.StartsWith('.') || pattern.StartsWith('.')) && NamePattern.IsMatch(pattern, name);
}
