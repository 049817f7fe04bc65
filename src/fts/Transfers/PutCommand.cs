using System.CommandLine;
using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Shell;
using Fts.Shell.Commands;

namespace Fts.Transfers;

/// <summary><c>fts put FILE… URL</c>: sends files into a folder of a server, or one file under a name of its own.</summary>
internal static class PutCommand
{
    private const string Usage = "fts put FILE… URL [options]";

    public static Task<ExitCode> RunAsync(string[] args)
    {
        var options = new ConnectionOptions();
        var debug = new Option<bool>("--debug");
        var line = new CommandLine("put", Usage, int.MaxValue, args, options.With(debug));
        Terminal terminal = options.Terminal(line);
        if (line.Words.Count < 2 || !Target.IsUrl(line.Words[^1]) || line.Words.SkipLast(1).Any(Target.IsUrl))
        {
            throw CommandLine.Usage("put takes files, and last the URL of where to", null, Usage);
        }

        string url = line.Words[^1];
        Target target = Target.FromUrl(url);
        if (target.IsListing)
        {
            throw CommandLine.Usage($"'{url}': ;type=d lists a folder, and put uploads files; use fts get to list a folder");
        }

        target = target with { User = options.User(line) ?? target.User };
        Word[] files = [.. line.Words.SkipLast(1).Select(file => new Word(file))];
        Connection connection = options.Prepare(line, target, terminal, line.Has(debug));
        return OneShot.RunAsync(connection, $"put {string.Join(' ', files)}", OneShot.Wording(target, NameOf, $" {ShellQuoting.Quote(url)}{GivenOptions.WithoutChoice(line)}") with { Options = GivenOptions.WithoutChoice(line) }, async (shell, cancel) =>
        {
            if (files.Length == 1 && target.Folder is { } path && !Target.SplitType(url).Path.EndsWith('/'))
            {
                try
                {
                    await TransferCommands.PutOneAsync(shell, files[0].Text, path, shell.Transfers.IfThere, cancel);
                    return ExitCode.Done;
                }
                catch (FolderInPlaceException)
                {
                    // The URL names a folder, so the file gets its own name in it, as with cp.
                }
            }

            shell.Folder.Enter(target.Folder ?? "");
            return await TransferCommands.PutAsync(shell, files, shell.Transfers.IfThere, cancel);
        });

        static string NameOf(Word file) => ShellQuoting.Quote(Path.GetFullPath(file.Text));
    }
}
