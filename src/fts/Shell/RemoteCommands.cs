using System.Globalization;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Cli;

/// <summary>The commands that look at or change names on the server.</summary>
internal static class RemoteCommands
{
    /// <summary><c>ls</c>: one line an entry: kind, size in bytes, time (UTC), name. A line of the listing that cannot be read is shown as it came.</summary>
    public static async Task<ExitCode> LsAsync(Shell shell, IReadOnlyList<Word> words, CancellationToken cancellationToken)
    {
        List<FtpEntry> entries = await EntriesAsync(shell, words, cancellationToken);
        string[] sizes = [.. entries.Select(entry => entry.Kind == FtpEntryKind.Directory ? "" : entry.Length?.ToString(CultureInfo.InvariantCulture) ?? "?")];
        int width = sizes.Length == 0 ? 0 : sizes.Max(size => size.Length);
        for (int i = 0; i < entries.Count; i++)
        {
            FtpEntry entry = entries[i];
            (char kind, string mark) = entry.Kind switch
            {
                FtpEntryKind.Directory => ('d', "/"),
                FtpEntryKind.Link => ('l', entry.LinkTarget is null ? "" : $" -> {FtpName.Escape(entry.LinkTarget)}"),
                FtpEntryKind.File => ('-', ""),
                _ => ('?', ""),
            };
            string time = entry.LastModified?.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) ?? "";
            shell.Terminal.Data($"{kind} {sizes[i].PadLeft(width)}  {time,-16}  {entry.RawLine?.ToPrintable() ?? FtpName.Escape(entry.Name)}{mark}");
        }

        // The line is shown, so the command has done what it is for.
        UnreadableLines.Warn(shell, "ls", entries.FindAll(RemoteNames.IsUnreadable));
        return ExitCode.Done;
    }

    /// <summary><c>nlist</c>: one name a line, for scripts. A line of the listing that cannot be read is left out, and some have failed then.</summary>
    public static async Task<ExitCode> NlistAsync(Shell shell, IReadOnlyList<Word> words, CancellationToken cancellationToken)
    {
        List<FtpEntry> entries = await EntriesAsync(shell, words, cancellationToken);
        foreach (FtpEntry entry in entries.Where(entry => !RemoteNames.IsUnreadable(entry)))
        {
            shell.Terminal.Data(FtpName.Escape(entry.Name));
        }

        return UnreadableLines.Warn(shell, "nlist", entries.FindAll(RemoteNames.IsUnreadable));
    }

    /// <summary><c>cd</c>.</summary>
    public static async Task<ExitCode> CdAsync(Shell shell, IReadOnlyList<Word> words, CancellationToken cancellationToken)
    {
        await shell.Folder.ChangeAsync(shell.Client, words.Count == 0 ? "" : FtpName.Unescape(words[0].Text), cancellationToken);
        shell.Terminal.Say($"now in {(shell.Folder.Path.Length == 0 ? "the start folder" : FtpName.Escape(shell.Folder.Path))} on the server");
        return ExitCode.Done;
    }

    /// <summary><c>pwd</c>.</summary>
    public static async Task<ExitCode> PwdAsync(Shell shell, IReadOnlyList<Word> words, CancellationToken cancellationToken)
    {
        shell.Terminal.Data(FtpName.Escape(await shell.Folder.GetAsync(shell.Client, cancellationToken)));
        return ExitCode.Done;
    }

    /// <summary><c>change OLD NEW</c>.</summary>
    public static async Task<ExitCode> ChangeAsync(Shell shell, IReadOnlyList<Word> words, CancellationToken cancellationToken)
    {
        await shell.Client.RenameAsync(shell.Folder.Resolve(words[0].Text), shell.Folder.Resolve(words[1].Text), overwrite: false, cancellationToken);
        shell.Terminal.Say($"changed {words[0].Text.ToPrintable()} to {words[1].Text.ToPrintable()}");
        return ExitCode.Done;
    }

    /// <summary><c>size FILE…</c>: the number; with several files, the name after it.</summary>
    public static async Task<ExitCode> SizeAsync(Shell shell, IReadOnlyList<Word> words, CancellationToken cancellationToken)
    {
        (IReadOnlyList<RemoteName> names, ExitCode listed) = await RemoteNames.ExpandAsync(shell, "size", words, cancellationToken);
        return Shell.Worst(listed, await shell.EachAsync("size", names, async (name, cancel) =>
        {
            long size = await shell.Client.GetSizeAsync(name.Path, cancel)
                ?? throw new FailureException(ExitCode.NotFound, $"size {name}: no such file on the server {shell.Target}, or it does not tell", "ls, to see what is there");
            shell.Terminal.Data(size.ToString(CultureInfo.InvariantCulture) + (names.Count > 1 ? $"  {name.Typed.ToPrintable()}" : ""));
        }, cancellationToken));
    }

    /// <summary><c>rm FILE…</c>. Takes no patterns: what is gone is gone.</summary>
    public static Task<ExitCode> RmAsync(Shell shell, IReadOnlyList<Word> words, CancellationToken cancellationToken) =>
        ChangeEachAsync(shell, "rm", words, "removed", shell.Client.DeleteFileAsync, cancellationToken);

    /// <summary><c>mkdir FOLDER…</c>.</summary>
    public static Task<ExitCode> MkdirAsync(Shell shell, IReadOnlyList<Word> words, CancellationToken cancellationToken) =>
        ChangeEachAsync(shell, "mkdir", words, "made", shell.Client.CreateDirectoryAsync, cancellationToken);

    /// <summary><c>rmdir FOLDER…</c>.</summary>
    public static Task<ExitCode> RmdirAsync(Shell shell, IReadOnlyList<Word> words, CancellationToken cancellationToken) =>
        ChangeEachAsync(shell, "rmdir", words, "removed", shell.Client.DeleteDirectoryAsync, cancellationToken);

    private static Task<ExitCode> ChangeEachAsync(
        Shell shell, string verb, IReadOnlyList<Word> words, string done, Func<string, CancellationToken, Task> change, CancellationToken cancellationToken) =>
        shell.EachAsync(verb, words, async (word, cancel) =>
        {
            if (word.IsPattern)
            {
                throw new FailureException(ExitCode.Usage, $"{verb} {word}: patterns are not taken here", $"{verb} {Words.Escape(word.Text)}, if that is the name");
            }

            try
            {
                await change(shell.Folder.Resolve(word.Text), cancel);
            }
            catch (FtpReplyException e)
            {
                throw await KindErrors.ExplainAsync(shell, e, verb, word.Text, cancel);
            }

            shell.Terminal.Say($"{done} {word.Text.ToPrintable()}");
        }, cancellationToken);

    /// <summary>A folder's entries, or those a pattern fits, or the one file named.</summary>
    private static async Task<List<FtpEntry>> EntriesAsync(Shell shell, IReadOnlyList<Word> words, CancellationToken cancellationToken)
    {
        Word name = words.Count == 0 ? new Word("") : words[0];
        if (name.IsPattern)
        {
            List<FtpEntry> fitting = await RemoteNames.MatchAsync(shell, name, cancellationToken);
            return fitting.Exists(entry => !RemoteNames.IsUnreadable(entry)) ? fitting : throw new FailureException(ExitCode.NotFound, $"no name on the server matches {name}", "ls, to list the folder");
        }

        try
        {
            return await RemoteNames.ListAsync(shell, name, cancellationToken);
        }
        catch (FtpReplyException) when (name.Text.Trim('/').Length > 0)
        {
            // A file: servers answer LIST and MLSD of it each in their own way.
            FtpEntry? entry = await shell.Client.GetEntryAsync(shell.Folder.Resolve(name), cancellationToken);
            if (entry is { Kind: not FtpEntryKind.Directory })
            {
                return [entry];
            }

            throw;
        }
    }
}
