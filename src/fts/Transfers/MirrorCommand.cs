using System.CommandLine;
using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Client;
using Fts.Shell;
using Fts.Shell.Commands;

namespace Fts.Transfers;

/// <summary><c>fts mirror URL FOLDER</c> and <c>fts mirror FOLDER URL</c>: the second becomes like the first.</summary>
internal static class MirrorCommand
{
    private const string Usage = "fts mirror URL FOLDER | FOLDER URL [--dry-run] [options]";

    public static Task<ExitCode> RunAsync(string[] args)
    {
        var options = new ConnectionOptions();
        var dryRun = new Option<bool>("--dry-run");
        var debug = new Option<bool>("--debug");
        var line = new CommandLine("mirror", Usage, 2, args, options.GetCommandLineOptions(dryRun, debug));
        Terminal terminal = options.CreateTerminal(line);
        if (line.Arguments.Count != 2 || Target.IsUrl(line.Arguments[0]) == Target.IsUrl(line.Arguments[1]))
        {
            throw CommandLine.CreateUsageError("mirror takes a folder and a URL; the second becomes like the first", null, Usage);
        }

        bool isUpload = Target.IsUrl(line.Arguments[1]);
        (string local, string url) = isUpload ? (line.Arguments[0], line.Arguments[1]) : (line.Arguments[1], line.Arguments[0]);
        Target target = Target.FromUrl(url);
        if (options.IsAscii(line) || target.Type == FtpTransferType.Ascii)
        {
            throw CommandLine.CreateUsageError("mirror does not support ASCII mode, because it compares lengths; use fts get --ascii or fts put --ascii");
        }

        target = target with { User = options.GetUser(line) ?? target.User };
        string retryCommand = MirrorOperation.FormatProgramCommand(isUpload, local, url, OptionFormatter.Format(line));
        ServerConnection connection = options.PrepareConnection(line, target, terminal, line.HasOption(debug));
        return OneShotCommand.RunAsync(connection, $"mirror {line.Arguments[0]} {line.Arguments[1]}", OneShotCommand.CreateFormatter(target, CommandFormatter.EscapeName), async (shell, cancel) => await MirrorOperation.RunAsync(
            shell,
            isUpload ? FtpMirrorDirection.Upload : FtpMirrorDirection.Download,
            local,
            await MirrorOperation.GetRemotePathAsync(shell, new ShellWord(target.Folder ?? "", IsExact: true), cancel),
            line.HasOption(dryRun),
            () => retryCommand,
            cancel));
    }
}
