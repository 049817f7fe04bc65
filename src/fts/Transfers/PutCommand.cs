using System.CommandLine;
using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Cli.Help;
using Fts.Client;
using Fts.Shell;
using Fts.Shell.Commands;
using Fts.Transfers.Remote;
using Fts.Transfers.Retries;
using Fts.Transfers.Selection;

namespace Fts.Transfers;

/// <summary><c>fts put FILE… URL</c> uploads files and folders to a remote folder, or one file under a new name.</summary>
internal sealed class PutCommand
{
    private const string Usage = "fts put FILE… URL [options]", StandardInput = "-";

    private readonly ConnectionOptions _connection = new();

    private readonly SelectionOptions _selection = new(
        "upload folders with everything in them",
        "read the names of local files from a file; - for standard input");

    private readonly Option<string> _output = new("--output")
    {
        Aliases = { "-o" },
        HelpName = "NAME",
        Description = "remote name of the only file or folder, in the folder of the URL",
    };

    /// <summary>The arguments, options and help page of <c>fts put</c>.</summary>
    public static SubcommandDefinition Definition => new PutCommand().CreateDefinition();

    /// <summary>Runs <c>fts put</c> and returns its exit code.</summary>
    public static Task<ExitCode> RunAsync(string[] args)
    {
        var command = new PutCommand();
        return command.RunAsync(new CommandLine(command.CreateDefinition(), args));
    }

    private SubcommandDefinition CreateDefinition() => new("put", MaxArguments: int.MaxValue, new HelpPage
    {
        Usage = [Usage],
        Purpose = "Uploads files and folders, and exits.",
        Examples =
        [
            new("fts put report.pdf ftp://192.168.1.5:2121/", "upload a file to the login folder"),
            new("fts put *.jpg ftp://ann@192.168.1.5:2121/photos/ --password-file ~/.secret", "upload several files to a folder"),
            new("fts put -r site ftp://ann@192.168.1.5:2121/www/ --exclude '*.bak'", "upload a folder"),
            new("tar c . | fts put - ftp://ann@192.168.1.5:2121/backup.tar", "upload standard input"),
        ],
        Arguments =
        [
            new("FILE", "local file, or folder with -r; - for standard input"),
            new("URL", "ftp://user@host:port/folder/, relative to the login folder; ftp://host/%2Ffolder/ starts at the root. Without " +
                "a slash at the end, the last part is the new name of a single file, unless a folder with that name exists"),
        ],
        OptionGroups = [new OptionGroup("Target", _output), _selection.Group, .. _connection.GetOneShotOptions(hasJson: true)],
        ExitCodes = ConnectionOptions.ExitCodes,
        Notes =
        [
            "An existing file is replaced by default. At the end of the URL, ;type=a selects ASCII mode. With -r, the URL is a folder, " +
            "which is created if it is missing.",
            "By default, several files use up to four connections. With fts server, small files share data connections.",
            GetCommand.FilterNote,
            ConnectionOptions.PasswordNote,
        ],
    });

    private Task<ExitCode> RunAsync(CommandLine line)
    {
        IReadOnlyList<string> listed = _selection.ReadList(line);
        bool hasList = line.IsSpecified(_selection.ListName);
        string url = line.Arguments.Count > 0 ? Bookmark.Expand(line.Arguments[^1]) : "";
        if (line.Arguments.Count < (hasList ? 1 : 2) || !Target.IsUrl(url) || line.Arguments.SkipLast(1).Any(Target.IsUrl))
        {
            throw CommandLine.CreateUsageError("put requires one or more files, then the URL of the target", null, Usage);
        }

        Target target = Target.FromUrl(url);
        if (target.IsListing)
        {
            throw CommandLine.CreateUsageError($"'{url}': put does not support ;type=d; use fts get to list a folder");
        }

        string[] files = [.. line.Arguments.SkipLast(1), .. listed];
        if (files.Length == 0)
        {
            throw CommandLine.CreateUsageError($"the list of {_selection.ListName} is empty");
        }

        target = target with { User = _connection.GetUser(line) ?? target.User };
        var upload = new Upload
        {
            Files = files,
            Path = target.UrlPath ?? "",
            IsFolderUrl = target.UrlPath is null || Target.SplitType(url).Path.EndsWith('/'),
            Name = line.GetValue(_output),
            IsRecursive = _selection.IsRecursive(line),
            Selection = _selection.CreateSelection(line, DateTimeOffset.Now),
        };
        upload.Validate();
        Terminal terminal = _connection.CreateTerminal(line);
        ServerConnection connection = _connection.PrepareConnection(line, target, terminal, _connection.IsDebug(line));
        string options = OptionFormatter.FormatWithoutExistingFileOption(line, _selection.ListName);
        CommandFormatter formatter = OneShotCommand.CreateFormatter(target, FormatName, $" {ShellQuoting.Quote(url)}{options}");
        return OneShotCommand.RunAsync(
            connection, $"put {string.Join(' ', files)}", formatter with { Options = options }, upload.RunAsync);

        // An argument that contains the file of a failed transfer is repeated as a whole, because -r stores below its name.
        string FormatName(ShellWord file) => ShellQuoting.Quote(Path.GetFullPath(
            upload.IsRecursive ? Array.Find(files, argument => IsBelow(file.Text, argument)) ?? file.Text : file.Text));

        static bool IsBelow(string path, string folder) => path == folder
            || path.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
    }

    /// <summary>One upload, with the parsed arguments of the command.</summary>
    private sealed record Upload
    {
        public required string[] Files { get; init; }

        /// <summary>The path of the URL; empty for the login folder.</summary>
        public required string Path { get; init; }

        /// <summary>Whether the URL ends with a slash or has no path, so that it is a folder.</summary>
        public required bool IsFolderUrl { get; init; }

        /// <summary>The value of <c>-o</c>, or null.</summary>
        public required string? Name { get; init; }

        public required bool IsRecursive { get; init; }

        public required FileSelection Selection { get; init; }

        /// <summary>Checks that the arguments can be combined.</summary>
        /// <exception cref="UserErrorException">They cannot.</exception>
        public void Validate()
        {
            if (Name is not null && Files.Length > 1)
            {
                throw CommandLine.CreateUsageError("-o names one file; several files keep their names");
            }

            if (Files.Contains(StandardInput) && (Files.Length > 1 || (IsFolderUrl && Name is null)))
            {
                throw CommandLine.CreateUsageError("standard input needs a name: end the URL with the new name, or use -o NAME");
            }
        }

        public async Task<ExitCode> RunAsync(ClientShell shell, CancellationToken cancellationToken)
        {
            ExistingFileAction existingFile = shell.TransferSettings.ExistingFile;
            string folder = Path.Length > 1 ? Path.TrimEnd('/') : Path;
            if (Files is [StandardInput])
            {
                string path = Name is null ? Path : folder.Length == 0 ? Name : $"{folder.TrimEnd('/')}/{Name}";
                return await UploadStandardInputAsync(shell, path, existingFile, cancellationToken);
            }

            if (!IsRecursive && Selection.IsEverything && Files.Length == 1 && !IsFolderUrl && Name is null)
            {
                try
                {
                    await TransferCommands.UploadFileAsync(shell, Files[0], Path, existingFile, cancellationToken);
                    return ExitCode.Success;
                }
                catch (TargetIsDirectoryException)
                {
                    // The path is a folder, so the file is stored in that folder under its local name, as with cp.
                }
            }

            shell.CurrentDirectory.SetPath(folder);
            if (!IsRecursive && Name is not null)
            {
                await TransferCommands.UploadFileAsync(shell, Files[0], Name, existingFile, cancellationToken);
                return ExitCode.Success;
            }

            if (!IsRecursive && Selection.IsEverything)
            {
                return await TransferCommands.PutAsync(
                    shell, [.. Files.Select(file => new ShellWord(file))], existingFile, cancellationToken);
            }

            return await UploadSelectedAsync(shell, existingFile, cancellationToken);
        }

        private async Task<ExitCode> UploadSelectedAsync(
            ClientShell shell, ExistingFileAction existingFile, CancellationToken cancellationToken)
        {
            var selector = new LocalFileSelector(shell, Selection, IsRecursive, Name);
            ExitCode selected = await selector.AddAsync(Files, cancellationToken);
            if (IsRecursive)
            {
                await RemoteFolders.CreateWithParentsAsync(shell.Client, shell.CurrentDirectory.Path, cancellationToken);
            }

            foreach (string path in selector.Folders)
            {
                await RemoteFolders.CreateWithParentsAsync(shell.Client, shell.CurrentDirectory.Join(path), cancellationToken);
            }

            if (selector.Files.Count == 0)
            {
                shell.Terminal.WriteMessage(selected == ExitCode.Success ? "nothing to upload" : "no file was uploaded");
                return selected;
            }

            FtpBatchFile[] files =
                [.. selector.Files.Select(file => new FtpBatchFile(file.LocalPath, shell.CurrentDirectory.Join(file.RelativePath)))];
            long bytes = files.Sum(file => new FileInfo(file.LocalPath) is { Exists: true, Length: var length } ? length : 0);
            var batch = new TransferBatch(shell, TransferDirection.Upload, file => file.LocalPath, DescribeError);
            FtpTransferOptions options = TransferCommands.CreateOptions(shell, existingFile);
            ExitCode uploaded = await batch.RunAsync(files, bytes, options, FormatRetryCommand, cancellationToken);
            return ClientShell.CombineExitCodes(selected, uploaded);

            UserError DescribeError(FtpBatchFile file, Exception e, FtpProgress last) =>
                shell.DescribeError(ResumeAdvice.AddToUploadError(shell, e, file.LocalPath, last), $"put {file.LocalPath}");

            string FormatRetryCommand() => shell.FormatBatchRetryCommand(
                "put",
                existingFile == ExistingFileAction.Skip ? "--skip" : ResumeAdvice.GetUploadOption(shell),
                Files.Select(file => new ShellWord(file)));
        }

        private static async Task<ExitCode> UploadStandardInputAsync(
            ClientShell shell, string path, ExistingFileAction existingFile, CancellationToken cancellationToken)
        {
            if (existingFile == ExistingFileAction.Resume)
            {
                throw new UserErrorException(ExitCode.UsageError, "put -: --resume does not work with standard input");
            }

            FtpTransferResult result;
            await using (var meter = new TransferMeter(shell.Terminal, TransferDirection.Upload.ActiveVerb, path))
            {
                FtpTransferOptions options = TransferCommands.CreateOptions(shell, existingFile) with { Resume = FtpResume.Never };
                await using Stream input = StandardStreams.Input;
                // A repeated attempt could not send the consumed bytes again.
                result = await shell.TransferSettings.Retries.RunAsync(
                    shell.Terminal,
                    _ => shell.Client.UploadAsync(input, path, options, meter, cancellationToken),
                    e => meter.Latest.Bytes == 0 && RetryPolicy.IsRefusedForNow(e),
                    describeKept: null,
                    cancellationToken);
            }

            JsonOutput.Current?.WriteTransfer(isUpload: true, StandardInput, path, "complete", result);
            shell.Terminal.WriteMessage(
                TransferReport.FormatTransfer(TransferDirection.Upload.PastVerb, RemoteDirectory.GetName(path), result));
            return ExitCode.Success;
        }
    }
}
