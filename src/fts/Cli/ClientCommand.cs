using System.Text;
using Fts.Cli.Connections;
using Fts.Client;
using Fts.Shell;
using Fts.Shell.Editing;
using Fts.Transfers;

namespace Fts.Cli;

/// <summary><c>fts client</c>: connects, greets, and takes commands until somebody leaves.</summary>
internal static class ClientCommand
{
    private const string Usage = "fts client [ip|host|URL] [port] [debug] [options]";

    public static async Task<ExitCode> RunAsync(string[] args)
    {
        var options = new ConnectionOptions();
        var line = new CommandLine("client", Usage, 3, args, options.With());
        Terminal terminal = options.Terminal(line);
        Target target = Target.From(line, options.User(line));
        using var interrupts = new Interrupts();
        await using Connection connection = options.Prepare(line, target, terminal, line.Debug(2));
        target = connection.Target;
        var shell = new ClientShell(connection.Client, target, terminal, interrupts, connection.Transfers, Wording.Inside, CreateOutsideWording(line));
        try
        {
            await ConnectAsync(shell, connection, interrupts);
        }
        catch (Exception e) when (e is FtpException or OperationCanceledException)
        {
            Failure failure = Failures.Of(e, "connect", target);
            terminal.Show(failure);
            return interrupts.Stop ?? failure.Code;
        }

        return await shell.RunAsync(Lines(shell));
    }

    /// <summary>Returns the wording of a session's commands for the system's shell, with the same server, folder and options.</summary>
    private static Func<ClientShell, string, Wording> CreateOutsideWording(CommandLine line)
    {
        // Now, because lcd changes the directory that relative paths start from.
        (string given, string all) = (GivenOptions.WithoutChoice(line), GivenOptions.Text(line));
        return (shell, verb) => verb switch
        {
            "mirror" => OneShot.Wording(shell.Target, Wording.Typed, all) with { Options = all },
            "get" => OneShot.Wording(
                shell.Target, name => ShellQuoting.Quote(shell.Target.UrlOf(name with { Text = shell.Folder.Resolve(name.Text) })), $" --to {ShellQuoting.Quote(Environment.CurrentDirectory)}{given}"),
            "put" => OneShot.Wording(
                shell.Target, NameOf, $" {ShellQuoting.Quote(shell.Target.UrlOf(new Word(FolderOf(shell))))}{given}"),
            _ => OneShot.Wording(shell.Target, Wording.Typed, all),
        };

        static string NameOf(Word file)
        {
            string path = Path.GetFullPath(LocalNames.Home(file.Text));
            return file.IsPattern ? ShellQuoting.QuotePattern(path) : ShellQuoting.Quote(path);
        }

        // A URL cannot express the absolute root with a trailing slash; "/./" is the same directory.
        static string FolderOf(ClientShell shell) => shell.Folder.Path switch
        {
            "" => "",
            "/" => "/./",
            var folder => $"{folder}/",
        };
    }

    private static async Task ConnectAsync(ClientShell shell, Connection connection, Interrupts interrupts)
    {
        CancellationToken cancellationToken = interrupts.Begin();
        bool wasInterrupted;
        try
        {
            await connection.OpenAsync(greets: true, cancellationToken);
            if (shell.Target.Folder is { } folder)
            {
                await shell.Folder.ChangeAsync(shell.Client, folder, cancellationToken);
            }

            if (shell.Terminal.IsInteractive)
            {
                shell.Terminal.Say("help lists the commands, bye leaves");
            }
        }
        finally
        {
            wasInterrupted = interrupts.End();
        }

        if (wasInterrupted)
        {
            throw new OperationCanceledException();
        }
    }

    /// <summary>Lines with editing from a terminal, and lines alone from a pipe. The prompt reports a connection without TLS.</summary>
    private static Func<Task<(LineEnd, string)>> Lines(ClientShell shell)
    {
        if (shell.Terminal.IsInteractive)
        {
            var completion = new NameCompletion(shell);
            var editor = new LineEditor(shell.Terminal, [], completion.CompleteAsync);
            return () =>
            {
                completion.Forget();
                return editor.ReadAsync(shell.Client.ServerIdentity is null ? "not encrypted fts> " : "fts> ");
            };
        }

        var input = new StreamReader(StandardStreams.Input, new UTF8Encoding(false));
        return async () => await input.ReadLineAsync() is { } line ? (LineEnd.Enter, line) : (LineEnd.EndOfInput, "");
    }
}
