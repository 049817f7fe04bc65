using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Transfers.Retries;

namespace Fts.Shell;

/// <summary>A remote file.</summary>
/// <param name="TypedName">The name as the user typed it.</param>
/// <param name="Path">The path to send.</param>
/// <param name="ListedEntry">The metadata of the file, or null if the server has not reported any.</param>
internal sealed record RemoteFile(string TypedName, string Path, FtpEntry? ListedEntry = null)
{
    /// <summary>
    /// The local path to write, which the user or a checked tree selects; null for the local form of the last component of
    /// <see cref="Path"/>.
    /// </summary>
    public string? LocalTarget { get; init; }

    /// <summary>The target as the user typed it, for advice; null if the user typed none.</summary>
    public string? TypedTarget { get; init; }

    /// <summary>The name of the remote file as the name of a local file.</summary>
    public string ServerName => FtpName.ToLocalName(RemoteDirectory.GetName(Path));

    /// <summary>The path of the local file.</summary>
    public string LocalName => LocalTarget ?? ServerName;

    public override string ToString() => TypedName;
}

/// <summary>Finds the remote files that the words of a command select.</summary>
internal static class RemoteFileFinder
{
    /// <summary>
    /// The maximum number of entries in a listing. Listings are sorted in memory, and a million entries use about 300 MB.
    /// </summary>
    private const int MaxEntries = 1_000_000;

    /// <summary>
    /// Returns the file for each word. A pattern is replaced by all matching files, sorted by name. An unreadable line of the listing may
    /// describe a matching file, so it causes a warning and the result <see cref="ExitCode.SomeFailed"/>.
    /// </summary>
    /// <exception cref="UserErrorException">No file matches a pattern.</exception>
    public static async Task<(IReadOnlyList<RemoteFile> Files, ExitCode Result)> ExpandAsync(
        ClientShell shell, string verb, IReadOnlyList<ShellWord> words, CancellationToken cancellationToken)
    {
        ExitCode listingResult = ExitCode.Success;
        var files = new List<RemoteFile>();
        foreach (ShellWord word in words)
        {
            if (!word.IsPattern)
            {
                files.Add(new RemoteFile(word.Text, shell.CurrentDirectory.Resolve(word)));
                continue;
            }

            (string folder, _) = RemoteDirectory.SplitPath(word.Text);
            List<FtpEntry> entries = await MatchAsync(shell, word, cancellationToken);
            List<FtpEntry> downloadable = entries.FindAll(IsDownloadable);
            files.AddRange(downloadable.Select(CreateFile));
            listingResult = ClientShell.CombineExitCodes(
                listingResult, UnreadableLineWarnings.WriteWarnings(shell, verb, [.. entries.Where(IsUnreadable)]));
            if (entries.TrueForAll(IsUnreadable))
            {
                throw new UserErrorException(ExitCode.NotFound, $"no remote file matches {word.Text}", "ls, to list the folder");
            }

            if (downloadable.Count == 0 && entries.Exists(entry => entry.Kind == FtpEntryKind.Directory))
            {
                throw new UserErrorException(
                    ExitCode.NotFound, $"no remote file matches {word.Text}, only folders", "ls, to list the folder");
            }

            RemoteFile CreateFile(FtpEntry entry)
            {
                string typedName = folder + (word.IsExact ? entry.Name : FtpName.Escape(entry.Name));
                return new RemoteFile(typedName, entry.Path, entry.Source == FtpEntrySource.Names ? null : entry);
            }
        }

        return (files, listingResult);
    }

    /// <summary>Returns whether a pattern selects an entry. Entries of NLST are selected, because NLST does not report the kind.</summary>
    private static bool IsDownloadable(FtpEntry entry) =>
        entry.Kind is FtpEntryKind.File or FtpEntryKind.Link || entry.Source == FtpEntrySource.Names;

    /// <summary>Returns the entries that match the last component of a pattern, sorted by name. The unreadable lines follow.</summary>
    public static async Task<List<FtpEntry>> MatchAsync(ClientShell shell, ShellWord pattern, CancellationToken cancellationToken)
    {
        (string folder, string name) = RemoteDirectory.SplitPath(pattern.Text);
        string exact = pattern.IsExact ? name.Replace("\\", "\\\\", StringComparison.Ordinal) : UnescapePattern(name);
        return [.. (await ListAsync(shell, pattern with { Text = folder }, cancellationToken))
            .Where(entry => IsUnreadable(entry) || IsMatch(exact, entry.Name)
                || (!pattern.IsExact && IsMatch(name, FtpName.Escape(entry.Name))))];
    }

    /// <summary>
    /// Returns a typed pattern without the escapes that <c>ls</c> prints. In the result, two backslashes match one backslash.
    /// </summary>
    private static string UnescapePattern(string typed) =>
        string.Join("\\\\", typed.Replace("\\x5C", "\\x5c", StringComparison.Ordinal).Split("\\x5c").Select(FtpName.Unescape));

    /// <summary>Returns whether the entry is a line of the listing in an unknown format.</summary>
    public static bool IsUnreadable(FtpEntry entry) => entry.Kind == FtpEntryKind.Unknown;

    /// <summary>
    /// Returns the entries of a folder, sorted by name. The unreadable lines follow. An empty word means the current folder.
    /// </summary>
    public static async Task<List<FtpEntry>> ListAsync(ClientShell shell, ShellWord folder, CancellationToken cancellationToken)
    {
        string path = folder.Text.Length == 0
            ? shell.CurrentDirectory.ListingPath
            : shell.CurrentDirectory.Resolve(folder.Text == "/" ? folder : folder with { Text = folder.Text.TrimEnd('/') });
        List<FtpEntry> entries = await shell.TransferSettings.Retries.RunAsync(
            shell.Terminal, _ => ReadAsync(), RetryPolicy.IsTransient, describeKept: null, cancellationToken);
        entries.Sort(Compare);
        return entries;

        async Task<List<FtpEntry>> ReadAsync()
        {
            var read = new List<FtpEntry>();
            await foreach (FtpEntry entry in shell.Client.ListAsync(path, cancellationToken))
            {
                read.Add(entry);
                if (read.Count > MaxEntries)
                {
                    throw new UserErrorException(
                        ExitCode.TransferFailed, $"the listing has more than {MaxEntries} entries, which is the maximum");
                }
            }

            return read;
        }

        static int Compare(FtpEntry a, FtpEntry b)
        {
            int order = IsUnreadable(a).CompareTo(IsUnreadable(b));
            return order != 0 ? order : string.CompareOrdinal(a.Name, b.Name);
        }
    }

    /// <summary>
    /// Returns whether a name matches a pattern with <c>*</c> and <c>?</c>. A name with a leading dot matches only a pattern with a leading
    /// dot.
    /// </summary>
    public static bool IsMatch(string pattern, string name) =>
        (!name.StartsWith('.') || pattern.StartsWith('.')) && NamePattern.IsMatch(pattern, name);
}
