using System.CommandLine;
using System.Globalization;
using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Cli.Help;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell;

namespace Fts.Transfers.Remote;

/// <summary><c>fts ls URL…</c> prints the names in remote folders, one per line.</summary>
internal sealed class ListCommand
{
    private const string Usage = "fts ls URL… [options]", ShortOptions = "lRtSr";

    private readonly ConnectionOptions _connection = new();
    private readonly Option<bool> _long = new("-l") { Description = "also print the kind, the size in bytes and the time in UTC" };
    private readonly Option<bool> _recursive = CreateSwitch("--recursive", "-R", "also list the folders below");
    private readonly Option<bool> _byTime = new("-t") { Description = "sort by last-modified time, the newest first" };
    private readonly Option<bool> _bySize = new("-S") { Description = "sort by size, the largest first" };
    private readonly Option<bool> _reverse = CreateSwitch("--reverse", "-r", "reverse the order");

    /// <summary>The arguments, options and help page of <c>fts ls</c>.</summary>
    public static SubcommandDefinition Definition => new ListCommand().CreateDefinition();

    /// <summary>Runs <c>fts ls</c> and returns its exit code.</summary>
    public static Task<ExitCode> RunAsync(string[] args)
    {
        var command = new ListCommand();
        var line = new CommandLine(command.CreateDefinition(), [.. args.SelectMany(SplitShortOptions)]);
        IReadOnlyList<ServerPaths> servers = UrlArguments.Parse(line.Arguments, command._connection.GetUser(line), Usage);
        return UrlCommand.RunAsync(
            line,
            command._connection,
            servers,
            "ls",
            (shell, paths, cancel) => command.ListAsync(shell, line, paths, line.Arguments.Count > 1, cancel),
            isListing: true);
    }

    /// <summary>Returns a switch with a long and a short name.</summary>
    public static Option<bool> CreateSwitch(string name, string alias, string description) =>
        new(name) { Aliases = { alias }, Description = description };

    private SubcommandDefinition CreateDefinition() => new("ls", int.MaxValue, new HelpPage
    {
        Usage = [Usage],
        Purpose = "Prints the names in folders on a server, one per line. The names of folders end with a slash.",
        Examples =
        [
            new("fts ls ftp://files.example.com/pub/", "list a folder"),
            new("fts ls -lR ftp://ann@192.168.1.5:2121/photos", "list a folder and all below it, with sizes and times"),
            new("fts ls 'ftp://files.example.com/pub/*.iso' | head -1", "print the first matching name"),
        ],
        Arguments = [new("URL", "a folder or file; * and ? in the last part select names, and must be quoted for your shell")],
        OptionGroups = [new OptionGroup("Listing", _long, _recursive, _byTime, _bySize, _reverse), .. _connection.GetRemoteOptions()],
        ExitCodes = ConnectionOptions.ExitCodes,
        Notes =
        [
            "With -l, the columns are separated by tabs if the output is not a terminal: kind (d folder, - file, l link), size, time, " +
            "name. A value that the server does not report is empty. Control characters in names are printed as \\xNN.",
            "With several URLs, each name starts with the path of its URL.",
            ConnectionOptions.PasswordNote,
        ],
    });

    /// <summary>Splits <c>-lR</c> to <c>-l</c> and <c>-R</c>.</summary>
    private static IEnumerable<string> SplitShortOptions(string word) =>
        word.Length > 2 && word[0] == '-' && word.Skip(1).All(c => ShortOptions.Contains(c)) ? word.Skip(1).Select(c => $"-{c}") : [word];

    private async Task<ExitCode> ListAsync(
        ClientShell shell, CommandLine line, IReadOnlyList<ShellWord> paths, bool hasPrefix, CancellationToken cancellationToken)
    {
        ExitCode result = ExitCode.Success;
        ExitCode eachResult = await shell.ForEachAsync("ls", paths, PrintAsync, cancellationToken);
        return ClientShell.CombineExitCodes(result, eachResult);

        async Task PrintAsync(ShellWord path, CancellationToken cancel)
        {
            (IEnumerable<TreeEntry> items, string folder, ExitCode code) = await FindEntriesAsync(shell, line, path, cancel);
            result = ClientShell.CombineExitCodes(result, code);
            string prefix = hasPrefix && folder.Length > 0 ? $"{folder.TrimEnd('/')}/" : "";
            WriteEntries(shell.Terminal, line, [.. Sort(line, items)], prefix);
        }
    }

    /// <summary>Returns the entries that a path selects, the folder that contains them, and whether the listing is complete.</summary>
    private async Task<(IEnumerable<TreeEntry> Items, string Folder, ExitCode Code)> FindEntriesAsync(
        ClientShell shell, CommandLine line, ShellWord path, CancellationToken cancellationToken)
    {
        List<FtpEntry> entries;
        string folder = path.IsPattern ? RemoteDirectory.SplitPath(path.Text).Folder : path.Text;
        try
        {
            entries = path.IsPattern
                ? await RemoteFileFinder.MatchAsync(shell, path, cancellationToken)
                : await RemoteFileFinder.ListAsync(shell, path, cancellationToken);
        }
        catch (FtpReplyException) when (!path.IsPattern && path.Text.Trim('/').Length > 0)
        {
            // The path may be a file. Servers reply differently to LIST and MLSD of a file.
            FtpEntry? entry = await shell.Client.GetEntryAsync(shell.CurrentDirectory.Resolve(path), cancellationToken);
            if (entry is not { Kind: not FtpEntryKind.Directory })
            {
                throw;
            }

            return ([new TreeEntry(entry, entry.Name)], RemoteDirectory.SplitPath(path.Text).Folder, ExitCode.Success);
        }

        ExitCode code = UnreadableLineWarnings.WriteWarnings(shell, "ls", entries.FindAll(RemoteFileFinder.IsUnreadable));
        entries.RemoveAll(RemoteFileFinder.IsUnreadable);
        if (path.IsPattern && entries.Count == 0)
        {
            throw new UserErrorException(ExitCode.NotFound, $"no remote file matches {path}", "ls, to list the folder");
        }

        List<TreeEntry> items = [.. entries.Select(entry => new TreeEntry(entry, entry.Name))];
        if (line.HasOption(_recursive))
        {
            code = ClientShell.CombineExitCodes(code, await AddSubfoldersAsync(shell, items, cancellationToken));
        }

        return (items, folder, code);
    }

    /// <summary>Inserts the entries below each folder after it.</summary>
    private static async Task<ExitCode> AddSubfoldersAsync(ClientShell shell, List<TreeEntry> items, CancellationToken cancellationToken)
    {
        TreeEntry[] roots = [.. items];
        items.Clear();
        ExitCode code = ExitCode.Success;
        foreach (TreeEntry root in roots)
        {
            items.Add(root);
            if (root.Entry.Kind != FtpEntryKind.Directory)
            {
                continue;
            }

            var tree = new RemoteTree(shell);
            try
            {
                await foreach (TreeEntry item in tree.WalkAsync(root.Entry.Path, cancellationToken))
                {
                    items.Add(item with { RelativePath = $"{root.RelativePath}/{item.RelativePath}" });
                }
            }
            catch (FtpReplyException e)
            {
                code = ShowUnlisted(shell, root.Entry.Path, e);
            }

            foreach (UnlistedFolder folder in tree.UnlistedFolders)
            {
                code = ShowUnlisted(shell, folder.Path, folder.Exception);
            }
        }

        UnreadableLineWarnings.WriteWarnings(shell, "ls", [.. items.Select(i => i.Entry).Where(RemoteFileFinder.IsUnreadable)]);
        return items.RemoveAll(item => RemoteFileFinder.IsUnreadable(item.Entry)) > 0 ? ExitCode.SomeFailed : code;
    }

    private static ExitCode ShowUnlisted(ClientShell shell, string path, FtpException e)
    {
        shell.Terminal.ShowError(shell.DescribeError(e, $"ls {path}"));
        return ExitCode.SomeFailed;
    }

    private IEnumerable<TreeEntry> Sort(CommandLine line, IEnumerable<TreeEntry> items)
    {
        // The sort is stable, so that entries with equal times stay sorted by name.
        IEnumerable<TreeEntry> sorted = items;
        if (line.HasOption(_byTime))
        {
            sorted = sorted.OrderByDescending(item => item.Entry.LastModified ?? DateTimeOffset.MinValue);
        }
        else if (line.HasOption(_bySize))
        {
            sorted = sorted.OrderByDescending(item => item.Entry.Length ?? -1);
        }

        return line.HasOption(_reverse) ? sorted.Reverse() : sorted;
    }

    private void WriteEntries(Terminal terminal, CommandLine line, IReadOnlyList<TreeEntry> items, string prefix)
    {
        bool isLong = line.HasOption(_long), isAligned = !Console.IsOutputRedirected;
        int width = isLong && isAligned ? items.Select(item => FormatSize(item.Entry).Length).DefaultIfEmpty().Max() : 0;
        foreach (TreeEntry item in items)
        {
            string mark = item.Entry.Kind == FtpEntryKind.Directory ? "/" : "";
            string name = FtpName.Escape(prefix + item.RelativePath) + mark;
            if (JsonOutput.Current is { } json)
            {
                json.WriteEntry(item.Entry, prefix + item.RelativePath);
                continue;
            }

            if (!isLong)
            {
                terminal.WriteData(name);
                continue;
            }

            char kind = item.Entry.Kind switch
            {
                FtpEntryKind.Directory => 'd',
                FtpEntryKind.Link => 'l',
                _ => '-',
            };
            string time = FormatTime(item.Entry), size = FormatSize(item.Entry);
            terminal.WriteData(
                isAligned ? $"{kind} {size.PadLeft(width)}  {time,-20}  {name}" : $"{kind}\t{size}\t{time}\t{name}");
        }
    }

    private static string FormatSize(FtpEntry entry) =>
        entry.Kind == FtpEntryKind.Directory ? "" : entry.Length?.ToString(CultureInfo.InvariantCulture) ?? "";

    /// <summary>Returns the last-modified time in UTC as ISO 8601, to the second.</summary>
    public static string FormatTime(FtpEntry entry) =>
        entry.LastModified?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "";
}
