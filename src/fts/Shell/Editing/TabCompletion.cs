using System.Diagnostics.CodeAnalysis;
using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell.Commands;
using Fts.Shell.Settings;

namespace Fts.Shell.Editing;

/// <summary>
/// Completes the command at the start of a line, then its options and names. The listing of a remote folder is cached for
/// <see cref="CacheLifetime"/>, at most until the next command.
/// </summary>
internal sealed class TabCompletion(ClientShell shell)
{
    /// <summary>
    /// The maximum time to wait for a listing. A longer wait would feel like a hang. Without a listing, Tab does nothing.
    /// </summary>
    private static readonly TimeSpan ListingTimeout = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan CacheLifetime = TimeSpan.FromSeconds(10);

    private (string Path, DateTime At, List<FtpEntry> Entries)? _cache;

    /// <summary>Clears the cached listing. Called after each command, because the command may have changed the folder.</summary>
    public void ClearCache() => _cache = null;

    /// <summary>Returns the completion of the text before the cursor, or null if no name matches.</summary>
    public async Task<Completion?> CompleteAsync(string line)
    {
        (int start, string word) = ShellLineParser.GetLastWord(line);
        string previousText = line[..start].Trim();
        if (previousText.Length == 0)
        {
            return Completion.Create(start, word, ShellCommandTable.All.Select(command => command.Names[0])
                .Concat(GetNames(NamedTextFile.Aliases)));
        }

        ShellCommand? command = ShellCommandTable.Find(previousText.Split(' ')[0]);
        if (word.StartsWith('-') && command?.Options.Count > 0)
        {
            return Completion.Create(start, word, command.Options.Select(option => option.Name));
        }

        int previousNames = previousText.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Count(text => !text.StartsWith('-'));
        CompletionSource? source = previousNames > 0 ? command?.TargetCompletionSource ?? command?.CompletionSource
            : command?.CompletionSource;
        return Completion.Create(start, word, source switch
        {
            CompletionSource.HelpTopics => ShellHelp.Topics,
            CompletionSource.Bookmarks => GetNames(NamedTextFile.Bookmarks),
            CompletionSource.BookmarkActions when previousNames == 0 => ["add", "list", "remove"],
            CompletionSource.BookmarkActions => GetNames(NamedTextFile.Bookmarks),
            CompletionSource.Aliases => GetNames(NamedTextFile.Aliases),
            CompletionSource.Settings when previousNames == 0 => SettingCommands.Names,
            CompletionSource.OnOff => ["on", "off"],
            CompletionSource.Local => GetLocalNames(word),
            CompletionSource.LocalFolders => GetLocalNames(word).Where(IsFolder),
            CompletionSource.Remote => await GetRemoteNamesAsync(word),
            CompletionSource.RemoteFolders => (await GetRemoteNamesAsync(word)).Where(IsFolder),
            _ => [],
        });
    }

    /// <summary>
    /// Returns whether a name can be typed and is displayed unchanged: it contains no control characters and no direction marks.
    /// </summary>
    private static bool IsTypable(string name) => name.ToPrintable() == name;

    /// <summary>Returns the names in a file of the user. A file that cannot be read has none.</summary>
    private static IEnumerable<string> GetNames(NamedTextFile file)
    {
        try
        {
            return file.ReadAll().Select(item => item.Name);
        }
        catch (UserErrorException)
        {
            return [];
        }
    }

    private static bool IsFolder(string name) => name.EndsWith('/');

    private static IEnumerable<string> GetLocalNames(string word)
    {
        (string folder, _) = RemoteDirectory.SplitPath(word);
        try
        {
            return [.. new DirectoryInfo(folder.Length == 0 ? "." : LocalFileFinder.ExpandHome(folder)).EnumerateFileSystemInfos()
                .Where(entry => IsTypable(entry.Name)).Select(entry => folder + entry.Name + (entry is DirectoryInfo ? "/" : ""))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The folder does not exist or cannot be read.
            return [];
        }
    }

    [SuppressMessage(
        "Design", "CA1031:Do not catch general exception types", Justification = "An error during completion must not end the session.")]
    private async Task<IEnumerable<string>> GetRemoteNamesAsync(string word)
    {
        (string folder, _) = RemoteDirectory.SplitPath(word);
        string path = shell.CurrentDirectory.Resolve(folder);
        if (_cache is not { } cache || cache.Path != path || DateTime.UtcNow - cache.At > CacheLifetime)
        {
            try
            {
                using var timeout = new CancellationTokenSource(ListingTimeout);
                cache = (path, DateTime.UtcNow, await RemoteFileFinder.ListAsync(shell, new ShellWord(folder), timeout.Token));
                _cache = cache;
            }
            catch (Exception)
            {
                return [];
            }
        }

        // A name with a slash would refer to another file.
        return cache.Entries.Where(entry => entry.IsSafeName && IsTypable(entry.LocalName))
            .Select(entry => folder + FtpName.Escape(entry.Name) + (entry.Kind == FtpEntryKind.Directory ? "/" : ""));
    }
}
