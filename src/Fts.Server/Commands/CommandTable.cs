using System.Collections.Frozen;
using Fts.Protocol;

namespace Fts.Server.Commands;

/// <summary>A command's code: its session, the text after the verb, and a token that ends with the session or the transfer. Returns the one final reply.</summary>
internal delegate ValueTask<FtpReply> CommandHandler(Session session, string argument, CancellationToken cancellationToken);

/// <summary>One row: a verb, its code, its rules, how it is written, and its lines in FEAT if it has any (RFC 2389 §3.2).</summary>
internal sealed record CommandRow(string Verb, CommandHandler Handler, Rules Rules, string Usage, params string[] Features)
{
    /// <summary>
    /// The action for the log, which gets one line for each such command; null for commands that neither change nor transfer a file.
    /// </summary>
    public string? Action { get; init; }

    public bool Has(Rules rules) => (Rules & rules) == rules;

    /// <summary>Whether the loop reads further lines while the command runs.</summary>
    public bool IsTransfer(string argument) => Has(Rules.Transfer) || (Has(Rules.TransferWithArgument) && argument.Length > 0);

    /// <summary>Whether the session's server speaks it: a verb that would not work is not known at all.</summary>
    public bool IsKnownTo(Session session) => !Has(Rules.Tls) || session.Tls is not null;

    /// <summary>Its lines in FEAT for this session.</summary>
    public IEnumerable<string> FeaturesFor(Session session) => !IsKnownTo(session) ? [] : session.Server.Options.Deflate ? Features : Features.Where(feature => feature != "MODE Z");

    /// <summary>RFC 959 §5.4 knows 553 only where a name is given, and HASH for a folder's; elsewhere a bad or taken name is 550, by which clients that make one folder several times at once know it.</summary>
    public FtpReply Fit(FtpReply reply) => reply.Code == FtpReplyCode.NameNotAllowed && !Has(Rules.NewName) && reply != Replies.FolderHasNoHash ? new FtpReply(FtpReplyCode.FileUnavailable, reply.Lines) : reply;
}

/// <summary>Every verb the server speaks, one line each. FEAT and HELP are made from it; a verb that does not work has no row.</summary>
internal static class CommandTable
{
    public static readonly IReadOnlyList<CommandRow> Rows =
    [
        // Sign-in and session (RFC 959 §4.1.1, RFC 7151)
        new("HOST", HostCommands.HostAsync, Rules.Argument, "HOST <name>", "HOST"),
        new("USER", SignInCommands.UserAsync, Rules.Argument | Rules.EndsData, "USER <name>"),
        new("PASS", SignInCommands.PasswordAsync, Rules.None, "PASS <password>"),
        new("ACCT", SignInCommands.AccountAsync, Rules.Argument, "ACCT <account>"),
        new("REIN", SignInCommands.ReinitializeAsync, Rules.EndsData, "REIN"),
        new("QUIT", SignInCommands.QuitAsync, Rules.EndsData, "QUIT"),

        // Security (RFC 2228, RFC 4217)
        new("AUTH", SecurityCommands.AuthenticateAsync, Rules.Tls | Rules.Argument | Rules.EndsData | Rules.TrimsArgument, "AUTH TLS", "AUTH TLS"),
        new("PBSZ", SecurityCommands.BufferSizeAsync, Rules.Tls | Rules.Argument | Rules.TrimsArgument, "PBSZ 0", "PBSZ"),
        new("PROT", SecurityCommands.ProtectionAsync, Rules.Tls | Rules.Argument | Rules.Neutral | Rules.EndsData | Rules.TrimsArgument, "PROT C | P", "PROT"),
        new("CCC", SecurityCommands.ClearAsync, Rules.Tls | Rules.Login | Rules.EndsData, "CCC"),

        // Folders
        new("CWD", FolderCommands.ChangeAsync, Rules.Login | Rules.Argument, "CWD <folder>", "TVFS"),
        new("XCWD", FolderCommands.ChangeAsync, Rules.Login | Rules.Argument, "XCWD <folder>"),
        new("CDUP", FolderCommands.UpAsync, Rules.Login, "CDUP"),
        new("XCUP", FolderCommands.UpAsync, Rules.Login, "XCUP"),
        new("PWD", FolderCommands.PrintAsync, Rules.Login, "PWD"),
        new("XPWD", FolderCommands.PrintAsync, Rules.Login, "XPWD"),
        new("MKD", FolderCommands.MakeAsync, Rules.Login | Rules.Argument, "MKD <folder>") { Action = "made folder" },
        new("XMKD", FolderCommands.MakeAsync, Rules.Login | Rules.Argument, "XMKD <folder>") { Action = "made folder" },
        new("RMD", FolderCommands.RemoveAsync, Rules.Login | Rules.Argument, "RMD <folder>") { Action = "removed folder" },
        new("XRMD", FolderCommands.RemoveAsync, Rules.Login | Rules.Argument, "XRMD <folder>") { Action = "removed folder" },

        new("RMDA", TreeCommands.RemoveAsync, Rules.Login | Rules.Argument | Rules.Transfer, "RMDA <folder>", "RMDA <path>") { Action = "removed folder and its content" },
        new("DSIZ", TreeCommands.SizeAsync, Rules.Login | Rules.Transfer, "DSIZ [folder]", "DSIZ"),
        new("AVBL", TreeCommands.AvailableAsync, Rules.Login | Rules.Neutral, "AVBL [folder]", "AVBL"),

        // Transfer parameters and data ports (RFC 959 §4.1.2, RFC 2428)
        new("TYPE", ParameterCommands.TypeAsync, Rules.Login | Rules.Argument | Rules.Neutral | Rules.TrimsArgument, "TYPE A | I | L 8"),
        new("MODE", ParameterCommands.ModeAsync, Rules.Login | Rules.Argument | Rules.Neutral | Rules.EndsData | Rules.TrimsArgument, "MODE S | B | Z", "MODE Z", "MODE B DRAIN"),
        new("STRU", ParameterCommands.StructureAsync, Rules.Login | Rules.Argument | Rules.Neutral | Rules.TrimsArgument, "STRU F"),
        new("PASV", DataPortCommands.PassiveAsync, Rules.Login | Rules.Neutral | Rules.EndsData | Rules.TrimsArgument, "PASV"),
        new("EPSV", DataPortCommands.ExtendedPassiveAsync, Rules.Login | Rules.Neutral | Rules.EndsData | Rules.TrimsArgument, "EPSV [1 | 2 | ALL]", "EPSV"),
        new("PORT", DataPortCommands.PortAsync, Rules.Login | Rules.Argument | Rules.Neutral | Rules.EndsData | Rules.TrimsArgument, "PORT <h1,h2,h3,h4,p1,p2>"),
        new("EPRT", DataPortCommands.ExtendedPortAsync, Rules.Login | Rules.Argument | Rules.Neutral | Rules.EndsData | Rules.TrimsArgument, "EPRT <|1|address|port|>", "EPRT"),

        // Transfers (RFC 959 §4.1.3, RFC 3659 §5)
        new("RETR", RetrieveCommands.RetrieveAsync, Rules.Login | Rules.Argument | Rules.DataPort | Rules.Transfer, "RETR <file>") { Action = "sent" },
        new("STOR", StoreCommands.StoreAsync, Rules.Login | Rules.Argument | Rules.DataPort | Rules.Transfer | Rules.NewName, "STOR <file>") { Action = "stored" },
        new("APPE", StoreCommands.AppendAsync, Rules.Login | Rules.Argument | Rules.DataPort | Rules.Transfer | Rules.NewName, "APPE <file>") { Action = "stored" },
        new("STOU", StoreCommands.StoreUniqueAsync, Rules.Login | Rules.DataPort | Rules.Transfer | Rules.NewName, "STOU [name]") { Action = "stored" },
        new("REST", ParameterCommands.RestartAsync, Rules.Login | Rules.Argument | Rules.Neutral | Rules.TrimsArgument, "REST <offset>", "REST STREAM"),
        new("RANG", ParameterCommands.RangeAsync, Rules.Login | Rules.Argument | Rules.Neutral | Rules.TrimsArgument, "RANG <first> <last>", "RANG STREAM"),
        new("ALLO", ParameterCommands.AllocateAsync, Rules.Login | Rules.Argument | Rules.Neutral | Rules.TrimsArgument, "ALLO <bytes>", "ALLO"),
        new("ABOR", ParameterCommands.AbortAsync, Rules.DuringTransfer, "ABOR"),

        // Listings (RFC 959, RFC 3659 §7)
        new("LIST", ListCommands.ListAsync, Rules.Login | Rules.DataPort | Rules.Transfer, "LIST [-RtSr] [path]"),
        new("NLST", ListCommands.NamesAsync, Rules.Login | Rules.DataPort | Rules.Transfer, "NLST [-RtSr] [path]"),
        new("MLSD", ListCommands.MachineListAsync, Rules.Login | Rules.DataPort | Rules.Transfer, "MLSD [folder]"),
        new("MLST", FileCommands.FactsAsync, Rules.Login | Rules.Neutral, "MLST [path]", "MLST"),

        // Files
        new("DELE", FileCommands.DeleteAsync, Rules.Login | Rules.Argument, "DELE <file>") { Action = "deleted" },
        new("RNFR", FileCommands.RenameFromAsync, Rules.Login | Rules.Argument, "RNFR <path>"),
        new("RNTO", FileCommands.RenameToAsync, Rules.Login | Rules.Argument | Rules.NewName, "RNTO <path>") { Action = "renamed" },
        new("SIZE", FileCommands.SizeAsync, Rules.Login | Rules.Argument | Rules.Neutral, "SIZE <file>", "SIZE"),
        new("MDTM", FileCommands.ModifiedAsync, Rules.Login | Rules.Argument | Rules.Neutral, "MDTM [time] <file>", "MDTM"),
        new("MFMT", FactCommands.SetModifiedAsync, Rules.Login | Rules.Argument, "MFMT <time> <file>", "MFMT"),
        new("MFCT", FactCommands.SetCreatedAsync, Rules.Login | Rules.Argument, "MFCT <time> <file>"),
        new("MFF", FactCommands.SetFactsAsync, Rules.Login | Rules.Argument, "MFF <fact>=<value>; <path>", "MFF Modify;UNIX.mode;") { Action = "set facts" },
        new("SITE UTIME", FactCommands.SiteTimeAsync, Rules.Login | Rules.Argument, "SITE UTIME <time> <path>"),
        new("SITE CHMOD", FactCommands.SiteModeAsync, Rules.Login | Rules.Argument, "SITE CHMOD <octal> <path>") { Action = "set mode" },
        new("SITE SYMLINK", LinkCommands.SiteLinkAsync, Rules.Login | Rules.Argument | Rules.NewName, "SITE SYMLINK \"<target>\" \"<link>\"") { Action = "made link" },

        // Copies
        new("COMB", CopyCommands.CombineAsync, Rules.Login | Rules.Argument | Rules.Transfer | Rules.NewName, "COMB \"<target>\" \"<part>\" ...", "COMB") { Action = "combined" },
        new("SITE COPY", CopyCommands.SiteCopyAsync, Rules.Login | Rules.Argument | Rules.Transfer | Rules.NewName, "SITE COPY \"<file>\" \"<target>\"", "SITE COPY") { Action = "copied" },
        new("SITE CPFR", CopyCommands.SiteCopyFromAsync, Rules.Login | Rules.Argument, "SITE CPFR <file>"),
        new("SITE CPTO", CopyCommands.SiteCopyToAsync, Rules.Login | Rules.Argument | Rules.Transfer | Rules.NewName, "SITE CPTO <target>") { Action = "copied" },

        // Hashes (draft-bryan-ftpext-hash, and what came before it)
        new("HASH", HashCommands.HashAsync, Rules.Login | Rules.Argument | Rules.Transfer, "HASH <file>", "HASH"),
        new("XCRC", HashCommands.Crc32Async, Rules.Login | Rules.Argument | Rules.Transfer, "XCRC <file> [start [end]]", "XCRC"),
        new("XMD5", HashCommands.Md5Async, Rules.Login | Rules.Argument | Rules.Transfer, "XMD5 <file> [start [end]]", "XMD5"),
        new("XSHA", HashCommands.Sha1Async, Rules.Login | Rules.Argument | Rules.Transfer, "XSHA <file> [start [end]]", "XSHA"),
        new("XSHA1", HashCommands.Sha1Async, Rules.Login | Rules.Argument | Rules.Transfer, "XSHA1 <file> [start [end]]", "XSHA1"),
        new("XSHA256", HashCommands.Sha256Async, Rules.Login | Rules.Argument | Rules.Transfer, "XSHA256 <file> [start [end]]", "XSHA256"),
        new("XSHA512", HashCommands.Sha512Async, Rules.Login | Rules.Argument | Rules.Transfer, "XSHA512 <file> [start [end]]", "XSHA512"),

        // Introductions
        new("CLNT", IntroductionCommands.ClientAsync, Rules.Argument | Rules.Neutral, "CLNT <name>", "CLNT"),
        new("CSID", IntroductionCommands.IdentifyAsync, Rules.Login | Rules.Neutral, "CSID [Name=<client>; Version=<version>;]", "CSID"),
        new("LANG", IntroductionCommands.LanguageAsync, Rules.Neutral | Rules.TrimsArgument, "LANG [EN]", "LANG EN*"),

        // Information
        new("STAT", InformationCommands.StatusAsync, Rules.DuringTransfer | Rules.TransferWithArgument | Rules.Neutral, "STAT [-tSr] [path]"),
        new("SYST", InformationCommands.SystemAsync, Rules.Neutral, "SYST"),
        new("HELP", InformationCommands.HelpAsync, Rules.Neutral, "HELP [command]"),
        new("FEAT", InformationCommands.FeaturesAsync, Rules.Neutral, "FEAT"),
        new("OPTS", InformationCommands.OptionsAsync, Rules.Argument | Rules.Neutral | Rules.TrimsArgument, "OPTS <command> [options]", "UTF8"),
        new("NOOP", InformationCommands.NothingAsync, Rules.DuringTransfer | Rules.Neutral, "NOOP"),
        new("SITE HELP", InformationCommands.SiteHelpAsync, Rules.Neutral, "SITE HELP"),
    ];

    private static readonly FrozenDictionary<string, CommandRow> ByVerb = Rows.ToFrozenDictionary(row => row.Verb, StringComparer.Ordinal);

    /// <summary>The row of a command and the argument its handler gets; SITE's first word belongs to the verb. Null for a verb that is not spoken.</summary>
    public static (CommandRow Row, string Argument)? Find(Command command)
    {
        if (command.Verb != "SITE")
        {
            return ByVerb.TryGetValue(command.Verb, out CommandRow? row) ? (row, row.Has(Rules.TrimsArgument) ? command.Argument.Trim(' ') : command.Argument) : null;
        }

        string[] words = command.Argument.Split(' ', 2, StringSplitOptions.TrimEntries);
        return ByVerb.TryGetValue("SITE " + words[0].ToUpperInvariant(), out CommandRow? site) ? (site, words.Length > 1 ? words[1] : "") : null;
    }
}
