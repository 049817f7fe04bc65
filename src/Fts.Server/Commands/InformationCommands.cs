using System.Text;
using Fts.Protocol;
using Fts.Protocol.Listings;
using Fts.Server.Hashing;
using Fts.Server.Listings;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Commands;

/// <summary>Reports on the server and the session: STAT, SYST, HELP, FEAT, NOOP (RFC 959 §4.1.3, RFC 2389).</summary>
/// <remarks>
/// CLNT and CSID identify client and server (draft-peterson-streamlined-ftp-command-extensions). LANG selects the language of replies (RFC
/// 2640 §4).
/// </remarks>
internal static class InformationCommands
{
    private static readonly FtpReply SiteHelp = new(FtpReplyCode.Help, ["The following SITE commands are recognized:",
        .. CommandTable.Rows.Where(row => row.Verb.StartsWith("SITE ", StringComparison.Ordinal)).Select(row => $" {row.Usage}"), "End."]);

    private static readonly FtpReply IdentityReply = new(FtpReplyCode.Okay,
        $"Name=fts; Version={typeof(FtpServer).Assembly.GetName().Version!.ToString(3)}; OS={OperatingSystemName}; " +
        $"CaseSensitive={(OperatingSystem.IsLinux() ? 1 : 0)};");

    private static readonly FtpReply HelpWithoutTls = CreateHelp(includesTls: false), HelpWithTls = CreateHelp(includesTls: true);

    private static string OperatingSystemName
    {
        get
        {
            if (OperatingSystem.IsWindows())
            {
                return "Windows";
            }

            if (OperatingSystem.IsMacOS())
            {
                return "macOS";
            }

            return OperatingSystem.IsLinux() ? "Linux" : "Unix";
        }
    }

    /// <summary>CLNT: accepts the name of the client and ignores it.</summary>
    public static ValueTask<FtpReply> ClientAsync(Session session, string argument, CancellationToken cancellationToken) =>
        new(Replies.CommandOkay);

    /// <summary>CSID: returns the name and version of the server. Requires a login, so that scanners do not learn the version.</summary>
    public static ValueTask<FtpReply> IdentifyAsync(Session session, string argument, CancellationToken cancellationToken) =>
        new(IdentityReply);

    /// <summary>LANG: accepts English in any regional variant, or no argument for the default, which is also English.</summary>
    public static ValueTask<FtpReply> LanguageAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        string language = argument.Split('-', 2)[0];
        bool isEnglish = language.Length == 0 || string.Equals(language, "EN", StringComparison.OrdinalIgnoreCase);
        return new(isEnglish ? Replies.LanguageSet : Replies.ParameterNotImplemented);
    }

    /// <summary>SYST: returns the system type. Clients derive the format of LIST from it.</summary>
    public static ValueTask<FtpReply> SystemAsync(Session session, string argument, CancellationToken cancellationToken) =>
        new(Replies.SystemType);

    /// <summary>NOOP: does nothing. Clients send it to keep the connection open.</summary>
    public static ValueTask<FtpReply> NoOperationAsync(Session session, string argument, CancellationToken cancellationToken) =>
        new(Replies.CommandOkay);

    /// <summary>SITE HELP: returns the syntax of the SITE commands.</summary>
    public static ValueTask<FtpReply> SiteHelpAsync(Session session, string argument, CancellationToken cancellationToken) => new(SiteHelp);

    /// <summary>HELP: returns all commands or, with an argument, the syntax of one command.</summary>
    public static ValueTask<FtpReply> HelpAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (argument.Length == 0)
        {
            return new(session.Tls is null ? HelpWithoutTls : HelpWithTls);
        }

        if (string.Equals(argument, "SITE", StringComparison.OrdinalIgnoreCase))
        {
            return new(SiteHelp);
        }

        var command = new FtpCommand(argument.ToUpperInvariant(), "");
        CommandRow? row = argument.Contains(' ', StringComparison.Ordinal)
            ? CommandTable.Rows.FirstOrDefault(row => row.Verb == command.Verb)
            : CommandTable.Find(command)?.Row;
        return new(row is null || !row.IsAvailableTo(session) ? Replies.NoSuchCommand : new FtpReply(FtpReplyCode.Help, row.Usage));
    }

    /// <summary>FEAT: returns the features of the server (RFC 2389 §3).</summary>
    public static ValueTask<FtpReply> FeaturesAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        IEnumerable<string> features = CommandTable.Rows.SelectMany(row => row.GetFeatures(session))
            .Select(feature => feature switch
            {
                "MLST" => $" MLST {MlsxFactNames.FormatForFeat(session.Facts)}",
                "HASH" => $" HASH {HashNames.FormatForFeat(session.Hash)}",
                _ => $" {feature}",
            });
        return new(new FtpReply(FtpReplyCode.SystemStatus, ["Features:", .. features, "End."]));
    }

    /// <summary>
    /// STAT: lists the path in the argument over the control connection. Without an argument, returns the state of the session and of its
    /// transfer.
    /// </summary>
    public static ValueTask<FtpReply> StatusAsync(Session session, string argument, CancellationToken cancellationToken) =>
        argument.Length == 0 ? new(GetSessionStatus(session))
        : session.Files is null ? new(Replies.NotLoggedIn)
        : ListOverControlConnectionAsync(session, argument, cancellationToken);

    private static string GetModeName(Session session) => session.Mode switch
    {
        TransferMode.Block => "block",
        TransferMode.Deflate => "deflate",
        _ => "stream",
    };

    private static FtpReply GetSessionStatus(Session session)
    {
        string login = session.Files is null ? "Not logged in" : $"Logged in as {session.Files.Account.Name.ToPrintable()}";
        string dataProtection = session.Tls is { IsDataProtected: true } ? "encrypted" : "not encrypted";
        string transfer = "No transfer in progress";
        if (session.Transfer is { } running)
        {
            string total = running.TotalBytes is { } bytes ? $" of {bytes}" : "";
            transfer = $"Transfer in progress, {running.Bytes}{total} bytes: {running.Description.ToPrintable()}";
        }

        return new FtpReply(FtpReplyCode.SystemStatus,
            "Status:",
            $" Connected from {session.Peer.Address}",
            $" {login}",
            $" Control connection {(session.IsSecure ? "encrypted" : "not encrypted")}, data connections {dataProtection}",
            $" Type {(session.IsAscii ? "ASCII" : "image")}, mode {GetModeName(session)}, structure file",
            $" {transfer}",
            "End.");
    }

    /// <summary>Sends a listing over the control connection, without a limit on its size.</summary>
    /// <remarks>
    /// This method queues all lines of the multi-line reply except the last one, which it returns. The last line must have the same code as
    /// the first one (RFC 959 §4.2), even after ABOR.
    /// </remarks>
    private static async ValueTask<FtpReply> ListOverControlConnectionAsync(
        Session session, string argument, CancellationToken cancellationToken)
    {
        if (await ListSelection.OpenAsync(session, argument, cancellationToken) is not { } selection)
        {
            return Replies.BadName;
        }

        var rows = ListingRows.WithoutPermissions(session);
        DateTime now = DateTime.UtcNow;
        byte[] line = new byte[ListingFormatter.MaxLineLength + 1];
        line[0] = (byte)' '; // so that no line starts with a reply code (RFC 959 §4.2)
        session.Channel.Queue("213-Status:\r\n"u8);
        await session.Channel.FlushAsync(session.Ending); // sent first, because reading the directory can take long
        var sorter = new ListSorter(selection.Options, session.Server.Options.MaxSortedEntriesPerListing, session.Server.SortingBudget);
        try
        {
            await foreach (FileEntry entry in sorter.Sort(selection.Entries).WithCancellation(cancellationToken))
            {
                int length = 1 + ListingFormatter.WriteUnix(line.AsSpan(1), rows.Create(entry), now);
                session.Channel.Queue(TelnetBytes.Escape(line.AsSpan(0, length)));
                if (session.Channel.ShouldFlush)
                {
                    // Only the end of the session cancels the write. ABOR does not, so that no line of the reply is truncated.
                    await session.Channel.FlushAsync(session.Ending);
                    session.Transfer!.RecordProgress();
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested && !session.Channel.IsBroken)
        {
            return new FtpReply(FtpReplyCode.FileStatus, "Listing aborted.");
        }
        catch (StoreException e)
        {
            CommandRunner.LogStoreException(session, "STAT", e);
            return new FtpReply(FtpReplyCode.FileStatus, "Listing incomplete: local error.");
        }

        return new FtpReply(FtpReplyCode.FileStatus, "End.");
    }

    private static FtpReply CreateHelp(bool includesTls)
    {
        var lines = new List<string> { "The following commands are recognized:" };
        IEnumerable<CommandRow> rows = CommandTable.Rows.Where(row => includesTls || !row.HasRule(CommandRules.NeedsTls));
        foreach (string[] verbs in rows.Select(row => row.Verb).Chunk(8))
        {
            lines.Add(new StringBuilder(" ").AppendJoin(' ', verbs.Select(verb => verb.PadRight(5))).ToString().TrimEnd());
        }

        lines.Add("HELP <command> shows the syntax of a command.");
        return new FtpReply(FtpReplyCode.Help, lines);
    }
}
