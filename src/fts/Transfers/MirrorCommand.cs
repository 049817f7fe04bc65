using System.CommandLine;
using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Cli.Help;
using Fts.Client;
using Fts.Shell;
using Fts.Shell.Commands;

namespace Fts.Transfers;

/// <summary>
/// <c>fts mirror URL FOLDER</c> and <c>fts mirror FOLDER URL</c> transfer missing and changed files from the first folder to the second.
/// </summary>
internal static class MirrorCommand
{
    /// <summary>The arguments, options and help page of <c>fts mirror</c>.</summary>
    public static SubcommandDefinition Definition => CreateDefinition(new ConnectionOptions(), CreateDryRunOption());

    /// <summary>Runs <c>fts mirror</c> and returns its exit code.</summary>
    public static Task<ExitCode> RunAsync(string[] args)
    {
        var options = new ConnectionOptions();
        Option<bool> dryRun = CreateDryRunOption();
        SubcommandDefinition definition = CreateDefinition(options, dryRun);
        var line = new CommandLine(definition, args);
        Terminal terminal = options.CreateTerminal(line);
        if (line.Arguments.Count != 2 || Target.IsUrl(line.Arguments[0]) == Target.IsUrl(line.Arguments[1]))
        {
            throw CommandLine.CreateUsageError(
                "mirror requires a source and a target: a URL and a local folder, in either order", null, definition.Usage);
        }

        bool isUpload = Target.IsUrl(line.Arguments[1]);
        (string local, string url) = isUpload ? (line.Arguments[0], line.Arguments[1]) : (line.Arguments[1], line.Arguments[0]);
        Target target = Target.FromUrl(url);
        if (options.IsAscii(line) || target.Type == FtpTransferType.Ascii)
        {
            throw CommandLine.CreateUsageError(
                "mirror does not support ASCII mode, because mirror compares lengths; use fts get --ascii or fts put --ascii");
        }

        target = target with { User = options.GetUser(line) ?? target.User };
        string retryCommand = MirrorOperation.FormatOneShotCommand(isUpload, local, url, OptionFormatter.Format(line));
        ServerConnection connection = options.PrepareConnection(line, target, terminal, options.IsDebug(line));
        CommandFormatter formatter = OneShotCommand.CreateFormatter(target, CommandFormatter.EscapeName);
        return OneShotCommand.RunAsync(connection, $"mirror {line.Arguments[0]} {line.Arguments[1]}", formatter, MirrorAsync);

        async Task<ExitCode> MirrorAsync(ClientShell shell, CancellationToken cancellationToken)
        {
            var folder = new ShellWord(target.UrlPath ?? "", IsExact: true);
            string remotePath = await MirrorOperation.GetRemotePathAsync(shell, folder, cancellationToken);
            return await MirrorOperation.RunAsync(
                shell,
                isUpload ? FtpMirrorDirection.Upload : FtpMirrorDirection.Download,
                local,
                remotePath,
                line.HasOption(dryRun),
                () => retryCommand,
                cancellationToken);
        }
    }

    private static SubcommandDefinition CreateDefinition(ConnectionOptions options, Option<bool> dryRun) => new("mirror", 2, new HelpPage
    {
        Usage = ["fts mirror URL FOLDER [options]", "fts mirror FOLDER URL [options]"],
        Purpose = "Transfers missing and changed files, so that the second folder contains the files of the first.",
        Examples =
        [
            new("fts mirror ftp://files.example.com/pub/docs docs", "download a folder"),
            new("fts mirror ~/www ftp://ann@192.168.1.5:2121/www --dry-run", "list what an upload would transfer"),
        ],
        Arguments =
        [
            new("URL", "folder on a server: ftp://user@host:port/folder, relative to the login folder"),
            new("FOLDER", "local folder"),
        ],
        OptionGroups = [new OptionGroup("Mirror", dryRun), .. options.GetOneShotOptions()],
        ExitCodes = ConnectionOptions.ExitCodes,
        Notes =
        [
            "A file is transferred if it is missing or differs in size or last-modified time. Empty folders are created, too. " +
            "Nothing is ever removed. " +
            "Repeat an interrupted command to continue.",
            "Times are compared in whole seconds. If the server reports no exact times (no MLSD), only sizes are compared. If the " +
            "server cannot set times (no MFMT), an upload skips a file of the same size if the remote file has the same or a later time.",
            "Local symbolic links are skipped. Remote links are skipped if the server reports them as links. In fts client, the " +
            "command is mirror [-R] SOURCE [TARGET].",
            ConnectionOptions.PasswordNote,
        ],
    });

    private static Option<bool> CreateDryRunOption() =>
        new("--dry-run") { Description = "list what would be transferred, and change nothing" };
}
