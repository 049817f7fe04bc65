using System.Globalization;
using Fts.Cli;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Shell.Commands;

/// <summary>The commands for remote files and folders.</summary>
internal static class RemoteCommands
{
    /// <summary>
    /// <c>ls</c> prints one line per entry: kind, size in bytes, time in UTC, name. A listing line in an unknown format is printed
    /// unchanged.
    /// </summary>
    public static async Task<ExitCode> LsAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        List<FtpEntry> entries = await GetEntriesAsync(shell, arguments, cancellationToken);
        string[] sizes = [.. entries.Select(FormatSize)];
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
            shell.Terminal.WriteData(
                $"{kind} {sizes[i].PadLeft(width)}  {time,-16}  {entry.RawLine?.ToPrintable() ?? FtpName.Escape(entry.Name)}{mark}");
        }

        // The unreadable lines were printed unchanged, so the command succeeded.
        UnreadableLineWarnings.WriteWarnings(shell, "ls", entries.FindAll(RemoteFileFinder.IsUnreadable));
        return ExitCode.Success;

        static string FormatSize(FtpEntry entry) =>
            entry.Kind == FtpEntryKind.Directory ? "" : entry.Length?.ToString(CultureInfo.InvariantCulture) ?? "?";
    }

    /// <summary>
    /// <c>nlist</c> prints one name per line, for scripts. A listing line in an unknown format is skipped, and the exit code is
    /// <see cref="ExitCode.SomeFailed"/>.
    /// </summary>
    public static async Task<ExitCode> NlistAsync(
        ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        List<FtpEntry> entries = await GetEntriesAsync(shell, arguments, cancellationToken);
        foreach (FtpEntry entry in entries.Where(entry => !RemoteFileFinder.IsUnreadable(entry)))
        {
            shell.Terminal.WriteData(FtpName.Escape(entry.Name));
        }

        return UnreadableLineWarnings.WriteWarnings(shell, "nlist", entries.FindAll(RemoteFileFinder.IsUnreadable));
    }

    /// <summary><c>cd</c> changes the remote folder. Without an argument, it changes to the start folder.</summary>
    public static async Task<ExitCode> CdAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        string name = arguments.Count == 0 ? "" : FtpName.Unescape(arguments[0].Text);
        await shell.CurrentDirectory.ChangeAsync(shell.Client, name, cancellationToken);
        string path = shell.CurrentDirectory.Path;
        shell.Terminal.WriteMessage($"the remote folder is now {(path.Length == 0 ? "the start folder" : FtpName.Escape(path))}");
        return ExitCode.Success;
    }

    /// <summary><c>pwd</c> prints the remote folder.</summary>
    public static async Task<ExitCode> PwdAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        shell.Terminal.WriteData(FtpName.Escape(await shell.CurrentDirectory.GetPathAsync(shell.Client, cancellationToken)));
        return ExitCode.Success;
    }

    /// <summary><c>change OLD NEW</c> renames a file or folder. Fails if NEW exists.</summary>
    public static async Task<ExitCode> ChangeAsync(
        ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        string oldPath = shell.CurrentDirectory.Resolve(arguments[0].Text), newPath = shell.CurrentDirectory.Resolve(arguments[1].Text);
        await shell.Client.RenameAsync(oldPath, newPath, overwrite: false, cancellationToken);
        shell.Terminal.WriteMessage($"changed {arguments[0].Text.ToPrintable()} to {arguments[1].Text.ToPrintable()}");
        return ExitCode.Success;
    }

    /// <summary><c>size FILE…</c> prints the size in bytes. With several files, it also prints the names.</summary>
    public static async Task<ExitCode> SizeAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        (IReadOnlyList<RemoteFile> files, ExitCode listingResult) =
            await RemoteFileFinder.ExpandAsync(shell, "size", arguments, cancellationToken);
        ExitCode sizeResult = await shell.ForEachAsync("size", files, PrintSizeAsync, cancellationToken);
        return ClientShell.CombineExitCodes(listingResult, sizeResult);

        async Task PrintSizeAsync(RemoteFile file, CancellationToken cancel)
        {
            long size = await shell.Client.GetSizeAsync(file.Path, cancel) ?? throw new UserErrorException(
                ExitCode.NotFound, $"size {file}: {shell.Target} has no such file, or does not report its size", "ls, to list the folder");
            shell.Terminal.WriteData(
                size.ToString(CultureInfo.InvariantCulture) + (files.Count > 1 ? $"  {file.TypedName.ToPrintable()}" : ""));
        }
    }

    /// <summary><c>rm FILE…</c> removes files. Accepts no patterns, because a removed file cannot be restored.</summary>
    public static Task<ExitCode> RmAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken) =>
        ModifyEachAsync(shell, "rm", arguments, "removed", shell.Client.DeleteFileAsync, cancellationToken);

    /// <summary><c>mkdir FOLDER…</c> creates folders.</summary>
    public static Task<ExitCode> MkdirAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken) =>
        ModifyEachAsync(shell, "mkdir", arguments, "created", shell.Client.CreateDirectoryAsync, cancellationToken);

    /// <summary><c>rmdir FOLDER…</c> removes empty folders.</summary>
    public static Task<ExitCode> RmdirAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken) =>
        ModifyEachAsync(shell, "rmdir", arguments, "removed", shell.Client.DeleteDirectoryAsync, cancellationToken);

    /// <summary>Creates or removes each name, prints a message for each success, and clarifies errors. Does not accept patterns.</summary>
    private static Task<ExitCode> ModifyEachAsync(
        ClientShell shell,
        string verb,
        IReadOnlyList<ShellWord> arguments,
        string pastVerb,
        Func<string, CancellationToken, Task> change,
        CancellationToken cancellationToken) =>
        shell.ForEachAsync(verb, arguments, async (word, cancel) =>
        {
            if (word.IsPattern)
            {
                throw new UserErrorException(
                    ExitCode.UsageError,
                    $"{verb} {word}: {verb} does not accept patterns",
                    $"{verb} {ShellLineParser.Escape(word.Text)}, if that is the name");
            }

            try
            {
                await change(shell.CurrentDirectory.Resolve(word.Text), cancel);
            }
            catch (FtpReplyException e)
            {
                throw await EntryKindErrors.ClarifyAsync(shell, e, verb, word.Text, cancel);
            }

            shell.Terminal.WriteMessage($"{pastVerb} {word.Text.ToPrintable()}");
        }, cancellationToken);

    /// <summary>
    /// Returns the entries of a folder, the entries that match a pattern, or the entry of a single file. The entries are sorted by name.
    /// The unreadable lines follow.
    /// </summary>
    private static async Task<List<FtpEntry>> GetEntriesAsync(
        ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        ShellWord name = arguments.Count == 0 ? new ShellWord("") : arguments[0];
        if (name.IsPattern)
        {
            List<FtpEntry> matches = await RemoteFileFinder.MatchAsync(shell, name, cancellationToken);
            return matches.Exists(entry => !RemoteFileFinder.IsUnreadable(entry))
                ? matches
                : throw new UserErrorException(ExitCode.NotFound, $"no remote file matches {name}", "ls, to list the folder");
        }

        try
        {
            return await RemoteFileFinder.ListAsync(shell, name, cancellationToken);
        }
        catch (FtpReplyException) when (name.Text.Trim('/').Length > 0)
        {
            // The name may be a file. Servers reply differently to LIST and MLSD of a file, so the client requests the entry of the file.
            FtpEntry? entry = await shell.Client.GetEntryAsync(shell.CurrentDirectory.Resolve(name), cancellationToken);
            if (entry is { Kind: not FtpEntryKind.Directory })
            {
                return [entry];
            }

            throw;
        }
    }
}
