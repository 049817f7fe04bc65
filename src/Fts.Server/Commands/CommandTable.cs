using System.Collections.Frozen;
using Fts.Accounts;
using Fts.Protocol;
using Fts.Server.Sessions;
using Fts.Storage;
using static Fts.Server.Commands.CommandRules;

namespace Fts.Server.Commands;

/// <summary>The checks before a command runs, and how the session's loop runs the command.</summary>
[Flags]
internal enum CommandRules
{
    None = 0,
    /// <summary>Requires a login; otherwise the reply is 530.</summary>
    NeedsLogin = 1,
    /// <summary>Requires an argument; otherwise the reply is 501.</summary>
    NeedsArgument = 2,
    /// <summary>
    /// Requires PASV, EPSV, PORT or EPRT first, or an open data connection of block mode; otherwise the reply is 425. Without PROT P, the
    /// reply is 521 if data connections must be encrypted.
    /// </summary>
    NeedsDataConnection = 4,
    /// <summary>May take long. The loop reads further lines while the command runs, and ABOR aborts it.</summary>
    IsTransfer = 8,
    /// <summary>Runs immediately while a transfer runs. All other commands wait for the end of the transfer.</summary>
    AllowedDuringTransfer = 16,
    /// <summary>Does not discard the parameters that REST, RANG, ALLO, RNFR or SITE CPFR has set for a later command.</summary>
    PreservesSequence = 32,
    /// <summary>Exists only if the server supports TLS.</summary>
    NeedsTls = 64,
    /// <summary>Creates a name in the store, so that the reply may be 553 (RFC 959 §5.4).</summary>
    CreatesName = 128,
    /// <summary>May close the open data connection of block mode. The server sends the buffered bytes of the connection first.</summary>
    ClosesDataConnection = 256,
    /// <summary>
    /// With an argument, the command is a transfer over the control connection, during which only ABOR runs. If another transfer is
    /// running, the reply is 503.
    /// </summary>
    TransferWithArgument = 512,
    /// <summary>Removes leading and trailing spaces, which some devices send. Not for arguments that are names.</summary>
    TrimsArgument = 1024,
    /// <summary>Downloads or uploads a file. A stopping server rejects the command.</summary>
    TransfersFile = 2048,
    /// <summary>Sets times or permission bits. FEAT omits the command if the account cannot do that anywhere.</summary>
    SetsMetadata = 4096,
    /// <summary>Creates a directory. A refusal for lack of a permission is 553, and 550 means that the directory may exist.</summary>
    CreatesDirectory = 8192,
}

/// <summary>Handles a command and returns its final reply.</summary>
/// <param name="session">The session of the client.</param>
/// <param name="argument">The text after the verb; empty if the client sent none.</param>
/// <param name="cancellationToken">Cancelled at the end of the session or, for a transfer, when the transfer is aborted.</param>
internal delegate ValueTask<FtpReply> CommandHandler(Session session, string argument, CancellationToken cancellationToken);

/// <summary>One command of the server.</summary>
/// <param name="Verb">The verb in upper case. For a SITE command, both words, for example <c>SITE CHMOD</c>.</param>
/// <param name="Handler">Handles the command.</param>
/// <param name="Rules">The rules of the command.</param>
/// <param name="Usage">The syntax, for HELP.</param>
/// <param name="Features">The lines of the command in the FEAT reply (RFC 2389 §3.2).</param>
internal sealed record CommandRow(string Verb, CommandHandler Handler, CommandRules Rules, string Usage, params string[] Features)
{
    /// <summary>
    /// The action in the log line of the command. Null: the command has no log line, because it neither changes nor transfers a file.
    /// </summary>
    public string? Action { get; init; }

    /// <summary>Returns whether the command has all of these rules.</summary>
    public bool HasRule(CommandRules rules) => (Rules & rules) == rules;

    /// <summary>Returns whether the command is a transfer: the loop reads further lines while it runs.</summary>
    public bool IsTransfer(string argument) =>
        HasRule(CommandRules.IsTransfer) || (HasRule(CommandRules.TransferWithArgument) && argument.Length > 0);

    /// <summary>Returns whether the command exists in this session. If not, the server treats it as unknown.</summary>
    public bool IsAvailableTo(Session session) => !HasRule(CommandRules.NeedsTls) || session.Tls is not null;

    /// <summary>Returns the lines of the command in the FEAT reply of this session.</summary>
    public IEnumerable<string> GetFeatures(Session session)
    {
        if (!IsAvailableTo(session) || (HasRule(CommandRules.SetsMetadata) && !CanSetMetadata(session)))
        {
            return [];
        }

        return session.Server.Options.SupportsDeflate ? Features : Features.Where(feature => feature != "MODE Z");
    }

    /// <summary>Returns the reply, with 550 instead of 553 if the command does not create a name.</summary>
    /// <param name="reply">The reply.</param>
    /// <param name="error">The error of the store that the reply reports, or null.</param>
    /// <remarks>
    /// RFC 959 §5.4 allows 553 only for commands that create a name. The only exception is 553 for HASH of a directory
    /// (draft-bryan-ftpext-hash §3.5). MKD returns 550 for an existing directory, because clients that create the same directory
    /// concurrently depend on 550: rclone reports success after 550. MKD therefore returns 553 if the directory is not permitted.
    /// </remarks>
    public FtpReply AdaptReplyCode(FtpReply reply, StoreError? error = null)
    {
        if (HasRule(CommandRules.CreatesDirectory) && error == StoreError.Denied)
        {
            return new FtpReply(FtpReplyCode.NameNotAllowed, reply.Lines);
        }

        return reply.Code == FtpReplyCode.NameNotAllowed && !HasRule(CommandRules.CreatesName) && reply != Replies.CannotHashDirectory
            ? new FtpReply(FtpReplyCode.FileUnavailable, reply.Lines)
            : reply;
    }

    /// <summary>
    /// Returns whether the account can set metadata of at least one path. rclone reports a complete upload as failed if the server lists
    /// MFMT and then refuses it. Before the login, the account is not known.
    /// </summary>
    private static bool CanSetMetadata(Session session) =>
        session.Files is not { } files || (files.Rules.GetTreePermissions(StorePath.Root) & Permissions.SetMetadata) != 0;
}

/// <summary>The commands of the server. FEAT and HELP are generated from this table.</summary>
internal static class CommandTable
{
    /// <summary>All commands, in the order of the HELP and FEAT replies.</summary>
    public static readonly IReadOnlyList<CommandRow> Rows =
    [
        // Login and session (RFC 959 §4.1.1, RFC 7151)
        new("HOST", LoginCommands.HostAsync, NeedsArgument, "HOST <name>", "HOST"),
        new("USER", LoginCommands.UserAsync, NeedsArgument | ClosesDataConnection, "USER <name>"),
        new("PASS", LoginCommands.PasswordAsync, None, "PASS <password>"),
        new("ACCT", LoginCommands.AccountAsync, NeedsArgument, "ACCT <account>"),
        new("REIN", LoginCommands.ReinitializeAsync, ClosesDataConnection, "REIN"),
        new("QUIT", LoginCommands.QuitAsync, ClosesDataConnection, "QUIT"),

        // Security (RFC 2228, RFC 4217)
        new("AUTH", SecurityCommands.AuthenticateAsync, NeedsTls | NeedsArgument | ClosesDataConnection | TrimsArgument,
            "AUTH TLS", "AUTH TLS"),
        new("PBSZ", SecurityCommands.ProtectionBufferSizeAsync, NeedsTls | NeedsArgument | TrimsArgument, "PBSZ 0", "PBSZ"),
        new("PROT", SecurityCommands.ProtectionAsync, NeedsTls | NeedsArgument | PreservesSequence | ClosesDataConnection | TrimsArgument,
            "PROT C | P", "PROT"),
        new("CCC", SecurityCommands.ClearCommandChannelAsync, NeedsTls | NeedsLogin | ClosesDataConnection, "CCC"),

        // Directories
        new("CWD", DirectoryCommands.ChangeAsync, NeedsLogin | NeedsArgument, "CWD <directory>", "TVFS"),
        new("XCWD", DirectoryCommands.ChangeAsync, NeedsLogin | NeedsArgument, "XCWD <directory>"),
        new("CDUP", DirectoryCommands.ChangeToParentAsync, NeedsLogin, "CDUP"),
        new("XCUP", DirectoryCommands.ChangeToParentAsync, NeedsLogin, "XCUP"),
        new("PWD", DirectoryCommands.PrintWorkingDirectoryAsync, NeedsLogin, "PWD"),
        new("XPWD", DirectoryCommands.PrintWorkingDirectoryAsync, NeedsLogin, "XPWD"),
        new("MKD", DirectoryCommands.CreateAsync, NeedsLogin | NeedsArgument | CreatesDirectory,
            "MKD <directory>") { Action = "created directory" },
        new("XMKD", DirectoryCommands.CreateAsync, NeedsLogin | NeedsArgument | CreatesDirectory,
            "XMKD <directory>") { Action = "created directory" },
        new("RMD", DirectoryCommands.DeleteAsync, NeedsLogin | NeedsArgument, "RMD <directory>") { Action = "deleted directory" },
        new("XRMD", DirectoryCommands.DeleteAsync, NeedsLogin | NeedsArgument, "XRMD <directory>") { Action = "deleted directory" },

        new("RMDA", TreeCommands.DeleteAsync, NeedsLogin | NeedsArgument | IsTransfer,
            "RMDA <directory>", "RMDA <path>") { Action = "deleted directory tree" },
        new("DSIZ", TreeCommands.SizeAsync, NeedsLogin | IsTransfer, "DSIZ [directory]", "DSIZ"),
        new("AVBL", TreeCommands.FreeSpaceAsync, NeedsLogin | PreservesSequence, "AVBL [directory]", "AVBL"),

        // Transfer parameters and data connections (RFC 959 §4.1.2, RFC 2428)
        new("TYPE", ParameterCommands.TypeAsync, NeedsLogin | NeedsArgument | PreservesSequence | TrimsArgument, "TYPE A | I | L 8"),
        new("MODE", ParameterCommands.ModeAsync, NeedsLogin | NeedsArgument | PreservesSequence | ClosesDataConnection | TrimsArgument,
            "MODE S | B | Z", "MODE Z", "MODE B DRAIN"),
        new("STRU", ParameterCommands.StructureAsync, NeedsLogin | NeedsArgument | PreservesSequence | TrimsArgument, "STRU F"),
        new("PASV", DataConnectionCommands.PassiveAsync, NeedsLogin | PreservesSequence | ClosesDataConnection | TrimsArgument, "PASV"),
        new("EPSV", DataConnectionCommands.ExtendedPassiveAsync, NeedsLogin | PreservesSequence | ClosesDataConnection | TrimsArgument,
            "EPSV [1 | 2 | ALL]", "EPSV"),
        new("PORT", DataConnectionCommands.PortAsync, NeedsLogin | NeedsArgument | PreservesSequence | ClosesDataConnection | TrimsArgument,
            "PORT <h1,h2,h3,h4,p1,p2>"),
        new("EPRT", DataConnectionCommands.ExtendedPortAsync,
            NeedsLogin | NeedsArgument | PreservesSequence | ClosesDataConnection | TrimsArgument, "EPRT <|1|address|port|>", "EPRT"),

        // Transfers (RFC 959 §4.1.3, RFC 3659 §5)
        new("RETR", RetrieveCommands.RetrieveAsync, NeedsLogin | NeedsArgument | NeedsDataConnection | IsTransfer | TransfersFile,
            "RETR <file>") { Action = "retrieved" },
        new("STOR", StoreCommands.StoreAsync,
            NeedsLogin | NeedsArgument | NeedsDataConnection | IsTransfer | CreatesName | TransfersFile,
            "STOR <file>") { Action = "stored" },
        new("APPE", StoreCommands.AppendAsync,
            NeedsLogin | NeedsArgument | NeedsDataConnection | IsTransfer | CreatesName | TransfersFile,
            "APPE <file>") { Action = "stored" },
        new("STOU", StoreCommands.StoreUniqueAsync, NeedsLogin | NeedsDataConnection | IsTransfer | CreatesName | TransfersFile,
            "STOU [name]") { Action = "stored" },
        new("REST", ParameterCommands.RestartAsync, NeedsLogin | NeedsArgument | PreservesSequence | TrimsArgument,
            "REST <offset>", "REST STREAM"),
        new("RANG", ParameterCommands.RangeAsync, NeedsLogin | NeedsArgument | PreservesSequence | TrimsArgument,
            "RANG <first> <last>", "RANG STREAM"),
        new("ALLO", ParameterCommands.AllocateAsync, NeedsLogin | NeedsArgument | PreservesSequence | TrimsArgument,
            "ALLO <bytes>", "ALLO"),
        new("ABOR", ParameterCommands.AbortAsync, AllowedDuringTransfer, "ABOR"),

        // Listings (RFC 959, RFC 3659 §7)
        new("LIST", ListCommands.ListAsync, NeedsLogin | NeedsDataConnection | IsTransfer, "LIST [-RtSr] [path]"),
        new("NLST", ListCommands.NameListAsync, NeedsLogin | NeedsDataConnection | IsTransfer, "NLST [-RtSr] [path]"),
        new("MLSD", ListCommands.MachineListAsync, NeedsLogin | NeedsDataConnection | IsTransfer, "MLSD [directory]"),
        new("MLST", FileCommands.MachineListEntryAsync, NeedsLogin | PreservesSequence, "MLST [path]", "MLST"),

        // Files
        new("DELE", FileCommands.DeleteAsync, NeedsLogin | NeedsArgument, "DELE <file>") { Action = "deleted" },
        new("RNFR", FileCommands.RenameFromAsync, NeedsLogin | NeedsArgument, "RNFR <path>"),
        new("RNTO", FileCommands.RenameToAsync, NeedsLogin | NeedsArgument | CreatesName, "RNTO <path>") { Action = "renamed" },
        new("SIZE", FileCommands.SizeAsync, NeedsLogin | NeedsArgument | PreservesSequence, "SIZE <file>", "SIZE"),
        new("MDTM", FileCommands.LastModifiedAsync, NeedsLogin | NeedsArgument | PreservesSequence,
            "MDTM [time] <file>", "MDTM") { Action = "set time" },
        new("MFMT", MetadataCommands.SetLastModifiedAsync, NeedsLogin | NeedsArgument | SetsMetadata,
            "MFMT <time> <file>", "MFMT") { Action = "set time" },
        new("MFCT", MetadataCommands.SetCreationTimeAsync, NeedsLogin | NeedsArgument, "MFCT <time> <file>"),
        new("MFF", MetadataCommands.SetFactsAsync, NeedsLogin | NeedsArgument | SetsMetadata,
            "MFF <fact>=<value>; <path>", "MFF Modify;UNIX.mode;") { Action = "set facts" },
        new("SITE UTIME", MetadataCommands.SetTimeAsync, NeedsLogin | NeedsArgument,
            "SITE UTIME <time> <path>") { Action = "set time" },
        new("SITE CHMOD", MetadataCommands.SetModeAsync, NeedsLogin | NeedsArgument, "SITE CHMOD <octal> <path>") { Action = "set mode" },
        new("SITE SYMLINK", FileCommands.CreateLinkAsync, NeedsLogin | NeedsArgument | CreatesName,
            "SITE SYMLINK \"<target>\" \"<link>\"") { Action = "created link" },

        // Copies
        new("COMB", CopyCommands.CombineAsync, NeedsLogin | NeedsArgument | IsTransfer | CreatesName,
            "COMB \"<target>\" \"<part>\" ...", "COMB") { Action = "combined" },
        new("SITE COPY", CopyCommands.SiteCopyAsync, NeedsLogin | NeedsArgument | IsTransfer | CreatesName,
            "SITE COPY \"<file>\" \"<target>\"", "SITE COPY") { Action = "copied" },
        new("SITE CPFR", CopyCommands.SiteCopyFromAsync, NeedsLogin | NeedsArgument, "SITE CPFR <file>"),
        new("SITE CPTO", CopyCommands.SiteCopyToAsync, NeedsLogin | NeedsArgument | IsTransfer | CreatesName,
            "SITE CPTO <target>") { Action = "copied" },

        // Hashes (draft-bryan-ftpext-hash and older commands)
        new("HASH", HashCommands.HashAsync, NeedsLogin | NeedsArgument | IsTransfer, "HASH <file>", "HASH"),
        new("XCRC", HashCommands.Crc32Async, NeedsLogin | NeedsArgument | IsTransfer, "XCRC <file> [start [end]]", "XCRC"),
        new("XMD5", HashCommands.Md5Async, NeedsLogin | NeedsArgument | IsTransfer, "XMD5 <file> [start [end]]", "XMD5"),
        new("XSHA", HashCommands.Sha1Async, NeedsLogin | NeedsArgument | IsTransfer, "XSHA <file> [start [end]]", "XSHA"),
        new("XSHA1", HashCommands.Sha1Async, NeedsLogin | NeedsArgument | IsTransfer, "XSHA1 <file> [start [end]]", "XSHA1"),
        new("XSHA256", HashCommands.Sha256Async, NeedsLogin | NeedsArgument | IsTransfer, "XSHA256 <file> [start [end]]", "XSHA256"),
        new("XSHA512", HashCommands.Sha512Async, NeedsLogin | NeedsArgument | IsTransfer, "XSHA512 <file> [start [end]]", "XSHA512"),

        // Client and server identification
        new("CLNT", InformationCommands.ClientAsync, NeedsArgument | PreservesSequence, "CLNT <name>", "CLNT"),
        new("CSID", InformationCommands.IdentifyAsync, NeedsLogin | PreservesSequence, "CSID [Name=<client>; Version=<version>;]", "CSID"),
        new("LANG", InformationCommands.LanguageAsync, PreservesSequence | TrimsArgument, "LANG [EN]", "LANG EN*"),

        // Information
        new("STAT", InformationCommands.StatusAsync, AllowedDuringTransfer | TransferWithArgument | PreservesSequence,
            "STAT [-tSr] [path]"),
        new("SYST", InformationCommands.SystemAsync, PreservesSequence, "SYST"),
        new("HELP", InformationCommands.HelpAsync, PreservesSequence, "HELP [command]"),
        new("FEAT", InformationCommands.FeaturesAsync, PreservesSequence, "FEAT"),
        new("OPTS", OptionCommands.OptionsAsync, NeedsArgument | PreservesSequence | TrimsArgument, "OPTS <command> [options]", "UTF8"),
        new("NOOP", InformationCommands.NoOperationAsync, AllowedDuringTransfer | PreservesSequence, "NOOP"),
        new("SITE QUOTA", QuotaCommands.QuotaAsync, NeedsLogin | PreservesSequence, "SITE QUOTA"),
        new("SITE HELP", InformationCommands.SiteHelpAsync, PreservesSequence, "SITE HELP"),
    ];

    private static readonly FrozenDictionary<string, CommandRow> ByVerb = Rows.ToFrozenDictionary(row => row.Verb, StringComparer.Ordinal);

    /// <summary>
    /// Returns the row of a command and the argument for its handler, or null for an unknown command. The first word after SITE belongs to
    /// the verb.
    /// </summary>
    public static (CommandRow Row, string Argument)? Find(FtpCommand command)
    {
        if (command.Verb != "SITE")
        {
            return ByVerb.TryGetValue(command.Verb, out CommandRow? row)
                ? (row, row.HasRule(CommandRules.TrimsArgument) ? command.Argument.Trim(' ') : command.Argument)
                : null;
        }

        string[] words = command.Argument.Split(' ', 2, StringSplitOptions.TrimEntries);
        return ByVerb.TryGetValue("SITE " + words[0].ToUpperInvariant(), out CommandRow? site)
            ? (site, words.Length > 1 ? words[1] : "")
            : null;
    }
}
