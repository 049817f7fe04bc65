using System.CommandLine;
using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Cli.Help;
using Fts.Shell;
using Fts.Shell.Commands;

namespace Fts.Transfers;

/// <summary><c>fts get URL…</c> downloads files to a local folder or to standard output.</summary>
internal static class GetCommand
{
    private const string Usage = "fts get URL… [--to FOLDER] [options]", StandardOutput = "-";

    /// <summary>The arguments, options and help page of <c>fts get</c>.</summary>
    public static SubcommandDefinition Definition => CreateDefinition(new ConnectionOptions(), CreateToOption());

    /// <summary>Runs <c>fts get</c> and returns its exit code.</summary>
    public static async Task<ExitCode> RunAsync(string[] args)
    {
        var connectionOptions = new ConnectionOptions();
        Option<string> to = CreateToOption();
        var line = new CommandLine(CreateDefinition(connectionOptions, to), args);
        Terminal terminal = connectionOptions.CreateTerminal(line);
        (Target Server, ShellWord Path)[] files = [.. line.Arguments.Select(ParseUrl)];
        if (files.Length == 0)
        {
            throw CommandLine.CreateUsageError("the URL is missing", null, Usage);
        }

        string user = connectionOptions.GetUser(line) ?? "";
        IGrouping<Target, ShellWord>[] servers =
            [.. files.GroupBy(file => user.Length > 0 ? file.Server with { User = user } : file.Server, file => file.Path)];
        bool isDebug = connectionOptions.IsDebug(line);
        IReadOnlyList<ServerConnection> connections =
            connectionOptions.PrepareConnections(line, [.. servers.Select(server => server.Key)], terminal, isDebug);
        bool isToStandardOutput = line.GetValue(to) == StandardOutput;
        // The options are formatted before the current directory changes, because relative paths depend on it.
        string options = OptionFormatter.FormatWithoutExistingFileOption(line, to.Name);
        if (line.GetValue(to) is { } folder && !isToStandardOutput)
        {
            ChangeLocalDirectory(folder);
        }

        string suffix = $" {to.Name} {(isToStandardOutput ? StandardOutput : ShellQuoting.Quote(Environment.CurrentDirectory))}{options}";
        ExitCode result = ExitCode.Success;
        for (int i = 0; i < servers.Length; i++)
        {
            Target server = servers[i].Key;
            ShellWord[] paths = [.. servers[i]];
            CommandFormatter formatter = OneShotCommand.CreateFormatter(server, name => ShellQuoting.Quote(server.FormatUrl(name)), suffix);
            ExitCode code = await OneShotCommand.RunAsync(
                connections[i],
                $"get {string.Join(' ', paths)}",
                formatter with { Options = options },
                (shell, cancel) => DownloadAsync(shell, paths, isToStandardOutput, cancel),
                isTransferNext: paths.Length == 1);
            if (code != ExitCode.Success)
            {
                result = servers.Length > 1 ? ExitCode.SomeFailed : code;
            }

            if (code is ExitCode.Interrupted or ExitCode.Terminated or ExitCode.HungUp)
            {
                return code;
            }
        }

        return result;
    }

    private static SubcommandDefinition CreateDefinition(ConnectionOptions options, Option<string> to) =>
        new("get", MaxArguments: int.MaxValue, new HelpPage
    {
        Usage = [Usage],
        Purpose = "Downloads files and exits.",
        Examples =
        [
            new("fts get ftp://files.example.com/pub/report.pdf", "download a file to the current folder"),
            new("fts get 'ftp://ann@192.168.1.5:2121/photos/*.jpg' --to ~/photos --skip", "download the missing photos"),
            new("fts get ftp://files.example.com/pub/list.txt --to -", "print a file"),
        ],
        Arguments =
        [
            new("URL", "ftp://user@host:port/folder/file, relative to the login folder; ftp://host/%2Ffolder/file starts at the root"),
        ],
        OptionGroups = [new OptionGroup("Target", to), .. options.GetOneShotOptions()],
        ExitCodes = ConnectionOptions.ExitCodes,
        Notes =
        [
            "* and ? in the last part of the URL select all matching files; quote them for your shell. At the end of the URL, ;type=a " +
            "selects ASCII mode, ;type=i selects binary mode, and ;type=d lists names. Write ; in a name as %3B.",
            "get asks before it replaces an existing file. In a script, get fails instead of asking. " +
            "Interrupted downloads are kept. Repeat the command to resume them.",
            "By default, several files use up to four connections. With fts server, small files share data connections.",
            ConnectionOptions.PasswordNote,
        ],
    });

    private static Option<string> CreateToOption() =>
        new("--to") { HelpName = "FOLDER", Description = "folder to write to; - for standard output (default: the current folder)" };

    private static Task<ExitCode> DownloadAsync(
        ClientShell shell, ShellWord[] paths, bool isToStandardOutput, CancellationToken cancellationToken)
    {
        if (shell.Target.IsListing)
        {
            return ListAsync(shell, paths, cancellationToken);
        }

        return isToStandardOutput
            ? TransferCommands.CatAsync(shell, paths, cancellationToken)
            : TransferCommands.GetAsync(shell, paths, shell.TransferSettings.ExistingFile, cancellationToken);
    }

    /// <summary>Prints the names of the entries in folders, for URLs with <c>;type=d</c> (RFC 1738 §3.2.2).</summary>
    private static Task<ExitCode> ListAsync(ClientShell shell, ShellWord[] folders, CancellationToken cancellationToken) =>
        shell.ForEachAsync("list", folders, (folder, cancel) => ListingCommands.NlistAsync(shell, [folder], cancel), cancellationToken);

    private static (Target Server, ShellWord Path) ParseUrl(string word)
    {
        if (!Target.IsUrl(word))
        {
            throw CommandLine.CreateUsageError($"'{word}' is not a URL; --to FOLDER selects the local folder", null, Usage);
        }

        Target target = Target.FromUrl(word);
        string path = Target.SplitType(word).Path;
        string name = path[(path.LastIndexOf('/') + 1)..];
        if (target.IsListing)
        {
            return (target with { UrlPath = null },
                new ShellWord(target.UrlPath ?? "", name.AsSpan().IndexOfAny('*', '?') >= 0, IsExact: true));
        }

        return target.UrlPath is null || name.Length == 0
            ? throw CommandLine.CreateUsageError($"'{word}' is a folder; to download it: fts mirror {ShellQuoting.Quote(word)} FOLDER")
            : (target with { UrlPath = null }, new ShellWord(target.UrlPath, name.AsSpan().IndexOfAny('*', '?') >= 0, IsExact: true));
    }

    private static void ChangeLocalDirectory(string folder)
    {
        try
        {
            Environment.CurrentDirectory = folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"--to {folder}: {LocalErrorText.Describe(e)}");
        }
    }
}
