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
        var options = new ConnectionOptions();
        var to = new Option<string>("--to");
        var debug = new Option<bool>("--debug");
        var line = new CommandLine("get", Usage, int.MaxValue, args, options.With(to, debug));
        Terminal terminal = options.Terminal(line);
        (Target Server, Word Path)[] files = [.. line.Words.Select(Parse)];
        if (files.Length == 0)
        {
            throw CommandLine.Usage("get what?", null, Usage);
        }

        string user = options.User(line) ?? "";
        IGrouping<Target, Word>[] servers = [.. files.GroupBy(file => user.Length > 0 ? file.Server with { User = user } : file.Server, file => file.Path)];
        Connection[] connections = [.. servers.Select(server => options.Prepare(line, server.Key, terminal, line.Has(debug)))];
        bool isToStandardOutput = line.Value(to) == StandardOutput;
        // Before the current directory changes, because relative paths depend on it.
        string given = GivenOptions.WithoutChoice(line, to.Name);
        if (line.Value(to) is { } folder && !isToStandardOutput)
        {
            Enter(folder);
        }

        string after = $" {to.Name} {(isToStandardOutput ? StandardOutput : ShellQuoting.Quote(Environment.CurrentDirectory))}{given}";
        ExitCode result = ExitCode.Done;
        for (int i = 0; i < servers.Length; i++)
        {
            Word[] paths = [.. servers[i]];
            ExitCode code = await OneShot.RunAsync(connections[i], $"get {string.Join(' ', paths)}", OneShot.Wording(servers[i].Key, name => ShellQuoting.Quote(servers[i].Key.UrlOf(name)), after) with { Options = given }, (shell, cancel) =>
                shell.Target.IsListing ? ListAsync(shell, paths, cancel)
                : isToStandardOutput ? TransferCommands.CatAsync(shell, paths, cancel) : TransferCommands.GetAsync(shell, paths, shell.Transfers.IfThere, cancel));
            result = code is ExitCode.Done ? result : servers.Length > 1 ? ExitCode.SomeFailed : code;
            if (code is ExitCode.Interrupted or ExitCode.Terminated or ExitCode.HungUp)
            {
                return code;
            }
        }

        return result;
    }

    /// <summary>Prints the names in folders: what a URL with <c>;type=d</c> asks for (RFC 1738 §3.2.2).</summary>
    private static Task<ExitCode> ListAsync(ClientShell shell, Word[] folders, CancellationToken cancellationToken) =>
        shell.EachAsync("list", folders, (folder, cancel) => RemoteCommands.NlistAsync(shell, [folder], cancel), cancellationToken);

    private static (Target Server, Word Path) Parse(string word)
    {
        if (!Target.IsUrl(word))
        {
            throw CommandLine.Usage($"'{word}' is not a URL; --to says where to", null, Usage);
        }

        Target target = Target.FromUrl(word);
        string path = Target.SplitType(word).Path;
        string name = path[(path.LastIndexOf('/') + 1)..];
        if (target.IsListing)
        {
            return (target with { Folder = null }, new Word(target.Folder ?? "", name.AsSpan().IndexOfAny('*', '?') >= 0, IsExact: true));
        }

        return target.Folder is null || name.Length == 0
            ? throw CommandLine.Usage($"'{word}' names a folder; to download it: fts mirror {ShellQuoting.Quote(word)} FOLDER")
            : (target with { Folder = null }, new Word(target.Folder, name.AsSpan().IndexOfAny('*', '?') >= 0, IsExact: true));
    }

    private static void Enter(string folder)
    {
        try
        {
            Environment.CurrentDirectory = folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(ExitCode.LocalFiles, $"--to {folder}: {LocalReason.Of(e)}");
        }
    }
}
