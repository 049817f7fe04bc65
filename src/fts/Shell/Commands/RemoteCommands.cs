using System.Globalization;
using Fts.Cli;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Shell.Commands;

/// <summary>The commands that look at or change names on the server.</summary>
internal static class RemoteCommands
{
    /// <summary><c>ls</c>: one line an entry: kind, size in bytes, time (UTC), name. A line of the listing that cannot be read is shown as it came.</summary>
    public static async Task<ExitCode> LsAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        List<FtpEntry> entries = await GetEntriesAsync(shell, arguments, cancellationToken);
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
            shell.Terminal.WriteData($"{kind} {sizes[i].PadLeft(width)}  {time,-16}  {entry.RawLine?.ToPrintable() ?? FtpName.Escape(entry.Name)}{mark}");
        }

        // The line is shown, so the command has done what it is for.
        UnreadableLineWarnings.WriteWarnings(shell, "ls", entries.FindAll(RemoteFileFinder.IsUnreadable));
        return ExitCode.Success;
    }

    /// <summary><c>nlist</c>: one name a line, for scripts. A line of the listing that cannot be read is left out, and some have failed then.</summary>
    public static async Task<ExitCode> NlistAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        List<FtpEntry> entries = await GetEntriesAsync(shell, arguments, cancellationToken);
        foreach (FtpEntry entry in entries.Where(entry => !RemoteFileFinder.IsUnreadable(entry)))
        {
            shell.Terminal.WriteData(FtpName.Escape(entry.Name));
        }

        return UnreadableLineWarnings.WriteWarnings(shell, "nlist", entries.FindAll(RemoteFileFinder.IsUnreadable));
    }

    /// <summary><c>cd</c>.</summary>
    public static async Task<ExitCode> CdAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        await shell.CurrentDirectory.ChangeAsync(shell.Client, arguments.Count == 0 ? "" : FtpName.Unescape(arguments[0].Text), cancellationToken);
        shell.Terminal.WriteMessage($"now in {(shell.CurrentDirectory.Path.Length == 0 ? "the start folder" : FtpName.Escape(shell.CurrentDirectory.Path))} on the server");
        return ExitCode.Success;
    }

    /// <summary><c>pwd</c>.</summary>
    public static async Task<ExitCode> PwdAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        shell.Terminal.WriteData(FtpName.Escape(await shell.CurrentDirectory.GetPathAsync(shell.Client, cancellationToken)));
        return ExitCode.Success;
    }

    /// <summary><c>change OLD NEW</c>.</summary>
    public static async Task<ExitCode> ChangeAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        await shell.Client.RenameAsync(shell.CurrentDirectory.Resolve(arguments[0].Text), shell.CurrentDirectory.Resolve(arguments[1].Text), overwrite: false, cancellationToken);
        shell.Terminal.WriteMessage($"changed {arguments[0].Text.ToPrintable()} to {arguments[1].Text.ToPrintable()}");
        return ExitCode.Success;
    }

    /// <summary><c>size FILE…</c>: the number; with several files, the name after it.</summary>
    public static async Task<ExitCode> SizeAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        (IReadOnlyList<RemoteFile> names, ExitCode listingResult) = await RemoteFileFinder.ExpandAsync(shell, "size", arguments, cancellationToken);
        return ClientShell.CombineExitCodes(listingResult, await shell.ForEachAsync("size", names, async (name, cancel) =>
        {
            long size = await shell.Client.GetSizeAsync(name.Path, cancel)
                ?? throw new UserErrorException(ExitCode.NotFound, $"size {name}: no such file on the server {shell.Target}, or it does not tell", "ls, to see what is there");
            shell.Terminal.WriteData(size.ToString(CultureInfo.InvariantCulture) + (names.Count > 1 ? $"  {name.TypedName.ToPrintable()}" : ""));
        }, cancellationToken));
    }

    /// <summary><c>rm FILE…</c>. Takes no patterns: what is gone is gone.</summary>
    public static Task<ExitCode> RmAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken) =>
        ChangeEachAsync(shell, "rm", arguments, "removed", shell.Client.DeleteFileAsync, cancellationToken);

    /// <summary><c>mkdir FOLDER…</c>.</summary>
    public static Task<ExitCode> MkdirAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken) =>
        ChangeEachAsync(shell, "mkdir", arguments, "made", shell.Client.CreateDirectoryAsync, cancellationToken);

    /// <summary><c>rmdir FOLDER…</c>.</summary>
    public static Task<ExitCode> RmdirAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken) =>
        ChangeEachAsync(shell, "rmdir", arguments, "removed", shell.Client.DeleteDirectoryAsync, cancellationToken);

    private static Task<ExitCode> ChangeEachAsync(
        ClientShell shell, string verb, IReadOnlyList<ShellWord> arguments, string done, Func<string, CancellationToken, Task> change, CancellationToken cancellationToken) =>
        shell.ForEachAsync(verb, arguments, async (word, cancel) =>
        {
            if (word.IsPattern)
            {
                throw new UserErrorException(ExitCode.UsageError, $"{verb} {word}: patterns are not taken here", $"{verb} {ShellLineParser.Escape(word.Text)}, if that is the name");
            }

            try
            {
                await change(shell.CurrentDirectory.Resolve(word.Text), cancel);
            }
            catch (FtpReplyException e)
            {
                throw await EntryKindErrors.ClarifyAsync(shell, e, verb, word.Text, cancel);
            }

            shell.Terminal.WriteMessage($"{done} {word.Text.ToPrintable()}");
        }, cancellationToken);

    /// <summary>A folder's entries, or those a pattern fits, or the one file named.</summary>
    private static async Task<List<FtpEntry>> GetEntriesAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        ShellWord name = arguments.Count == 0 ? new ShellWord("") : arguments[0];
        if (name.IsPattern)
        {
            List<FtpEntry> matches = await RemoteFileFinder.MatchAsync(shell, name, cancellationToken);
            return matches.Exists(entry => !RemoteFileFinder.IsUnreadable(entry)) ? matches : throw new UserErrorException(ExitCode.NotFound, $"no name on the server matches {name}", "ls, to list the folder");
        }

        try
        {
            return await RemoteFileFinder.ListAsync(shell, name, cancellationToken);
        }
        catch (FtpReplyException) when (name.Text.Trim('/').Length > 0)
        {
            // A file: servers answer LIST and MLSD of it each in their own way.
            FtpEntry? entry = await shell.Client.GetEntryAsync(shell.CurrentDirectory.Resolve(name), cancellationToken);
            if (entry is { Kind: not FtpEntryKind.Directory })
            {
                return [entry];
            }

            throw;
        }
    }
}
