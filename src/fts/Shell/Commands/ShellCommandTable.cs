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

    /// <summary>Whether the command can run in the background (<c>put FILE &amp;</c>).</summary>
    public bool CanRunInBackground => Group == ShellCommandGroup.Transfers && CompletionSource != CompletionSource.None;

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
    /// <summary>The bookmarks.</summary>
    Bookmarks,
    /// <summary>The actions of <c>bookmark</c>, then the bookmarks.</summary>
    BookmarkActions,
    /// <summary>The aliases.</summary>
    Aliases,
    /// <summary>The settings of <c>set</c>.</summary>
    Settings,
    /// <summary>The words <c>on</c> and <c>off</c>.</summary>
    OnOff,
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
            SessionCommands.AsciiAsync)
        {
            Examples = [new("ascii", "for text files between different systems")],
        },
        new(
            ShellCommandGroup.Transfers, ["binary", "bin", "image"], "binary", "transfer bytes unchanged (default)", (0, 0),
            SessionCommands.BinaryAsync)
        {
            Examples = [new("binary", "the default")],
        },
        new(
            ShellCommandGroup.Transfers, ["type"], "type [ascii|binary]", "set or print the transfer type", (0, 1),
            SessionCommands.TypeAsync)
        {
            Examples = [new("type", "print the type"), new("type ascii", "convert line ends")],
        },

        new(ShellCommandGroup.RemoteFiles, ["ls"], "ls [FOLDER|PATTERN]", "list a folder", (0, 1), ListingCommands.LsAsync)
        {
            CompletionSource = CompletionSource.Remote, AcceptsPatterns = true, Options = ListingCommands.Options,
            Examples = [new("ls -lht", "sizes with units, the newest first"), new("ls *.jpg", "list some files")],
            Details = ["On a terminal, names are printed in columns, with the colours of LS_COLORS.",
                "In a script, each line has the kind, the size, the time in UTC and the name."],
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
        new(ShellCommandGroup.RemoteFiles, ["pwd"], "pwd", "print the current folder", (0, 0), RemoteCommands.PwdAsync)
        {
            Examples = [new("pwd", "print the path that the server reports")],
        },
        new(ShellCommandGroup.RemoteFiles, ["cat"], "cat FILE…", "print the content of files", (1, Unlimited), TransferCommands.CatAsync)
        {
            Examples = [new("cat readme.txt", "print a file")],
            CompletionSource = CompletionSource.Remote, AcceptsPatterns = true,
        },
        new(ShellCommandGroup.RemoteFiles, ["size"], "size FILE…", "print the size of files in bytes", (1, Unlimited),
            RemoteCommands.SizeAsync)
        {
            Examples = [new("size *.iso", "the sizes of several files")],
            CompletionSource = CompletionSource.Remote, AcceptsPatterns = true,
        },
        new(
            ShellCommandGroup.RemoteFiles, ["change", "mv", "rename"], "change OLD NEW", "rename a file or folder; never overwrites",
            (2, 2),
            RemoteCommands.ChangeAsync)
        {
            Examples = [new("mv old.txt archive/new.txt", "rename and move a file")],
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
            Examples = [new("mkdir photos", "create a folder")],
            CompletionSource = CompletionSource.Remote,
        },
        new(ShellCommandGroup.RemoteFiles, ["rmdir", "rd"], "rmdir FOLDER…", "remove empty folders", (1, Unlimited),
            RemoteCommands.RmdirAsync)
        {
            Examples = [new("rmdir photos", "remove an empty folder")],
            CompletionSource = CompletionSource.RemoteFolders,
        },

        new(ShellCommandGroup.LocalFiles, ["lls"], "lls [FOLDER]", "list a folder", (0, 1), LocalCommands.LlsAsync)
        {
            Examples = [new("lls ~/photos", "list a local folder")],
            CompletionSource = CompletionSource.Local,
        },
        new(ShellCommandGroup.LocalFiles, ["lcd"], "lcd [FOLDER]", "change the folder (default: home folder)", (0, 1),
            LocalCommands.LcdAsync)
        {
            Examples = [new("lcd ~/photos", "change the local folder")],
            CompletionSource = CompletionSource.LocalFolders,
        },
        new(ShellCommandGroup.LocalFiles, ["lpwd"], "lpwd", "print the current folder", (0, 0), LocalCommands.LpwdAsync)
        {
            Examples = [new("lpwd", "print the local folder")],
        },

        new(ShellCommandGroup.Session, ["help", "?"], "help [COMMAND]", "list the commands, or describe a command", (0, 2),
            SessionCommands.HelpAsync)
        {
            Examples = [new("help get", "describe a command"), new("help server", "print the commands of the server")],
            CompletionSource = CompletionSource.HelpTopics,
            Details = [$"{ShellHelp.ServerUsage} prints the help of the server."],
        },
        new(ShellCommandGroup.Session, ["open"], "open SERVER [PORT]", "connect to another server or a bookmark", (1, 2),
            ConnectionCommands.OpenAsync)
        {
            CompletionSource = CompletionSource.Bookmarks,
            Examples =
            [
                new("open work", "connect to a bookmark"),
                new("open ann@192.168.1.5:2121", "connect to a host"),
                new("open ftps://files.example.com/pub", "connect with implicit TLS"),
            ],
            Details = ["SERVER is a bookmark, a URL, or user@host:port without the user or the port.",
                "If the attempt fails, the earlier connection remains."],
        },
        new(ShellCommandGroup.Session, ["close", "disconnect"], "close", "close the connection and stay in the client", (0, 0),
            ConnectionCommands.CloseAsync)
        {
            Examples = [new("close", "disconnect; open connects again")],
        },
        new(ShellCommandGroup.Session, ["user"], "user NAME", "log in as another user", (1, 1), ConnectionCommands.UserAsync)
        {
            Examples = [new("user ann", "the password is asked for, never typed here")],
        },
        new(
            ShellCommandGroup.Session, ["status"], "status", "show the server, the encryption and the folders", (0, 0),
            ConnectionCommands.StatusAsync)
        {
            Examples = [new("status", "TLS version, cipher, certificate, account and folders")],
        },
        new(ShellCommandGroup.Session, ["bookmark"], "bookmark [ACTION]", "list, add or remove bookmarks", (0, 3),
            ConnectionCommands.BookmarkAsync)
        {
            CompletionSource = CompletionSource.BookmarkActions,
            Examples =
            [
                new("bookmark add work", "store this server and folder"),
                new("bookmark add home ftp://10.0.0.2", "store a URL"),
                new("bookmark list", "print the bookmarks"),
                new("bookmark remove home", "remove a bookmark"),
            ],
            Details = ["Bookmarks contain no passwords. They are stored in fts/bookmarks in",
                "${XDG_CONFIG_HOME:-~/.config}."],
        },
        new(ShellCommandGroup.Session, ["set"], "set [NAME [VALUE]]", "print or change a setting of this session", (0, 2),
            SettingCommands.SetAsync)
        {
            CompletionSource = CompletionSource.Settings,
            Examples = [new("set", "print all settings"), new("set existing skip", "keep existing files, without a question")],
            Details =
            [
                "existing: ask, overwrite, skip, resume or update",
                "verify:   auto, always or never",
                "segments: auto or 1 to 16",
                "type:     binary or ascii",
                "debug:    on or off",
                "jobs:     1 to 16 commands in the background at the same time",
            ],
        },
        new(ShellCommandGroup.Session, ["debug"], "debug [on|off]", "show each request and reply", (0, 1), SettingCommands.DebugAsync)
        {
            CompletionSource = CompletionSource.OnOff,
            Examples = [new("debug on", "passwords are masked")],
        },
        new(ShellCommandGroup.Session, ["alias"], "alias [NAME COMMAND…]", "list or add short names for commands", (0, Unlimited),
            SettingCommands.AliasAsync)
        {
            CompletionSource = CompletionSource.Aliases,
            Examples = [new("alias l ls -lht", "then l lists by time"), new("alias", "list the aliases")],
        },
        new(ShellCommandGroup.Session, ["unalias"], "unalias NAME", "remove an alias", (1, 1), SettingCommands.UnaliasAsync)
        {
            CompletionSource = CompletionSource.Aliases,
            Examples = [new("unalias l", "remove l")],
        },
        new(ShellCommandGroup.Session, ["jobs"], "jobs", "list the commands in the background", (0, 0), JobCommands.JobsAsync)
        {
            Examples = [new("put big.iso &", "start a command in the background"), new("jobs", "list them")],
            Details = ["put, get, mput, mget and mirror can run in the background.",
                "Two run at the same time, the others wait; set jobs N changes that."],
        },
        new(ShellCommandGroup.Session, ["wait"], "wait [JOB]", "wait for a job, or for all jobs", (0, 1), JobCommands.WaitAsync)
        {
            Examples = [new("wait", "Ctrl-C ends the wait, not the jobs")],
        },
        new(ShellCommandGroup.Session, ["kill"], "kill JOB…", "stop jobs", (1, Unlimited), JobCommands.KillAsync)
        {
            Examples = [new("kill 2", "stop job 2; its partial file is kept")],
        },
        new(
            ShellCommandGroup.Session, ["quote", "literal"], "quote COMMAND…", "send an FTP command unchanged", (1, Unlimited),
            QuoteCommands.QuoteAsync)
        {
            Examples = [new("quote FEAT", "list the features of the server")],
            IsRaw = true,
        },
        new(ShellCommandGroup.Session, ["site"], "site COMMAND…", "send a SITE command unchanged", (1, Unlimited), QuoteCommands.SiteAsync)
        {
            Examples = [new("site help", "list the SITE commands of the server")],
            IsRaw = true,
        },
        new(ShellCommandGroup.Session, ["bye", "quit", "exit"], "bye", "end the session", (0, 0), SessionCommands.ByeAsync)
        {
            Examples = [new("bye", "Ctrl-D at the prompt does the same")],
        },
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
