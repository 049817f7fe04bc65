using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Cli.Help;
using Fts.Shell;
using Fts.Shell.Commands;

namespace Fts.Transfers;

/// <summary><c>fts put FILE… URL</c> uploads files to a remote folder, or one file under a new name.</summary>
internal static class PutCommand
{
    private const string Usage = "fts put FILE… URL [options]";

    /// <summary>The arguments, options and help page of <c>fts put</c>.</summary>
    public static SubcommandDefinition Definition => CreateDefinition(new ConnectionOptions());

    /// <summary>Runs <c>fts put</c> and returns its exit code.</summary>
    public static Task<ExitCode> RunAsync(string[] args)
    {
        var options = new ConnectionOptions();
        var line = new CommandLine(CreateDefinition(options), args);
        Terminal terminal = options.CreateTerminal(line);
        if (line.Arguments.Count < 2 || !Target.IsUrl(line.Arguments[^1]) || line.Arguments.SkipLast(1).Any(Target.IsUrl))
        {
            throw CommandLine.CreateUsageError("put requires one or more files, then the URL of the target", null, Usage);
        }

        string url = line.Arguments[^1];
        Target target = Target.FromUrl(url);
        if (target.IsListing)
        {
            throw CommandLine.CreateUsageError($"'{url}': put does not support ;type=d; use fts get to list a folder");
        }

        target = target with { User = options.GetUser(line) ?? target.User };
        ShellWord[] files = [.. line.Arguments.SkipLast(1).Select(file => new ShellWord(file))];
        ServerConnection connection = options.PrepareConnection(line, target, terminal, options.IsDebug(line));
        string formattedOptions = OptionFormatter.FormatWithoutExistingFileOption(line);
        CommandFormatter formatter = OneShotCommand.CreateFormatter(target, FormatName, $" {ShellQuoting.Quote(url)}{formattedOptions}");
        return OneShotCommand.RunAsync(
            connection, $"put {string.Join(' ', files)}", formatter with { Options = formattedOptions }, UploadAsync);

        async Task<ExitCode> UploadAsync(ClientShell shell, CancellationToken cancellationToken)
        {
            if (files.Length == 1 && target.UrlPath is { } path && !Target.SplitType(url).Path.EndsWith('/'))
            {
                try
                {
                    await TransferCommands.UploadFileAsync(
                        shell, files[0].Text, path, shell.TransferSettings.ExistingFile, cancellationToken);
                    return ExitCode.Success;
                }
                catch (TargetIsDirectoryException)
                {
                    // The path is a folder, so the file is stored in that folder under its local name, as with cp.
                }
            }

            shell.CurrentDirectory.SetPath(target.UrlPath ?? "");
            return await TransferCommands.PutAsync(shell, files, shell.TransferSettings.ExistingFile, cancellationToken);
        }

        static string FormatName(ShellWord file) => ShellQuoting.Quote(Path.GetFullPath(file.Text));
    }

    private static SubcommandDefinition CreateDefinition(ConnectionOptions options) => new("put", MaxArguments: int.MaxValue, new HelpPage
    {
        Usage = [Usage],
        Purpose = "Uploads files and exits.",
        Examples =
        [
            new("fts put report.pdf ftp://192.168.1.5:2121/", "upload a file to the login folder"),
            new("fts put *.jpg ftp://ann@192.168.1.5:2121/photos/ --password-file ~/.secret", "upload several files to a folder"),
        ],
        Arguments =
        [
            new("FILE", "local file"),
            new("URL", "ftp://user@host:port/folder/, relative to the login folder; ftp://host/%2Ffolder/ starts at the root. Without " +
                "a slash at the end, the last part is the new name of a single file, unless a folder with that name exists"),
        ],
        OptionGroups = options.GetOneShotOptions(),
        ExitCodes = ConnectionOptions.ExitCodes,
        Notes =
        [
            "An existing file is replaced by default. At the end of the URL, ;type=a selects ASCII mode.",
            "By default, several files use up to four connections. With fts server, small files share data connections.",
            ConnectionOptions.PasswordNote,
        ],
    });
}
