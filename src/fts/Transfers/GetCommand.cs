using System.CommandLine;
using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Shell;
using Fts.Shell.Commands;

namespace Fts.Transfers;

/// <summary><c>fts get URL…</c>: fetches files into a folder here, or to stdout.</summary>
internal static class GetCommand
{
    private const string Usage = "fts get URL… [--to FOLDER] [options]", StandardOutput = "-";

    public static async Task<ExitCode> RunAsync(string[] args)
    {
        var connectionOptions = new ConnectionOptions();
        var to = new Option<string>("--to");
        var debug = new Option<bool>("--debug");
        var line = new CommandLine("get", Usage, int.MaxValue, args, connectionOptions.GetCommandLineOptions(to, debug));
        Terminal terminal = connectionOptions.CreateTerminal(line);
        (Target Server, ShellWord Path)[] files = [.. line.Arguments.Select(ParseUrl)];
        if (files.Length == 0)
        {
            throw CommandLine.CreateUsageError("get what?", null, Usage);
        }

        string user = connectionOptions.GetUser(line) ?? "";
        IGrouping<Target, ShellWord>[] servers = [.. files.GroupBy(file => user.Length > 0 ? file.Server with { User = user } : file.Server, file => file.Path)];
        ServerConnection[] connections = [.. servers.Select(server => connectionOptions.PrepareConnection(line, server.Key, terminal, line.HasOption(debug)))];
        bool isToStandardOutput = line.GetValue(to) == StandardOutput;
        // Before the current directory changes, because relative paths depend on it.
        string options = OptionFormatter.FormatWithoutExistingFileOption(line, to.Name);
        if (line.GetValue(to) is { } folder && !isToStandardOutput)
        {
            ChangeDirectory(folder);
        }

        string suffix = $" {to.Name} {(isToStandardOutput ? StandardOutput : ShellQuoting.Quote(Environment.CurrentDirectory))}{options}";
        ExitCode result = ExitCode.Success;
        for (int i = 0; i < servers.Length; i++)
        {
            ShellWord[] paths = [.. servers[i]];
            ExitCode code = await OneShotCommand.RunAsync(connections[i], $"get {string.Join(' ', paths)}", OneShotCommand.CreateFormatter(servers[i].Key, name => ShellQuoting.Quote(servers[i].Key.FormatUrl(name)), suffix) with { Options = options }, (shell, cancel) =>
                shell.Target.IsListing ? ListAsync(shell, paths, cancel)
                : isToStandardOutput ? TransferCommands.CatAsync(shell, paths, cancel) : TransferCommands.GetAsync(shell, paths, shell.TransferSettings.ExistingFile, cancel));
            result = code is ExitCode.Success ? result : servers.Length > 1 ? ExitCode.SomeFailed : code;
            if (code is ExitCode.Interrupted or ExitCode.Terminated or ExitCode.HungUp)
            {
                return code;
            }
        }

        return result;
    }

    /// <summary>Prints the names in folders: what a URL with <c>;type=d</c> asks for (RFC 1738 §3.2.2).</summary>
    private static Task<ExitCode> ListAsync(ClientShell shell, ShellWord[] folders, CancellationToken cancellationToken) =>
        shell.ForEachAsync("list", folders, (folder, cancel) => RemoteCommands.NlistAsync(shell, [folder], cancel), cancellationToken);

    private static (Target Server, ShellWord Path) ParseUrl(string word)
    {
        if (!Target.IsUrl(word))
        {
            throw CommandLine.CreateUsageError($"'{word}' is not a URL; --to says where to", null, Usage);
        }

        Target target = Target.FromUrl(word);
        string path = Target.SplitType(word).Path;
        string name = path[(path.LastIndexOf('/') + 1)..];
        if (target.IsListing)
        {
            return (target with { Folder = null }, new ShellWord(target.Folder ?? "", name.AsSpan().IndexOfAny('*', '?') >= 0, IsExact: true));
        }

        return target.Folder is null || name.Length == 0
            ? throw CommandLine.CreateUsageError($"'{word}' names a folder; to download it: fts mirror {ShellQuoting.Quote(word)} FOLDER")
            : (target with { Folder = null }, new ShellWord(target.Folder, name.AsSpan().IndexOfAny('*', '?') >= 0, IsExact: true));
    }

    private static void ChangeDirectory(string folder)
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
