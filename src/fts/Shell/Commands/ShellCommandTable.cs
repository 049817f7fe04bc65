using Fts.Cli;
using Fts.Transfers;

namespace Fts.Shell.Commands;

/// <summary>One command of the shell.</summary>
/// <param name="Group">The group of the command in the list of <c>help</c>.</param>
/// <param name="Names">The name, followed by the other names.</param>
/// <param name="Usage">The name with its arguments.</param>
/// <param name="Description">The effect of the command, in half a line.</param>
/// <param name="ArgumentCount">The minimum and the maximum number of arguments.</param>
/// <param name="Handler">Runs the command.</param>
internal sealed record ShellCommand(
    ShellCommandGroup Group,
    string[] Names,
    string Usage,
    string Description,
    (int Min, int Max) ArgumentCount,
    Func<ClientShell, CommandArguments, CancellationToken, Task<ExitCode>> Handler)
{
    /// <summary>More information for <c>help COMMAND</c>, one entry per output line.</summary>
    public IReadOnlyList<string> Details { get; init; } = [];

    /// <summary>The source of the names that Tab completes as arguments.</summary>
    public CompletionSource CompletionSource { get; init; }

    /// <summary>The options of the command. If a command has no options, an argument such as <c>--skip</c> is a name.</summary>
    public IReadOnlyList<ShellOption> Options { get; init; } = [];

    /// <summary>Whether <c>*</c> and <c>?</c> outside quotes select matching files.</summary>
    public bool AcceptsPatterns { get; init; }

    /// <summary>
    /// Whether the command sends its arguments to the server unchanged. They may contain a password, so messages show only the verb.
    /// </summary>
    public bool IsRaw { get; init; }
}

/// <summary>The groups of commands, in the order of the list of <c>help</c>.</summary>
internal enum ShellCommandGroup
{
    /// <summary>Uploads, downloads, and their settings.</summary>
    Transfers,
    /// <summary>Remote files and folders.</summary>
    RemoteFiles,
    /// <summary>Local files and folders.</summary>
    LocalFiles,
    /// <summary>The connection and the shell.</summary>
    Session,
}

/// <summary>The source of names for completion.</summary>
internal enum CompletionSource
{
    /// <summary>No completion.</summary>
    None,
    /// <summary>Files on the server.</summary>
    Remote,
    /// <summary>Local files.</summary>
    Local,
    /// <summary>The topics of <c>help</c>.</summary>
    HelpTopics,
}

/// <summary>
/// All commands of the shell, one row each. The parser, <c>help</c>, Tab completion and spelling suggestions use this table.
/// </summary>
internal static class ShellCommandTable
{
    private const int Unlimited = int.MaxValue;

    /// <summary>The commands in the order of the list of <c>help</c>.</summary>
    public static IReadOnlyList<ShellCommand> All { get; } =
    [
        new(ShellCommandGroup.Transfers, ["put", "mput"], "put FILE…", "upload files", (1, Unlimited), TransferCommands.PutAsync)
        {
            CompletionSource = CompletionSource.Local, Options = TransferSettings.ExistingFileOptions, AcceptsPatterns = true,
            Details = ["The files are stored in the current remote folder.", "Without an option, put replaces an existing file."],
        },
        new(ShellCommandGroup.Transfers, ["get", "mget"], "get FILE…", "download files", (1, Unlimited), TransferCommands.GetAsync)
        {
            CompletionSource = CompletionSource.Remote, Options = TransferSettings.ExistingFileOptions, AcceptsPatterns = true,
            Details = ["The files are stored in the current local folder.",
                "Without an option, get asks before it replaces a file.", "In a script, get fails instead of asking."],
        },
        new(
            ShellCommandGroup.Transfers, ["mirror"], "mirror [-R] SOURCE [TARGET]", "transfer missing and changed files of a folder",
            (1, 2),
            MirrorOperation.MirrorAsync)
        {
            CompletionSource = CompletionSource.Remote, Options = MirrorOperation.Options,
            Details = ["SOURCE is a remote folder, and TARGET is a local folder.", "Nothing is ever removed."],
        },
        new(ShellCommandGroup.Transfers, ["ascii", "asc"], "ascii", "convert line ends in later transfers", (0, 0),
            SessionCommands.AsciiAsync),
        new(
            ShellCommandGroup.Transfers, ["binary", "bin", "image"], "binary", "transfer bytes unchanged (default)", (0, 0),
            SessionCommands.BinaryAsync),
        new(
            ShellCommandGroup.Transfers, ["type"], "type [ascii|binary]", "set or print the transfer type", (0, 1),
            SessionCommands.TypeAsync),

        new(ShellCommandGroup.RemoteFiles, ["ls", "dir", "ll"], "ls [FOLDER|PATTERN]", "list a folder", (0, 1), RemoteCommands.LsAsync)
        {
            CompletionSource = CompletionSource.Remote, AcceptsPatterns = true,
            Details = ["Each line contains the kind, the size in bytes, the time in UTC and the name."],
        },
        new(ShellCommandGroup.RemoteFiles, ["nlist", "nls"], "nlist [FOLDER|PATTERN]", "list names only", (0, 1), RemoteCommands.NlistAsync)
        {
            CompletionSource = CompletionSource.Remote, AcceptsPatterns = true,
        },
        new(ShellCommandGroup.RemoteFiles, ["cd"], "cd [FOLDER]", "change the folder (default: start folder)", (0, 1),
            RemoteCommands.CdAsync)
        {
            CompletionSource = CompletionSource.Remote,
        },
        new(ShellCommandGroup.RemoteFiles, ["pwd"], "pwd", "print the current folder", (0, 0), RemoteCommands.PwdAsync),
        new(ShellCommandGroup.RemoteFiles, ["cat"], "cat FILE…", "print the content of files", (1, Unlimited), TransferCommands.CatAsync)
        {
            CompletionSource = CompletionSource.Remote, AcceptsPatterns = true,
        },
        new(ShellCommandGroup.RemoteFiles, ["size"], "size FILE…", "print the size of files in bytes", (1, Unlimited),
            RemoteCommands.SizeAsync)
        {
            CompletionSource = CompletionSource.Remote, AcceptsPatterns = true,
        },
        new(
            ShellCommandGroup.RemoteFiles, ["change", "mv", "rename"], "change OLD NEW", "rename a file or folder; never overwrites",
            (2, 2),
            RemoteCommands.ChangeAsync)
        {
            CompletionSource = CompletionSource.Remote,
        },
        new(ShellCommandGroup.RemoteFiles, ["rm", "delete", "del"], "rm FILE…", "remove files", (1, Unlimited), RemoteCommands.RmAsync)
        {
            CompletionSource = CompletionSource.Remote,
        },
        new(ShellCommandGroup.RemoteFiles, ["mkdir", "md"], "mkdir FOLDER…", "create folders", (1, Unlimited), RemoteCommands.MkdirAsync)
        {
            CompletionSource = CompletionSource.Remote,
        },
        new(ShellCommandGroup.RemoteFiles, ["rmdir", "rd"], "rmdir FOLDER…", "remove empty folders", (1, Unlimited),
            RemoteCommands.RmdirAsync)
        {
            CompletionSource = CompletionSource.Remote,
        },

        new(ShellCommandGroup.LocalFiles, ["lls"], "lls [FOLDER]", "list a folder", (0, 1), LocalCommands.LlsAsync)
        {
            CompletionSource = CompletionSource.Local,
        },
        new(ShellCommandGroup.LocalFiles, ["lcd"], "lcd [FOLDER]", "change the folder (default: home folder)", (0, 1),
            LocalCommands.LcdAsync)
        {
            CompletionSource = CompletionSource.Local,
        },
        new(ShellCommandGroup.LocalFiles, ["lpwd"], "lpwd", "print the current folder", (0, 0), LocalCommands.LpwdAsync),

        new(ShellCommandGroup.Session, ["help", "?"], "help [COMMAND]", "list the commands, or describe a command", (0, 2),
            SessionCommands.HelpAsync)
        {
            CompletionSource = CompletionSource.HelpTopics,
            Details = [$"{ShellHelp.ServerUsage} prints the help of the server."],
        },
        new(
            ShellCommandGroup.Session, ["status"], "status", "show the server, the user and the encryption", (0, 0),
            SessionCommands.StatusAsync),
        new(
            ShellCommandGroup.Session, ["quote", "literal"], "quote COMMAND…", "send an FTP command unchanged", (1, Unlimited),
            QuoteCommands.QuoteAsync)
        {
            IsRaw = true,
        },
        new(ShellCommandGroup.Session, ["site"], "site COMMAND…", "send a SITE command unchanged", (1, Unlimited), QuoteCommands.SiteAsync)
        {
            IsRaw = true,
        },
        new(ShellCommandGroup.Session, ["bye", "quit", "exit"], "bye", "end the session", (0, 0), SessionCommands.ByeAsync),
    ];

    /// <summary>The names of all commands, including other names.</summary>
    public static IEnumerable<string> Names => All.SelectMany(command => command.Names);

    /// <summary>Returns the command with a name, or null if there is none. Ignores case, because users of older clients type GET.</summary>
    public static ShellCommand? Find(string name) =>
        All.FirstOrDefault(command => command.Names.Contains(name, StringComparer.OrdinalIgnoreCase));

    /// <summary>Returns the command of a line, after checking its options and the number of its arguments.</summary>
    /// <exception cref="UserErrorException">The command or an option does not exist, or the number of arguments is wrong.</exception>
    public static (ShellCommand Command, CommandArguments Arguments) ParseCommand(IReadOnlyList<ShellWord> words)
    {
        string name = words[0].Text;
        ShellCommand? command = Find(name);
        if (command is null)
        {
            string? suggestion = SpellingSuggestion.FindNearest(name, Names);
            throw new UserErrorException(
                ExitCode.UsageError,
                $"unknown command '{name}'{(suggestion is null ? "" : $"; did you mean {suggestion}?")}",
                suggestion is null ? "help, to list the commands" : null);
        }

        var arguments = new CommandArguments(command, words.Skip(1));
        if (arguments.Count < command.ArgumentCount.Min || arguments.Count > command.ArgumentCount.Max)
        {
            bool hasTooMany = arguments.Count > command.ArgumentCount.Max;
            throw new UserErrorException(
                ExitCode.UsageError,
                $"{command.Names[0]}: too {(hasTooMany ? "many" : "few")} arguments; usage: {command.Usage}",
                hasTooMany ? "quotes around a name with spaces: \"two words\"" : null);
        }

        return (command, arguments);
    }
}
