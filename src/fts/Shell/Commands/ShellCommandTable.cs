using Fts.Cli;
using Fts.Transfers;

namespace Fts.Shell.Commands;

/// <summary>One command of the shell.</summary>
/// <param name="Names">Its name, then its other names.</param>
/// <param name="Usage">How it is typed.</param>
/// <param name="Description">What it does, in half a line.</param>
/// <param name="ArgumentCount">How few and how many words may follow.</param>
/// <param name="Handler">Does it.</param>
internal sealed record ShellCommand(
    string[] Names, string Usage, string Description, (int Min, int Max) ArgumentCount, Func<ClientShell, CommandArguments, CancellationToken, Task<ExitCode>> Handler)
{
    /// <summary>What Tab completes after it.</summary>
    public CompletionSource CompletionSource { get; init; }

    /// <summary>Its options; for what a command takes no words like <c>--skip</c>, such a word is a name.</summary>
    public IReadOnlyList<ShellOption> Options { get; init; } = [];

    /// <summary>Whether it sends its words to the server as they are. They may contain a password, so messages name only the verb.</summary>
    public bool IsRaw { get; init; }
}

/// <summary>Where the names come from that a command takes.</summary>
internal enum CompletionSource
{
    /// <summary>It takes none.</summary>
    None,
    /// <summary>The server.</summary>
    Remote,
    /// <summary>This machine.</summary>
    Local,
    /// <summary>The list of commands.</summary>
    Commands,
}

/// <summary>Every command of the shell, one row each; help, Tab and "did you mean" are read from here.</summary>
internal static class ShellCommandTable
{
    private const int Unlimited = int.MaxValue;

    public static IReadOnlyList<ShellCommand> All { get; } =
    [
        new(["put", "mput"], "put FILE…", "send files to the server", (1, Unlimited), TransferCommands.PutAsync) { CompletionSource = CompletionSource.Local, Options = TransferSettings.Options },
        new(["get", "mget"], "get FILE…", "fetch files from the server", (1, Unlimited), TransferCommands.GetAsync) { CompletionSource = CompletionSource.Remote, Options = TransferSettings.Options },
        new(["change", "mv", "rename"], "change OLD NEW", "rename on the server; never overwrites", (2, 2), RemoteCommands.ChangeAsync) { CompletionSource = CompletionSource.Remote },
        new(["help", "?"], "help [COMMAND]", "this list, and the server's own", (0, 1), SessionCommands.HelpAsync) { CompletionSource = CompletionSource.Commands },
        new(["bye", "quit", "exit"], "bye", "leave", (0, 0), SessionCommands.ByeAsync),
        new(["ls", "dir", "ll"], "ls [FOLDER|PATTERN]", "list a folder of the server", (0, 1), RemoteCommands.LsAsync) { CompletionSource = CompletionSource.Remote },
        new(["nlist", "nls"], "nlist [FOLDER|PATTERN]", "its names only", (0, 1), RemoteCommands.NlistAsync) { CompletionSource = CompletionSource.Remote },
        new(["cd"], "cd [FOLDER]", "change the folder there; none: the start folder", (0, 1), RemoteCommands.CdAsync) { CompletionSource = CompletionSource.Remote },
        new(["pwd"], "pwd", "the current folder there", (0, 0), RemoteCommands.PwdAsync),
        new(["mirror"], "mirror [-R] SOURCE [TARGET]", "make a folder here (-R: there) like SOURCE", (1, 2), MirrorOperation.MirrorAsync) { CompletionSource = CompletionSource.Remote, Options = MirrorOperation.Options },
        new(["cat"], "cat FILE…", "show files of the server", (1, Unlimited), TransferCommands.CatAsync) { CompletionSource = CompletionSource.Remote },
        new(["size"], "size FILE…", "sizes in bytes", (1, Unlimited), RemoteCommands.SizeAsync) { CompletionSource = CompletionSource.Remote },
        new(["rm", "delete", "del"], "rm FILE…", "remove files there", (1, Unlimited), RemoteCommands.RmAsync) { CompletionSource = CompletionSource.Remote },
        new(["mkdir", "md"], "mkdir FOLDER…", "make folders there", (1, Unlimited), RemoteCommands.MkdirAsync) { CompletionSource = CompletionSource.Remote },
        new(["rmdir", "rd"], "rmdir FOLDER…", "remove empty folders there", (1, Unlimited), RemoteCommands.RmdirAsync) { CompletionSource = CompletionSource.Remote },
        new(["ascii", "asc"], "ascii", "convert line ends in later transfers", (0, 0), SessionCommands.AsciiAsync),
        new(["binary", "bin", "image"], "binary", "transfer the bytes as they are (the default)", (0, 0), SessionCommands.BinaryAsync),
        new(["type"], "type [ascii|binary]", "show or set the transfer type", (0, 1), SessionCommands.TypeAsync) { CompletionSource = CompletionSource.None },
        new(["quote", "literal"], "quote COMMAND…", "send a command to the server as it is", (1, Unlimited), QuoteCommands.QuoteAsync) { IsRaw = true },
        new(["site"], "site COMMAND…", "send a SITE command to the server as it is", (1, Unlimited), QuoteCommands.SiteAsync) { IsRaw = true },
        new(["status"], "status", "show server, account and encryption of the connection", (0, 0), SessionCommands.StatusAsync),
        new(["lls"], "lls [FOLDER]", "list a folder here", (0, 1), LocalCommands.LlsAsync) { CompletionSource = CompletionSource.Local },
        new(["lcd"], "lcd [FOLDER]", "change the folder here; none: home", (0, 1), LocalCommands.LcdAsync) { CompletionSource = CompletionSource.Local },
        new(["lpwd"], "lpwd", "the current folder here", (0, 0), LocalCommands.LpwdAsync),
    ];

    /// <summary>All names, other names too.</summary>
    public static IEnumerable<string> Names => All.SelectMany(command => command.Names);

    /// <summary>The command of that name, or null. Case does not matter: old clients' users type GET.</summary>
    public static ShellCommand? Find(string name) => All.FirstOrDefault(command => command.Names.Contains(name, StringComparer.OrdinalIgnoreCase));

    /// <summary>Finds the command that words begin with, and checks its options and how many names follow it.</summary>
    /// <exception cref="UserErrorException">No such command, no such option, or not so many names.</exception>
    public static (ShellCommand Command, CommandArguments Arguments) ParseCommand(IReadOnlyList<ShellWord> words)
    {
        string name = words[0].Text;
        ShellCommand? command = Find(name);
        if (command is null)
        {
            string? suggestion = SpellingSuggestion.FindNearest(name, Names);
            throw new UserErrorException(ExitCode.UsageError, $"unknown command '{name}'{(suggestion is null ? "" : $"; did you mean {suggestion}?")}", suggestion is null ? "help, for the list" : null);
        }

        var arguments = new CommandArguments(command, words.Skip(1));
        if (arguments.Count < command.ArgumentCount.Min || arguments.Count > command.ArgumentCount.Max)
        {
            throw new UserErrorException(ExitCode.UsageError, $"usage: {command.Usage}", arguments.Count > command.ArgumentCount.Max ? "a name with spaces needs quotes: \"two words\"" : null);
        }

        return (command, arguments);
    }
}
