using System.Globalization;
using Fts.Cli;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Shell.Commands;

/// <summary>The commands for remote files and folders.</summary>
internal static class RemoteCommands
{
    /// <summary>
    /// <c>cd</c> changes the remote folder: without an argument to the start folder, with <c>-</c> to the previous folder.
    /// </summary>
    public static async Task<ExitCode> CdAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        RemoteDirectory current = shell.CurrentDirectory;
        string name = arguments switch
        {
            [] => "",
            [{ Text: "-" }] => current.PreviousPath ?? throw new UserErrorException(
                ExitCode.UsageError, "cd -: there is no previous folder yet", "cd ./-, if - is the name of a folder"),
            [var word, ..] => FtpName.Unescape(word.Text),
        };
        await current.ChangeAsync(shell.Client, name, cancellationToken);
        string path = current.Path;
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

    /// <summary><c>chmod MODE NAME…</c> changes permission bits (SITE CHMOD).</summary>
    public static async Task<ExitCode> ChmodAsync(
        ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        string mode = arguments[0].Text;
        if (mode.Length is < 3 or > 4 || mode.AsSpan().ContainsAnyExceptInRange('0', '7'))
        {
            throw new UserErrorException(
                ExitCode.UsageError, $"chmod {mode}: the mode must have three or four octal digits", "chmod 644 NAME, for example");
        }

        (IReadOnlyList<RemoteFile> files, ExitCode listingResult) =
            await RemoteFileFinder.ExpandAsync(shell, "chmod", [.. arguments.Skip(1)], cancellationToken);
        return ClientShell.CombineExitCodes(
            listingResult, await shell.ForEachAsync("chmod", files, ChangeModeAsync, cancellationToken));

        async Task ChangeModeAsync(RemoteFile file, CancellationToken cancel)
        {
            FtpReply reply = await shell.Client.SendAsync("SITE", $"CHMOD {mode} {file.Path}", cancel);
            if (!reply.IsCompletion)
            {
                throw new FtpReplyException(reply, "SITE CHMOD");
            }

            shell.Terminal.WriteMessage($"changed the mode of {file.TypedName.ToPrintable()} to {mode}");
        }
    }

    /// <summary>Removes files without a question.</summary>
    public static Task<ExitCode> RemoveFilesAsync(
        ClientShell shell, IReadOnlyList<ShellWord> words, CancellationToken cancellationToken) =>
        ModifyEachAsync(shell, "rm", words, "removed", shell.Client.DeleteFileAsync, cancellationToken);

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
}
