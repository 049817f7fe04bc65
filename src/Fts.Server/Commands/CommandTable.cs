using System.Collections.Frozen;
using Fts.Protocol;
using Fts.Server.Sessions;

namespace Fts.Server.Commands;

/// <summary>A command's code: its session, the text after the verb, and a token that ends with the session or the transfer. Returns the one final reply.</summary>
internal delegate ValueTask<FtpReply> CommandHandler(Session session, string argument, CancellationToken cancellationToken);

/// <summary>One row: a verb, its code, its rules, how it is written, and its lines in FEAT if it has any (RFC 2389 §3.2).</summary>
internal sealed record CommandRow(string Verb, CommandHandler Handler, CommandRules Rules, string Usage, params string[] Features)
{
    /// <summary>
    /// The action for the log, which gets one line for each such command; null for commands that neither change nor transfer a file.
    /// </summary>
    public string? Action { get; init; }

    public bool HasRule(CommandRules rules) => (Rules & rules) == rules;

    /// <summary>Whether the loop reads further lines while the command runs.</summary>
    public bool IsTransfer(string argument) => HasRule(CommandRules.IsTransfer) || (HasRule(CommandRules.TransferWithArgument) && argument.Length > 0);

    /// <summary>Whether the session's server speaks it: a verb that would not work is not known at all.</summary>
    public bool IsAvailableTo(Session session) => !HasRule(CommandRules.NeedsTls) || session.Tls is not null;

    /// <summary>Its lines in FEAT for this session.</summary>
    public IEnumerable<string> GetFeatures(Session session) => !IsAvailableTo(session) ? [] : session.Server.Options.SupportsDeflate ? Features : Features.Where(feature => feature != "MODE Z");

    /// <summary>RFC 959 §5.4 knows 553 only where a name is given, and HASH for a folder's; elsewhere a bad or taken name is 550, by which clients that make one folder several times at once know it.</summary>
    public FtpReply AdaptReplyCode(FtpReply reply) => reply.Code == FtpReplyCode.NameNotAllowed && !HasRule(CommandRules.CreatesName) && reply != Replies.DirectoryHasNoHash ? new FtpReply(FtpReplyCode.FileUnavailable, reply.Lines) : reply;
}

/// <summary>Every verb the server speaks, one line each. FEAT and HELP are made from it; a verb that does not work has no row.</summary>
internal static class CommandTable
{
    public static readonly IReadOnlyList<CommandRow> Rows =
    [
        // Sign-in and session (RFC 959 §4.1.1, RFC 7151)
        new("HOST", HostCommands.HostAsync, CommandRules.NeedsArgument, "HOST <name>", "HOST"),
        new("USER", LoginCommands.UserAsync, CommandRules.NeedsArgument | CommandRules.ClosesDataConnection, "USER <name>"),
        new("PASS", LoginCommands.PasswordAsync, CommandRules.None, "PASS <password>"),
        new("ACCT", LoginCommands.AccountAsync, CommandRules.NeedsArgument, "ACCT <account>"),
        new("REIN", LoginCommands.ReinitializeAsync, CommandRules.ClosesDataConnection, "REIN"),
        new("QUIT", LoginCommands.QuitAsync, CommandRules.ClosesDataConnection, "QUIT"),

        // Security (RFC 2228, RFC 4217)
        new("AUTH", SecurityCommands.AuthenticateAsync, CommandRules.NeedsTls | CommandRules.NeedsArgument | CommandRules.ClosesDataConnection | CommandRules.TrimsArgument, "AUTH TLS", "AUTH TLS"),
        new("PBSZ", SecurityCommands.ProtectionBufferSizeAsync, CommandRules.NeedsTls | CommandRules.NeedsArgument | CommandRules.TrimsArgument, "PBSZ 0", "PBSZ"),
        new("PROT", SecurityCommands.ProtectionAsync, CommandRules.NeedsTls | CommandRules.NeedsArgument | CommandRules.PreservesPendingState | CommandRules.ClosesDataConnection | CommandRules.TrimsArgument, "PROT C | P", "PROT"),
        new("CCC", SecurityCommands.ClearCommandChannelAsync, CommandRules.NeedsTls | CommandRules.NeedsLogin | CommandRules.ClosesDataConnection, "CCC"),

        // Folders
        new("CWD", DirectoryCommands.ChangeAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument, "CWD <folder>", "TVFS"),
        new("XCWD", DirectoryCommands.ChangeAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument, "XCWD <folder>"),
        new("CDUP", DirectoryCommands.ChangeToParentAsync, CommandRules.NeedsLogin, "CDUP"),
        new("XCUP", DirectoryCommands.ChangeToParentAsync, CommandRules.NeedsLogin, "XCUP"),
        new("PWD", DirectoryCommands.PrintWorkingDirectoryAsync, CommandRules.NeedsLogin, "PWD"),
        new("XPWD", DirectoryCommands.PrintWorkingDirectoryAsync, CommandRules.NeedsLogin, "XPWD"),
        new("MKD", DirectoryCommands.CreateAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument, "MKD <folder>") { Action = "made folder" },
        new("XMKD", DirectoryCommands.CreateAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument, "XMKD <folder>") { Action = "made folder" },
        new("RMD", DirectoryCommands.DeleteAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument, "RMD <folder>") { Action = "removed folder" },
        new("XRMD", DirectoryCommands.DeleteAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument, "XRMD <folder>") { Action = "removed folder" },

        new("RMDA", TreeCommands.DeleteAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.IsTransfer, "RMDA <folder>", "RMDA <path>") { Action = "removed folder and its content" },
        new("DSIZ", TreeCommands.SizeAsync, CommandRules.NeedsLogin | CommandRules.IsTransfer, "DSIZ [folder]", "DSIZ"),
        new("AVBL", TreeCommands.FreeSpaceAsync, CommandRules.NeedsLogin | CommandRules.PreservesPendingState, "AVBL [folder]", "AVBL"),

        // Transfer parameters and data ports (RFC 959 §4.1.2, RFC 2428)
        new("TYPE", ParameterCommands.TypeAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.PreservesPendingState | CommandRules.TrimsArgument, "TYPE A | I | L 8"),
        new("MODE", ParameterCommands.ModeAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.PreservesPendingState | CommandRules.ClosesDataConnection | CommandRules.TrimsArgument, "MODE S | B | Z", "MODE Z", "MODE B DRAIN"),
        new("STRU", ParameterCommands.StructureAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.PreservesPendingState | CommandRules.TrimsArgument, "STRU F"),
        new("PASV", DataConnectionCommands.PassiveAsync, CommandRules.NeedsLogin | CommandRules.PreservesPendingState | CommandRules.ClosesDataConnection | CommandRules.TrimsArgument, "PASV"),
        new("EPSV", DataConnectionCommands.ExtendedPassiveAsync, CommandRules.NeedsLogin | CommandRules.PreservesPendingState | CommandRules.ClosesDataConnection | CommandRules.TrimsArgument, "EPSV [1 | 2 | ALL]", "EPSV"),
        new("PORT", DataConnectionCommands.PortAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.PreservesPendingState | CommandRules.ClosesDataConnection | CommandRules.TrimsArgument, "PORT <h1,h2,h3,h4,p1,p2>"),
        new("EPRT", DataConnectionCommands.ExtendedPortAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.PreservesPendingState | CommandRules.ClosesDataConnection | CommandRules.TrimsArgument, "EPRT <|1|address|port|>", "EPRT"),

        // Transfers (RFC 959 §4.1.3, RFC 3659 §5)
        new("RETR", RetrieveCommands.RetrieveAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.NeedsDataConnector | CommandRules.IsTransfer, "RETR <file>") { Action = "sent" },
        new("STOR", StoreCommands.StoreAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.NeedsDataConnector | CommandRules.IsTransfer | CommandRules.CreatesName, "STOR <file>") { Action = "stored" },
        new("APPE", StoreCommands.AppendAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.NeedsDataConnector | CommandRules.IsTransfer | CommandRules.CreatesName, "APPE <file>") { Action = "stored" },
        new("STOU", StoreCommands.StoreUniqueAsync, CommandRules.NeedsLogin | CommandRules.NeedsDataConnector | CommandRules.IsTransfer | CommandRules.CreatesName, "STOU [name]") { Action = "stored" },
        new("REST", ParameterCommands.RestartAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.PreservesPendingState | CommandRules.TrimsArgument, "REST <offset>", "REST STREAM"),
        new("RANG", ParameterCommands.RangeAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.PreservesPendingState | CommandRules.TrimsArgument, "RANG <first> <last>", "RANG STREAM"),
        new("ALLO", ParameterCommands.AllocateAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.PreservesPendingState | CommandRules.TrimsArgument, "ALLO <bytes>", "ALLO"),
        new("ABOR", ParameterCommands.AbortAsync, CommandRules.AllowedDuringTransfer, "ABOR"),

        // Listings (RFC 959, RFC 3659 §7)
        new("LIST", ListCommands.ListAsync, CommandRules.NeedsLogin | CommandRules.NeedsDataConnector | CommandRules.IsTransfer, "LIST [-RtSr] [path]"),
        new("NLST", ListCommands.NameListAsync, CommandRules.NeedsLogin | CommandRules.NeedsDataConnector | CommandRules.IsTransfer, "NLST [-RtSr] [path]"),
        new("MLSD", ListCommands.MachineListAsync, CommandRules.NeedsLogin | CommandRules.NeedsDataConnector | CommandRules.IsTransfer, "MLSD [folder]"),
        new("MLST", FileCommands.FactsAsync, CommandRules.NeedsLogin | CommandRules.PreservesPendingState, "MLST [path]", "MLST"),

        // Files
        new("DELE", FileCommands.DeleteAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument, "DELE <file>") { Action = "deleted" },
        new("RNFR", FileCommands.RenameFromAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument, "RNFR <path>"),
        new("RNTO", FileCommands.RenameToAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.CreatesName, "RNTO <path>") { Action = "renamed" },
        new("SIZE", FileCommands.SizeAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.PreservesPendingState, "SIZE <file>", "SIZE"),
        new("MDTM", FileCommands.LastModifiedAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.PreservesPendingState, "MDTM [time] <file>", "MDTM"),
        new("MFMT", MetadataCommands.SetLastModifiedAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument, "MFMT <time> <file>", "MFMT"),
        new("MFCT", MetadataCommands.SetCreationTimeAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument, "MFCT <time> <file>"),
        new("MFF", MetadataCommands.SetFactsAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument, "MFF <fact>=<value>; <path>", "MFF Modify;UNIX.mode;") { Action = "set facts" },
        new("SITE UTIME", MetadataCommands.SiteTimeAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument, "SITE UTIME <time> <path>"),
        new("SITE CHMOD", MetadataCommands.SiteModeAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument, "SITE CHMOD <octal> <path>") { Action = "set mode" },
        new("SITE SYMLINK", LinkCommands.SiteLinkAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.CreatesName, "SITE SYMLINK \"<target>\" \"<link>\"") { Action = "made link" },

        // Copies
        new("COMB", CopyCommands.CombineAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.IsTransfer | CommandRules.CreatesName, "COMB \"<target>\" \"<part>\" ...", "COMB") { Action = "combined" },
        new("SITE COPY", CopyCommands.SiteCopyAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.IsTransfer | CommandRules.CreatesName, "SITE COPY \"<file>\" \"<target>\"", "SITE COPY") { Action = "copied" },
        new("SITE CPFR", CopyCommands.SiteCopyFromAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument, "SITE CPFR <file>"),
        new("SITE CPTO", CopyCommands.SiteCopyToAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.IsTransfer | CommandRules.CreatesName, "SITE CPTO <target>") { Action = "copied" },

        // Hashes (draft-bryan-ftpext-hash, and what came before it)
        new("HASH", HashCommands.HashAsync, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.IsTransfer, "HASH <file>", "HASH"),
        new("XCRC", HashCommands.Crc32Async, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.IsTransfer, "XCRC <file> [start [end]]", "XCRC"),
        new("XMD5", HashCommands.Md5Async, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.IsTransfer, "XMD5 <file> [start [end]]", "XMD5"),
        new("XSHA", HashCommands.Sha1Async, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.IsTransfer, "XSHA <file> [start [end]]", "XSHA"),
        new("XSHA1", HashCommands.Sha1Async, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.IsTransfer, "XSHA1 <file> [start [end]]", "XSHA1"),
        new("XSHA256", HashCommands.Sha256Async, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.IsTransfer, "XSHA256 <file> [start [end]]", "XSHA256"),
        new("XSHA512", HashCommands.Sha512Async, CommandRules.NeedsLogin | CommandRules.NeedsArgument | CommandRules.IsTransfer, "XSHA512 <file> [start [end]]", "XSHA512"),

        // Introductions
        new("CLNT", ClientInformationCommands.ClientAsync, CommandRules.NeedsArgument | CommandRules.PreservesPendingState, "CLNT <name>", "CLNT"),
        new("CSID", ClientInformationCommands.IdentifyAsync, CommandRules.NeedsLogin | CommandRules.PreservesPendingState, "CSID [Name=<client>; Version=<version>;]", "CSID"),
        new("LANG", ClientInformationCommands.LanguageAsync, CommandRules.PreservesPendingState | CommandRules.TrimsArgument, "LANG [EN]", "LANG EN*"),

        // Information
        new("STAT", InformationCommands.StatusAsync, CommandRules.AllowedDuringTransfer | CommandRules.TransferWithArgument | CommandRules.PreservesPendingState, "STAT [-tSr] [path]"),
        new("SYST", InformationCommands.SystemAsync, CommandRules.PreservesPendingState, "SYST"),
        new("HELP", InformationCommands.HelpAsync, CommandRules.PreservesPendingState, "HELP [command]"),
        new("FEAT", InformationCommands.FeaturesAsync, CommandRules.PreservesPendingState, "FEAT"),
        new("OPTS", InformationCommands.OptionsAsync, CommandRules.NeedsArgument | CommandRules.PreservesPendingState | CommandRules.TrimsArgument, "OPTS <command> [options]", "UTF8"),
        new("NOOP", InformationCommands.NoOperationAsync, CommandRules.AllowedDuringTransfer | CommandRules.PreservesPendingState, "NOOP"),
        new("SITE HELP", InformationCommands.SiteHelpAsync, CommandRules.PreservesPendingState, "SITE HELP"),
    ];

    private static readonly FrozenDictionary<string, CommandRow> ByVerb = Rows.ToFrozenDictionary(row => row.Verb, StringComparer.Ordinal);

    /// <summary>The row of a command and the argument its handler gets; SITE's first word belongs to the verb. Null for a verb that is not spoken.</summary>
    public static (CommandRow Row, string Argument)? Find(FtpCommand command)
    {
        if (command.Verb != "SITE")
        {
            return ByVerb.TryGetValue(command.Verb, out CommandRow? row) ? (row, row.HasRule(CommandRules.TrimsArgument) ? command.Argument.Trim(' ') : command.Argument) : null;
        }

        string[] words = command.Argument.Split(' ', 2, StringSplitOptions.TrimEntries);
        return ByVerb.TryGetValue("SITE " + words[0].ToUpperInvariant(), out CommandRow? site) ? (site, words.Length > 1 ? words[1] : "") : null;
    }
}
