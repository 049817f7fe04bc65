using System.Diagnostics.CodeAnalysis;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell.Commands;

namespace Fts.Shell.Editing;

/// <summary>
/// What Tab offers: commands at the start of a line, then the names that the command takes. A folder of the server is listed once and remembered for
/// some seconds, at most until the next command.
/// </summary>
internal sealed class TabCompletion(ClientShell shell)
{
    /// <summary>Waiting longer than this for a list feels like a hang; without one, Tab does nothing.</summary>
    private static readonly TimeSpan ListingTimeout = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan CacheLifetime = TimeSpan.FromSeconds(10);

    private (string Path, DateTime At, List<FtpEntry> Entries)? _cache;

    /// <summary>A command has run, and may have changed what there is.</summary>
    public void ClearCache() => _cache = null;

    /// <summary>The possible ends of a line up to the cursor.</summary>
    public async Task<Completion?> CompleteAsync(string line)
    {
        (int start, string word) = ShellLineParser.GetLastWord(line);
        string previousText = line[..start].Trim();
        if (previousText.Length == 0)
        {
            return Completion.Create(start, word, ShellCommandTable.All.Select(command => command.Names[0]));
        }

        ShellCommand? command = ShellCommandTable.Find(previousText.Split(' ')[0]);
        if (word.StartsWith("--", StringComparison.Ordinal) && command?.Options.Count > 0)
        {
            return Completion.Create(start, word, command.Options.Select(option => option.Name));
        }

        return Completion.Create(start, word, command?.CompletionSource switch
        {
            CompletionSource.HelpTopics => ShellHelp.Topics,
            CompletionSource.Local => GetLocalNames(word),
            CompletionSource.Remote => await GetRemoteNamesAsync(word),
            _ => [],
        });
    }

    /// <summary>
    /// Returns false for a name with control characters, which cannot be typed, or with direction marks, which would display as another
    /// name.
    /// </summary>
    private static bool IsTypable(string name) => name.ToPrintable() == name;

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
            // Tab in front of a folder that is not there offers nothing.
            return [];
        }
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whatever goes wrong, Tab must not end the session; the command itself will say it.")]
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
        return cache.Entries.Where(entry => entry.IsSafeName && IsTypable(entry.LocalName)).Select(entry => folder + FtpName.Escape(entry.Name) + (entry.Kind == FtpEntryKind.Directory ? "/" : ""));
    }
}
