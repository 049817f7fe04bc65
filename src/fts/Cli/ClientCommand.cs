using System.Net;
using System.Text;
using Fts.Cli.Connections;
using Fts.Cli.Help;
using Fts.Client;
using Fts.Shell;
using Fts.Shell.Editing;
using Fts.Shell.Settings;
using Fts.Transfers;
using Fts.Transfers.Retries;

namespace Fts.Cli;

/// <summary>The <c>fts client</c> subcommand. It connects to a server and runs the commands of the user until the session ends.</summary>
internal static class ClientCommand
{
    /// <summary>The arguments, options and help page of <c>fts client</c>.</summary>
    public static SubcommandDefinition Definition => CreateDefinition(new ConnectionOptions(), Name);

    /// <summary>The arguments, options and help page of <c>fts open</c>, which is the same command for a URL.</summary>
    public static SubcommandDefinition OpenDefinition => CreateDefinition(new ConnectionOptions(), OpenName);

    /// <summary>The names of the subcommand.</summary>
    public const string Name = "client", OpenName = "open";

    /// <summary>Runs <c>fts client</c> and returns its exit code.</summary>
    /// <exception cref="UserErrorException">An option is invalid, a file cannot be read, or a password is missing.</exception>
    public static async Task<ExitCode> RunAsync(string[] args, string name = Name)
    {
        var options = new ConnectionOptions();
        var line = new CommandLine(CreateDefinition(options, name), args);
        if (name == OpenName && line.Arguments.Count == 0)
        {
            throw CommandLine.CreateUsageError("the URL is missing", null, OpenUsage);
        }

        Terminal terminal = options.CreateTerminal(line);
        Target target = FindTarget(line, options.GetUser(line));
        using var interrupts = new InterruptHandler();
        await using var connector = new SessionConnector(options, line, terminal);
        ServerConnection connection = options.PrepareConnection(line, target, terminal, line.IsDebug(2));
        target = connection.Target;
        var shell = new ClientShell(
            connection.Client,
            target,
            terminal,
            interrupts,
            connection.TransferSettings with { Retries = RetryPolicy.None },
            CommandFormatter.ForSession,
            CreateOneShotFormatter(line))
        {
            Connector = connector,
        };
        try
        {
            await ConnectAsync(shell, connector, connection, interrupts);
        }
        catch (Exception e) when (e is FtpException or OperationCanceledException)
        {
            UserError error = ExceptionTranslator.Translate(e, "connect", target);
            terminal.ShowError(error);
            return interrupts.RequestedExit ?? error.ExitCode;
        }

        return await shell.RunAsync(CreateLineReader(shell));
    }

    private const string OpenUsage = "fts open URL [options]";

    private static SubcommandDefinition CreateDefinition(ConnectionOptions options, string name) => new(name, 3, new HelpPage
    {
        Usage = [name == OpenName ? OpenUsage : "fts client [ip|host|URL] [port] [debug] [options]"],
        Purpose = "Connects to a server and runs the commands that you type, or that a file or pipe contains.",
        Examples =
        [
            new("fts client", "connect to a server on this machine"),
            new("fts client 192.168.1.5 2121 --user fts", "connect to another machine"),
            new("fts client ftp://files.example.com/pub <commands.txt", "run the commands in a file"),
        ],
        Arguments =
        [
            new("ip, host", $"user@host:port, without the user or the port, or a bookmark (default: {IPAddress.Loopback})"),
            new("URL", "ftp://user@host:port/folder; the port is 21 if the URL has none. ftpes:// requires TLS, ftps:// starts with TLS"),
            new("port", $"port of the server (default: {Target.DefaultPort})"),
            new("debug", "1 shows each request and reply, with passwords masked (default: 0)"),
        ],
        OptionGroups = options.GetSessionOptions(),
        ExitCodes = ConnectionOptions.ExitCodes,
        Notes =
        [
            "In a script (commands from a file or a pipe), fts exits with the code of the failed command, or with 9 if several " +
            "commands failed. If an error ends the script, for example because the client cannot connect again, fts exits with the " +
            "code of that error, even if earlier commands failed. A session on a terminal exits with 0.",
            "In the session, help lists the commands. Tab completes names. Ctrl-C stops a command or clears the line. Ctrl-D ends the " +
            "session. Standard output contains only the data of commands such as ls and cat. Messages are written to standard error.",
            "put replaces an existing file. get asks before it replaces an existing file. In a script, get fails instead of asking. " +
            "With --ca or --cert, --tls auto requires TLS.",
            ConnectionOptions.PasswordNote,
        ],
    });

    /// <summary>
    /// Returns a function that creates the formatter for a verb. The formatter writes a command of the session as a one-shot command for
    /// the system's shell, with the same server, folder and options.
    /// </summary>
    private static Func<ClientShell, string, CommandFormatter> CreateOneShotFormatter(CommandLine line)
    {
        // The options are formatted now, because a later lcd would change the meaning of their relative paths.
        (string transferOptions, string allOptions) = (OptionFormatter.FormatWithoutExistingFileOption(line), OptionFormatter.Format(line));
        return (shell, verb) => verb switch
        {
            "mirror" => OneShotCommand.CreateFormatter(shell.Target, CommandFormatter.EscapeName, allOptions) with { Options = allOptions },
            "get" => OneShotCommand.CreateFormatter(
                shell.Target,
                name => ShellQuoting.Quote(shell.Target.FormatUrl(name with { Text = shell.CurrentDirectory.Resolve(name.Text) })),
                $" --to {ShellQuoting.Quote(Environment.CurrentDirectory)}{transferOptions}") with
            {
                FormatTarget = target => FormatLocalTarget(target) + transferOptions,
            },
            "put" => OneShotCommand.CreateFormatter(
                shell.Target,
                FormatLocalName,
                $" {ShellQuoting.Quote(shell.Target.FormatUrl(new ShellWord(GetFolderUrlPath(shell))))}{transferOptions}") with
            {
                FormatTarget = target => " " + ShellQuoting.Quote(
                    shell.Target.FormatUrl(new ShellWord(shell.CurrentDirectory.Resolve(target)))) + transferOptions,
            },
            _ => OneShotCommand.CreateFormatter(shell.Target, CommandFormatter.EscapeName, allOptions),
        };

        static string FormatLocalTarget(string target)
        {
            string path = Path.GetFullPath(target);
            return Path.EndsInDirectorySeparator(path) || Directory.Exists(path)
                ? $" --to {ShellQuoting.Quote(path)}"
                : $" --to {ShellQuoting.Quote(Path.GetDirectoryName(path)!)} -o {ShellQuoting.Quote(Path.GetFileName(path))}";
        }

        static string FormatLocalName(ShellWord file)
        {
            string path = Path.GetFullPath(LocalFileFinder.ExpandHome(file.Text));
            return file.IsPattern ? ShellQuoting.QuotePattern(path) : ShellQuoting.Quote(path);
        }

        // The URL of a folder must end with a slash. FormatUrl encodes the slash of "/" as %2F, so the root is written as "/./".
        static string GetFolderUrlPath(ClientShell shell) => shell.CurrentDirectory.Path switch
        {
            "" => "",
            "/" => "/./",
            var folder => $"{folder}/",
        };
    }

    /// <summary>Returns the server that the arguments name. The first argument can also be a bookmark.</summary>
    private static Target FindTarget(CommandLine line, string? user)
    {
        if (line.Arguments.Count == 0 || Target.IsUrl(line.Arguments[0])
            || NamedTextFile.Bookmarks.Find(line.Arguments[0]) is not { } url)
        {
            return Target.FromCommandLine(line, user);
        }

        Target bookmark = Target.Parse(url);
        return bookmark with { User = user ?? bookmark.User, Port = line.GetPort(1, bookmark.Port, allowsZero: false) };
    }

    /// <summary>Returns the prompt. It contains "not encrypted" if the connection does not use TLS.</summary>
    private static string FormatPrompt(ClientShell shell) => shell switch
    {
        { HasConnection: false } => "not connected fts> ",
        { Client.ServerIdentity: null } => "not encrypted fts> ",
        _ => "fts> ",
    };

    /// <summary>Connects and changes to the folder of the URL, if it has one.</summary>
    private static async Task ConnectAsync(
        ClientShell shell, SessionConnector connector, ServerConnection connection, InterruptHandler interrupts)
    {
        CancellationToken cancellationToken = interrupts.BeginCommand();
        bool wasInterrupted;
        try
        {
            await connector.OpenFirstAsync(shell, connection, cancellationToken);
            if (shell.Terminal.IsInteractive)
            {
                shell.Terminal.WriteMessage("type help for commands, bye to quit");
            }
        }
        finally
        {
            wasInterrupted = interrupts.EndCommand();
        }

        if (wasInterrupted)
        {
            throw new OperationCanceledException();
        }
    }

    /// <summary>
    /// Returns a function that reads the next line: with line editing on a terminal, without it in a script. The prompt contains "not
    /// encrypted" if the connection does not use TLS.
    /// </summary>
    private static Func<Task<(LineEnd, string)>> CreateLineReader(ClientShell shell)
    {
        if (shell.Terminal.IsInteractive)
        {
            var completion = new TabCompletion(shell);
            var editor = new LineEditor(
                shell.Terminal, HistoryFile.ForUser.Load(), completion.CompleteAsync, HistoryFile.ForUser.Add);
            return () =>
            {
                completion.ClearCache();
                return editor.ReadAsync(FormatPrompt(shell));
            };
        }

        var input = new StreamReader(StandardStreams.Input, new UTF8Encoding(false));
        return async () => await input.ReadLineAsync() is { } line ? (LineEnd.Enter, line) : (LineEnd.EndOfInput, "");
    }
}
