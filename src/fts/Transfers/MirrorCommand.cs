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
        var line = new CommandLine("mirror", Usage, 2, args, options.With(dryRun, debug));
        Terminal terminal = options.Terminal(line);
        if (line.Words.Count != 2 || Target.IsUrl(line.Words[0]) == Target.IsUrl(line.Words[1]))
        {
            throw CommandLine.Usage("mirror takes a folder and a URL; the second becomes like the first", null, Usage);
        }

        bool isUpload = Target.IsUrl(line.Words[1]);
        (string local, string url) = isUpload ? (line.Words[0], line.Words[1]) : (line.Words[1], line.Words[0]);
        Target target = Target.FromUrl(url);
        if (options.IsAscii(line) || target.Type == FtpTransferType.Ascii)
        {
            throw CommandLine.Usage("mirror does not support ASCII mode, because it compares lengths; use fts get --ascii or fts put --ascii");
        }

        target = target with { User = options.User(line) ?? target.User };
        string again = MirrorCommands.OutsideCommand(isUpload, local, url, GivenOptions.Text(line));
        Connection connection = options.Prepare(line, target, terminal, line.Has(debug));
        return OneShot.RunAsync(connection, $"mirror {line.Words[0]} {line.Words[1]}", OneShot.Wording(target, Wording.Typed), async (shell, cancel) => await MirrorCommands.RunAsync(
            shell,
            isUpload ? FtpMirrorDirection.Upload : FtpMirrorDirection.Download,
            local,
            await MirrorCommands.PathAsync(shell, new Word(target.Folder ?? "", IsExact: true), cancel),
            line.Has(dryRun),
            () => again,
            cancel));
    }
}
