using System.Diagnostics.CodeAnalysis;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell.Commands;

namespace Fts.Shell.Editing;

/// <summary>
/// What Tab offers: commands at the start of a line, then the names that the command takes. A folder of the server is listed once and remembered for
/// some seconds, at most until the next command.
/// </summary>
internal sealed class NameCompletion(ClientShell shell)
{
    /// <summary>Waiting longer than this for a list feels like a hang; without one, Tab does nothing.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);

    private (string Path, DateTime At, List<FtpEntry> Entries)? _cache;

    /// <summary>A command has run, and may have changed what there is.</summary>
    public void Forget() => _cache = null;

    /// <summary>The possible ends of a line up to the cursor.</summary>
    public async Task<Completion?> CompleteAsync(string line)
    {
        (int start, string word) = Words.Last(line);
        string before = line[..start].Trim();
        if (before.Length == 0)
        {
            return Completion.Of(start, word, ShellCommands.All.Select(command => command.Names[0]));
        }

        ShellCommand? typed = ShellCommands.Find(before.Split(' ')[0]);
        if (word.StartsWith("--", StringComparison.Ordinal) && typed?.Options.Count > 0)
        {
            return Completion.Of(start, word, typed.Options.Select(option => option.Name));
        }

        return Completion.Of(start, word, typed?.Completes switch
        {
            NameSide.Commands => ShellCommands.Names,
            NameSide.Local => Local(word),
            NameSide.Remote => await RemoteAsync(word),
            _ => [],
        });
    }

    /// <summary>
    /// Returns false for a name with control characters, which cannot be typed, or with direction marks, which would display as another
    /// name.
    /// </summary>
    private static bool IsTypable(string name) => name.ToPrintable() == name;

    private static IEnumerable<string> Local(string word)
    {
        (string folder, _) = RemoteFolder.Split(word);
        try
        {
            return [.. new DirectoryInfo(folder.Length == 0 ? "." : LocalNames.Home(folder)).EnumerateFileSystemInfos()
                .Where(entry => IsTypable(entry.Name)).Select(entry => folder + entry.Name + (entry is DirectoryInfo ? "/" : ""))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Tab in front of a folder that is not there offers nothing.
            return [];
        }
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whatever goes wrong, Tab must not end the session; the command itself will say it.")]
    private async Task<IEnumerable<string>> RemoteAsync(string word)
    {
        (string folder, _) = RemoteFolder.Split(word);
        string path = shell.Folder.Resolve(folder);
        if (_cache is not { } cache || cache.Path != path || DateTime.UtcNow - cache.At > Fresh)
        {
            try
            {
                using var patience = new CancellationTokenSource(Patience);
                cache = (path, DateTime.UtcNow, await RemoteNames.ListAsync(shell, new Word(folder), patience.Token));
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
