using Fts.Cli;
using Fts.Cli.Help;

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

    /// <summary>The source of the names that Tab completes as the second and later arguments; the same as the first by default.</summary>
    public CompletionSource? TargetCompletionSource { get; init; }

    /// <summary>Examples for <c>help COMMAND</c>.</summary>
    public IReadOnlyList<HelpRow> Examples { get; init; } = [];

    /// <summary>The advice if the user types too many arguments; null for advice about quotes.</summary>
    public string? TooManyAdvice { get; init; }

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
    /// <summary>Folders on the server.</summary>
    RemoteFolders,
    /// <summary>Local files.</summary>
    Local,
    /// <summary>Local folders.</summary>
    LocalFolders,
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
        new(ShellCommandGroup.Transfers, ["put"], "put LOCAL [REMOTE]", "upload a file or the files of a pattern", (1, 2),
            TransferCommands.PutAsync)
        {
            CompletionSource = CompletionSource.Local, TargetCompletionSource = CompletionSource.Remote,
            Options = TransferCommands.Options, AcceptsPatterns = true, TooManyAdvice = "mput FILE…, to upload several files",
            Examples =
            [
                new("put report.pdf", "upload to the current remote folder"),
                new("put report.pdf old.pdf", "upload under a new name"),
                new("put -r photos archive/", "upload a folder into a folder"),
            ],
            Details = ["REMOTE is a folder, or the new name of a single file.", "Without an option, put replaces an existing file.",
                "With -r, files that are the same on the server are not sent again."],
        },
        new(ShellCommandGroup.Transfers, ["get"], "get REMOTE [LOCAL]", "download a file or the files of a pattern", (1, 2),
            TransferCommands.GetAsync)
        {
            CompletionSource = CompletionSource.Remote, TargetCompletionSource = CompletionSource.Local,
            Options = TransferCommands.Options, AcceptsPatterns = true, TooManyAdvice = "mget FILE…, to download several files",
            Examples =
            [
                new("get report.pdf", "download to the current local folder"),
                new("get report.pdf ~/old.pdf", "download under a new name"),
                new("get *.jpg --skip", "download the missing pictures"),
                new("get -r photos", "download a folder"),
            ],
            Details = ["LOCAL is a folder, or the new name of a single file.",
                "Without an option, get asks before it replaces a file.", "In a script, get fails instead of asking.",
                "The answer newer replaces this and later files if the server's file is newer.",
                "With -r, files that are the same here are not downloaded again."],
        },
        new(ShellCommandGroup.Transfers, ["mput"], "mput FILE…", "upload several files", (1, Unlimited), TransferCommands.MputAsync)
        {
            CompletionSource = CompletionSource.Local, Options = TransferCommands.Options, AcceptsPatterns = true,
            Examples = [new("mput *.jpg *.png", "upload the files of two patterns")],
            Details = ["The files are stored in the current remote folder.", "Without an option, mput replaces existing files."],
        },
        new(ShellCommandGroup.Transfers, ["mget"], "mget FILE…", "download several files", (1, Unlimited), TransferCommands.MgetAsync)
        {
            CompletionSource = CompletionSource.Remote, Options = TransferCommands.Options, AcceptsPatterns = true,
            Examples = [new("mget a.txt b.txt *.pdf", "download several files")],
            Details = ["The files are stored in the current local folder.",
                "Without an option, mget asks before it replaces a file.", "In a script, mget fails instead of asking."],
        },
        new(
            ShellCommandGroup.Transfers, ["mirror"], "mirror [-R] SOURCE [TARGET]", "transfer missing and changed files of a folder",
            (1, 2),
            MirrorOperation.MirrorAsync)
        {
            CompletionSource = CompletionSource.Remote, Options = MirrorOperation.Options,
            Examples =
            [
                new("mirror docs", "download a folder, or update the local copy"),
                new("mirror -R www /www --dry-run", "list what an upload would change"),
            ],
            Details = ["SOURCE is a remote folder, and TARGET is a local folder.",
                "Nothing is removed without --delete.",
                "With --delete, it asks first. It removes nothing if a listing or a transfer",
                "failed, or if SOURCE has no files."],
        },
        new(ShellCommandGroup.Transfers, ["ascii", "asc"], "ascii", "convert line ends in later transfers", (0, 0),
            SessionCommands.AsciiAsync),
        new(
            ShellCommandGroup.Transfers, ["binary", "bin", "image"], "binary", "transfer bytes unchanged (default)", (0, 0),
            SessionCommands.BinaryAsync),
        new(
            ShellCommandGroup.Transfers, ["type"], "type [ascii|binary]", "set or print the transfer type", (0, 1),
            SessionCommands.TypeAsync),

        new(ShellCommandGroup.RemoteFiles, ["ls"], "ls [FOLDER|PATTERN]", "list a folder", (0, 1), ListingCommands.LsAsync)
        {
            CompletionSource = CompletionSource.Remote, AcceptsPatterns = true, Options = ListingCommands.Options,
            Examples = [new("ls -lht", "sizes with units, the newest first"), new("ls *.jpg", "list some files")],
            Details = ["On a terminal, names are printed in columns, with the colours of LS_COLORS.",
                "In a script, each line contains the kind, the size, the time in UTC and the name."],
        },
        new(ShellCommandGroup.RemoteFiles, ["dir", "ll"], "dir [FOLDER|PATTERN]", "list a folder with sizes and times", (0, 1),
            ListingCommands.DirAsync)
        {
            CompletionSource = CompletionSource.Remote, AcceptsPatterns = true, Options = ListingCommands.Options,
            Examples = [new("dir -S", "the largest files first")],
            Details = ["Each line contains the kind, the size in bytes, the time in UTC and the name."],
        },
        new(ShellCommandGroup.RemoteFiles, ["nlist", "nls"], "nlist [FOLDER|PATTERN]", "list names only", (0, 1),
            ListingCommands.NlistAsync)
        {
            CompletionSource = CompletionSource.Remote, AcceptsPatterns = true,
            Examples = [new("nlist *.jpg", "one name per line, for scripts")],
        },
        new(ShellCommandGroup.RemoteFiles, ["cd"], "cd [FOLDER|-]", "change the folder (default: start folder)", (0, 1),
            RemoteCommands.CdAsync)
        {
            CompletionSource = CompletionSource.RemoteFolders,
            Examples = [new("cd photos/2026", "change to a folder"), new("cd -", "return to the previous folder")],
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
        new(ShellCommandGroup.RemoteFiles, ["chmod"], "chmod MODE FILE…", "change the permissions of files", (2, Unlimited),
            RemoteCommands.ChmodAsync)
        {
            CompletionSource = CompletionSource.Remote, AcceptsPatterns = true,
            Examples = [new("chmod 644 index.html", "read for all, write for the owner")],
            Details = ["MODE has three or four octal digits. The server must support SITE CHMOD."],
        },
        new(ShellCommandGroup.RemoteFiles, ["rm", "delete", "del"], "rm NAME…", "remove files, or folders with -r", (1, Unlimited),
            RemovalCommand.RmAsync)
        {
            CompletionSource = CompletionSource.Remote, AcceptsPatterns = true, Options = RemovalCommand.Options,
            Examples =
            [
                new("rm old.txt", "remove a file"),
                new("rm *.tmp", "remove the files of a pattern, after a question"),
                new("rm -r old", "remove a folder with everything in it, after a question"),
            ],
            Details = ["On a terminal, rm asks before it removes several files, patterns or folders.",
                "In a script, patterns and -r need --force.",
                "Nothing is removed if a folder cannot be listed completely."],
        },
        new(ShellCommandGroup.RemoteFiles, ["mkdir", "md"], "mkdir FOLDER…", "create folders", (1, Unlimited), RemoteCommands.MkdirAsync)
        {
            CompletionSource = CompletionSource.Remote,
        },
        new(ShellCommandGroup.RemoteFiles, ["rmdir", "rd"], "rmdir FOLDER…", "remove empty folders", (1, Unlimited),
            RemoteCommands.RmdirAsync)
        {
            CompletionSource = CompletionSource.RemoteFolders,
        },

        new(ShellCommandGroup.LocalFiles, ["lls"], "lls [FOLDER]", "list a folder", (0, 1), LocalCommands.LlsAsync)
        {
            CompletionSource = CompletionSource.Local,
        },
        new(ShellCommandGroup.LocalFiles, ["lcd"], "lcd [FOLDER]", "change the folder (default: home folder)", (0, 1),
            LocalCommands.LcdAsync)
        {
            CompletionSource = CompletionSource.LocalFolders,
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
                hasTooMany ? command.TooManyAdvice ?? "quotes around a name with spaces: \"two words\"" : null);
        }

        return (command, arguments);
    }
}
