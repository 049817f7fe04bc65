using System.CommandLine;
using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Cli.Help;
using Fts.Shell;
using Fts.Shell.Commands;
using Fts.Transfers.Remote;
using Fts.Transfers.Selection;

namespace Fts.Transfers;

/// <summary><c>fts get URL…</c> downloads files and folders to a local folder, or files to standard output.</summary>
internal sealed class GetCommand
{
    private const string Usage = "fts get URL… [--to FOLDER] [options]", StandardOutput = "-";

    private readonly ConnectionOptions _connection = new();

    private readonly SelectionOptions _selection = new(
        "download folders with everything in them",
        "read URLs, or paths below the folder URL, from a file; - for standard input");

    private readonly Option<string> _to = new("--to")
    {
        HelpName = "FOLDER",
        Description = "folder to write to, created if it is missing; - for standard output (default: the current folder)",
    };

    private readonly Option<string> _output = new("--output")
    {
        Aliases = { "-o" },
        HelpName = "NAME",
        Description = "local name of the only file or folder; - for standard output",
    };

    /// <summary>The arguments, options and help page of <c>fts get</c>.</summary>
    public static SubcommandDefinition Definition => new GetCommand().CreateDefinition();

    /// <summary>Runs <c>fts get</c> and returns its exit code.</summary>
    public static Task<ExitCode> RunAsync(string[] args)
    {
        var command = new GetCommand();
        return command.RunAsync(new CommandLine(command.CreateDefinition(), args));
    }

    private SubcommandDefinition CreateDefinition() => new("get", MaxArguments: int.MaxValue, new HelpPage
    {
        Usage = [Usage],
        Purpose = "Downloads files and folders, and exits.",
        Examples =
        [
            new("fts get ftp://files.example.com/pub/report.pdf", "download a file to the current folder"),
            new("fts get 'ftp://ann@192.168.1.5:2121/photos/*.jpg' --to ~/photos --skip", "download the missing photos"),
            new("fts get -r ftp://files.example.com/pub/docs --include '*.pdf'", "download the PDF files of a folder"),
            new("fts get ftp://files.example.com/pub/list.txt -o -", "print a file"),
        ],
        Arguments =
        [
            new("URL", "ftp://user@host:port/folder/file, relative to the login folder; ftp://host/%2Ffolder/file starts at the root"),
        ],
        OptionGroups = [new OptionGroup("Target", _to, _output), _selection.Group, .. _connection.GetOneShotOptions(hasJson: true)],
        ExitCodes = ConnectionOptions.ExitCodes,
        Notes =
        [
            "* and ? in the last part of the URL select all matching files; quote them for your shell. At the end of the URL, ;type=a " +
            "selects ASCII mode, ;type=i selects binary mode, and ;type=d lists names. Write ; in a name as %3B.",
            "get asks before it replaces an existing file. In a script, get fails instead of asking. " +
            "Interrupted downloads are kept. Repeat the command to resume them.",
            "By default, several files use up to four connections. With fts server, small files share data connections.",
            FilterNote,
            ConnectionOptions.PasswordNote,
        ],
    });

    /// <summary>The rules of filters, for the help pages of <c>get</c> and <c>put</c>.</summary>
    public const string FilterNote =
        "Patterns follow the rules of rclone: * matches within a name, ** across folders, ? one character, [a-z] a class, {a,b} one of " +
        "several. A leading / starts at the folder of the command, and a trailing / means everything in a folder. --include is " +
        "applied before --exclude and --filter-from, and the first matching rule decides. With --include, nothing else is transferred.";

    private async Task<ExitCode> RunAsync(CommandLine line)
    {
        (string? to, string? output) = (line.GetValue(_to), line.GetValue(_output));
        bool isToStandardOutput = (to ?? output) == StandardOutput;
        if (to is not null && output == StandardOutput)
        {
            throw CommandLine.CreateUsageError("--to and -o - cannot be combined");
        }

        IReadOnlyList<ServerPaths> servers = ParseUrls(line, isToStandardOutput, output);
        FileSelection selection = _selection.CreateSelection(line, DateTimeOffset.Now);
        Terminal terminal = _connection.CreateTerminal(line);
        IReadOnlyList<ServerConnection> connections = _connection.PrepareConnections(
            line, [.. servers.Select(server => server.Server)], terminal, _connection.IsDebug(line));
        // The options are formatted before the current directory changes, because relative paths depend on it.
        string options = OptionFormatter.FormatWithoutExistingFileOption(line, _to.Name, _output.Name, _selection.ListName);
        string outputOption = output is null || isToStandardOutput ? "" : $" -o {ShellQuoting.Quote(output)}";
        if (to is not null && !isToStandardOutput)
        {
            ChangeLocalDirectory(to);
        }

        string toOption = $" {_to.Name} {(isToStandardOutput ? StandardOutput : ShellQuoting.Quote(Environment.CurrentDirectory))}";
        ExitCode result = ExitCode.Success;
        for (int i = 0; i < servers.Count; i++)
        {
            (Target server, IReadOnlyList<ShellWord> paths) = servers[i];
            RemoteFileSelector? selector = null;
            CommandFormatter formatter = OneShotCommand.CreateFormatter(
                server,
                name => ShellQuoting.Quote(server.FormatUrl(selector?.GetOrigin(name) ?? name)),
                $"{toOption}{outputOption}{options}");
            ExitCode code = await OneShotCommand.RunAsync(
                connections[i],
                $"get {string.Join(' ', paths)}",
                formatter with { Options = options },
                async (shell, cancel) =>
                {
                    if (shell.Target.IsListing)
                    {
                        return await ListAsync(shell, paths, cancel);
                    }

                    if (isToStandardOutput)
                    {
                        return await TransferCommands.CatAsync(shell, paths, cancel);
                    }

                    selector = new RemoteFileSelector(shell, selection, _selection.IsRecursive(line), output);
                    return await DownloadAsync(shell, selector, paths, cancel);
                },
                isTransferNext: paths.Count == 1);
            if (code != ExitCode.Success)
            {
                result = servers.Count > 1 ? ExitCode.SomeFailed : code;
            }

            if (code is ExitCode.Interrupted or ExitCode.Terminated or ExitCode.HungUp)
            {
                return code;
            }
        }

        return result;
    }

    private static async Task<ExitCode> DownloadAsync(
        ClientShell shell, RemoteFileSelector selector, IReadOnlyList<ShellWord> paths, CancellationToken cancellationToken)
    {
        ExitCode selected = await selector.AddAsync(paths, cancellationToken);
        foreach (string folder in selector.Folders)
        {
            Directory.CreateDirectory(folder);
        }

        if (selector.Files.Count == 0)
        {
            if (selected == ExitCode.Success)
            {
                shell.Terminal.WriteMessage("nothing to download");
            }

            return selected;
        }

        ExitCode transferred = await TransferCommands.DownloadFilesAsync(
            shell, selector.Files, paths, shell.TransferSettings.ExistingFile, cancellationToken);
        return ClientShell.CombineExitCodes(selected, transferred);
    }

    /// <summary>Prints the names of the entries in folders, for URLs with <c>;type=d</c> (RFC 1738 §3.2.2).</summary>
    private static Task<ExitCode> ListAsync(ClientShell shell, IReadOnlyList<ShellWord> folders, CancellationToken cancellationToken) =>
        shell.ForEachAsync("list", folders, (folder, cancel) => ListingCommands.NlistAsync(shell, [folder], cancel), cancellationToken);

    private IReadOnlyList<ServerPaths> ParseUrls(CommandLine line, bool isToStandardOutput, string? output)
    {
        string? user = _connection.GetUser(line);
        IReadOnlyList<string> listed = _selection.ReadList(line);
        IReadOnlyList<string> urls = listed.Count == 0 ? line.Arguments : ResolveListedNames(line.Arguments, listed);
        if (urls.Count == 0 && line.IsSpecified(_selection.ListName))
        {
            throw CommandLine.CreateUsageError($"the list of {_selection.ListName} is empty");
        }

        IReadOnlyList<ServerPaths> servers = UrlArguments.Parse(urls, user, Usage);
        if (JsonOutput.Current is not null && (isToStandardOutput || servers.Any(server => server.Server.IsListing)))
        {
            throw CommandLine.CreateUsageError($"{JsonOutput.OptionName} cannot be combined with files or names on standard output");
        }

        bool isRecursive = _selection.IsRecursive(line);
        if (isToStandardOutput && isRecursive)
        {
            throw CommandLine.CreateUsageError("-r cannot write to standard output");
        }

        if (output is not null && !isToStandardOutput && (urls.Count > 1 || servers[0].Paths[0].IsPattern))
        {
            throw CommandLine.CreateUsageError("-o names one file; use --to FOLDER for several files");
        }

        foreach (string url in isRecursive ? [] : urls)
        {
            (Target server, ShellWord path) = UrlArguments.ParseUrl(url, user, Usage);
            if (!server.IsListing && RemoteDirectory.GetName(path.Text).Length == 0)
            {
                throw CommandLine.CreateUsageError($"'{url}' is a folder; to download it: fts get -r {ShellQuoting.Quote(url)}");
            }
        }

        return servers;
    }

    /// <summary>Returns the URLs of a list. A line that is not a URL is a path below the folder of the only argument.</summary>
    private static IReadOnlyList<string> ResolveListedNames(IReadOnlyList<string> arguments, IReadOnlyList<string> names)
    {
        if (names.All(Target.IsUrl))
        {
            return [.. arguments, .. names];
        }

        return arguments is [var folder]
            ? [.. names.Select(name => Target.IsUrl(name) ? name : $"{folder.TrimEnd('/')}/{EscapePath(name)}")]
            : throw CommandLine.CreateUsageError("-i with names that are not URLs requires the URL of their folder as the only argument");

        static string EscapePath(string name) =>
            string.Join('/', name.TrimStart('/').Split('/').Select(Uri.EscapeDataString));
    }

    private static void ChangeLocalDirectory(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            Environment.CurrentDirectory = folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"--to {folder}: {LocalErrorText.Describe(e)}");
        }
    }
}
