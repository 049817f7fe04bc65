using Fts.Cli;
using Fts.Transfers;

namespace Fts.Shell.Commands;

/// <summary>One command of the shell.</summary>
/// <param name="Names">Its name, then its other names.</param>
/// <param name="Usage">How it is typed.</param>
/// <param name="Does">What it does, in half a line.</param>
/// <param name="Arguments">How few and how many words may follow.</param>
/// <param name="Run">Does it.</param>
internal sealed record ShellCommand(
    string[] Names, string Usage, string Does, (int Least, int Most) Arguments, Func<ClientShell, Arguments, CancellationToken, Task<ExitCode>> Run)
{
    /// <summary>What Tab completes after it.</summary>
    public NameSide Completes { get; init; }

    /// <summary>Its options; for what a command takes no words like <c>--skip</c>, such a word is a name.</summary>
    public IReadOnlyList<ShellOption> Options { get; init; } = [];

    /// <summary>Whether it sends its words to the server as they are. They may contain a password, so messages name only the verb.</summary>
    public bool IsRaw { get; init; }
}

/// <summary>Where the names come from that a command takes.</summary>
internal enum NameSide
{
    /// <summary>It takes none.</summary>
    Neither,
    /// <summary>The server.</summary>
    Remote,
    /// <summary>This machine.</summary>
    Local,
    /// <summary>The list of commands.</summary>
    Commands,
}

/// <summary>Every command of the shell, one row each; help, Tab and "did you mean" are read from here.</summary>
internal static class ShellCommands
{
    private const int Many = int.MaxValue;

    public static IReadOnlyList<ShellCommand> All { get; } =
    [
        new(["put", "mput"], "put FILE…", "send files to the server", (1, Many), TransferCommands.PutAsync) { Completes = NameSide.Local, Options = TransferChoices.Options },
        new(["get", "mget"], "get FILE…", "fetch files from the server", (1, Many), TransferCommands.GetAsync) { Completes = NameSide.Remote, Options = TransferChoices.Options },
        new(["change", "mv", "rename"], "change OLD NEW", "rename on the server; never overwrites", (2, 2), RemoteCommands.ChangeAsync) { Completes = NameSide.Remote },
        new(["help", "?"], "help [COMMAND]", "this list, and the server's own", (0, 1), SessionCommands.HelpAsync) { Completes = NameSide.Commands },
        new(["bye", "quit", "exit"], "bye", "leave", (0, 0), SessionCommands.Bye),
        new(["ls", "dir", "ll"], "ls [FOLDER|PATTERN]", "list a folder of the server", (0, 1), RemoteCommands.LsAsync) { Completes = NameSide.Remote },
        new(["nlist", "nls"], "nlist [FOLDER|PATTERN]", "its names only", (0, 1), RemoteCommands.NlistAsync) { Completes = NameSide.Remote },
        new(["cd"], "cd [FOLDER]", "change the folder there; none: the start folder", (0, 1), RemoteCommands.CdAsync) { Completes = NameSide.Remote },
        new(["pwd"], "pwd", "the current folder there", (0, 0), RemoteCommands.PwdAsync),
        new(["mirror"], "mirror [-R] SOURCE [TARGET]", "make a folder here (-R: there) like SOURCE", (1, 2), MirrorCommands.MirrorAsync) { Completes = NameSide.Remote, Options = MirrorCommands.Options },
        new(["cat"], "cat FILE…", "show files of the server", (1, Many), TransferCommands.CatAsync) { Completes = NameSide.Remote },
        new(["size"], "size FILE…", "sizes in bytes", (1, Many), RemoteCommands.SizeAsync) { Completes = NameSide.Remote },
        new(["rm", "delete", "del"], "rm FILE…", "remove files there", (1, Many), RemoteCommands.RmAsync) { Completes = NameSide.Remote },
        new(["mkdir", "md"], "mkdir FOLDER…", "make folders there", (1, Many), RemoteCommands.MkdirAsync) { Completes = NameSide.Remote },
        new(["rmdir", "rd"], "rmdir FOLDER…", "remove empty folders there", (1, Many), RemoteCommands.RmdirAsync) { Completes = NameSide.Remote },
        new(["ascii", "asc"], "ascii", "convert line ends in later transfers", (0, 0), SessionCommands.Ascii),
        new(["binary", "bin", "image"], "binary", "transfer the bytes as they are (the default)", (0, 0), SessionCommands.Binary),
        new(["type"], "type [ascii|binary]", "show or set the transfer type", (0, 1), SessionCommands.TypeAsync) { Completes = NameSide.Neither },
        new(["quote", "literal"], "quote COMMAND…", "send a command to the server as it is", (1, Many), QuoteCommands.QuoteAsync) { IsRaw = true },
        new(["site"], "site COMMAND…", "send a SITE command to the server as it is", (1, Many), QuoteCommands.SiteAsync) { IsRaw = true },
        new(["status"], "status", "show server, account and encryption of the connection", (0, 0), SessionCommands.Status),
        new(["lls"], "lls [FOLDER]", "list a folder here", (0, 1), LocalCommands.Lls) { Completes = NameSide.Local },
        new(["lcd"], "lcd [FOLDER]", "change the folder here; none: home", (0, 1), LocalCommands.Lcd) { Completes = NameSide.Local },
        new(["lpwd"], "lpwd", "the current folder here", (0, 0), LocalCommands.Lpwd),
    ];

    /// <summary>All names, other names too.</summary>
    public static IEnumerable<string> Names => All.SelectMany(command => command.Names);

    /// <summary>The command of that name, or null. Case does not matter: old clients' users type GET.</summary>
    public static ShellCommand? Find(string name) => All.FirstOrDefault(command => command.Names.Contains(name, StringComparer.OrdinalIgnoreCase));

    /// <summary>Finds the command that words begin with, and checks its options and how many names follow it.</summary>
    /// <exception cref="FailureException">No such command, no such option, or not so many names.</exception>
    public static (ShellCommand Command, Arguments Arguments) Demand(IReadOnlyList<Word> words)
    {
        string name = words[0].Text;
        ShellCommand? command = Find(name);
        if (command is null)
        {
            string? near = Suggestion.For(name, Names);
            throw new FailureException(ExitCode.Usage, $"unknown command '{name}'{(near is null ? "" : $"; did you mean {near}?")}", near is null ? "help, for the list" : null);
        }

        var arguments = new Arguments(command, words.Skip(1));
        if (arguments.Count < command.Arguments.Least || arguments.Count > command.Arguments.Most)
        {
            throw new FailureException(ExitCode.Usage, $"usage: {command.Usage}", arguments.Count > command.Arguments.Most ? "a name with spaces needs quotes: \"two words\"" : null);
        }

        return (command, arguments);
    }
}
