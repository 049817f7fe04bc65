using System.Text;
using Fts.Protocol;
using Fts.Protocol.Listings;
using Fts.Server.Hashing;
using Fts.Server.Listings;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Commands;

/// <summary>What the server tells about itself and the session (RFC 959 §4.1.3, RFC 2389).</summary>
internal static class InformationCommands
{
    private static readonly FtpReply SiteHelp = new(FtpReplyCode.Help, ["SITE commands:",
        .. CommandTable.Rows.Where(row => row.Verb.StartsWith("SITE ", StringComparison.Ordinal)).Select(row => $" {row.Usage}"), "End."]);

    private static readonly FtpReply HelpWithoutTls = CreateHelp(tls: false), HelpWithTls = CreateHelp(tls: true);

    public static ValueTask<FtpReply> SystemAsync(Session session, string argument, CancellationToken cancellationToken) => new(Replies.SystemType);

    public static ValueTask<FtpReply> NoOperationAsync(Session session, string argument, CancellationToken cancellationToken) => new(Replies.Done);

    public static ValueTask<FtpReply> SiteHelpAsync(Session session, string argument, CancellationToken cancellationToken) => new(SiteHelp);

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

        var words = new FtpCommand(argument.ToUpperInvariant(), "");
        CommandRow? row = argument.Contains(' ', StringComparison.Ordinal)
            ? CommandTable.Rows.FirstOrDefault(row => row.Verb == words.Verb)
            : CommandTable.Find(words)?.Row;
        return new(row is null || !row.IsAvailableTo(session) ? Replies.NoSuchCommand : new FtpReply(FtpReplyCode.Help, row.Usage));
    }

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

    /// <summary>OPTS UTF8 ON, which is so anyway, OPTS MLST with the facts wanted (RFC 3659 §7.9), OPTS HASH with the hash wanted, OPTS MODE B and Z.</summary>
    public static ValueTask<FtpReply> OptionsAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        string[] words = argument.Split(' ', 2, StringSplitOptions.TrimEntries);
        string value = words.Length > 1 ? words[1] : "";
        switch (words[0].ToUpperInvariant())
        {
            case "UTF8" or "UTF-8" when value.ToUpperInvariant() is "" or "ON":
                return new(Replies.Done);
            case "MLST":
                session.Facts = MlsxFactNames.Parse(value);
                return new(new FtpReply(FtpReplyCode.Okay, $"MLST OPTS {MlsxFactNames.FormatSelected(session.Facts)}".TrimEnd()));
            case "HASH" when value.Length == 0 || HashNames.Parse(value) is not null:
                session.Hash = HashNames.Parse(value) ?? session.Hash;
                return new(new FtpReply(FtpReplyCode.Okay, session.Hash.ToWireName()));
            case "MODE":
                return new(value is ['B' or 'b', ..] ? BlockModeOptions.Apply(session, value) : DeflateModeOptions.Apply(session, value));
            default:
                return new(Replies.BadParameter); // RFC 2389 §4 knows 501 for every lasting refusal, and no 504
        }
    }

    /// <summary>With a path, a listing over the control connection; without, how the session and its transfer stand.</summary>
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
        string who = session.Files is null ? "Not signed in" : $"Signed in as {session.Files.Account.Name.ToPrintable()}";
        string transfer = session.Transfer is { } running
            ? $"Transferring, {running.Bytes}{(running.TotalBytes is { } total ? $" of {total}" : "")} bytes so far: {running.Description.ToPrintable()}"
            : "No transfer running";
        return new FtpReply(FtpReplyCode.SystemStatus,
            "Status:",
            $" Connected from {session.Peer.Address}",
            $" {who}",
            $" Control connection {(session.IsSecure ? "encrypted" : "in plain")}, data connections {(session.Tls is { IsDataProtected: true } ? "encrypted" : "in plain")}",
            $" Type {(session.IsAscii ? "ASCII" : "image")}, mode {GetModeName(session)}, structure file",
            $" {transfer}",
            "End.");
    }

    /// <summary>
    /// Streams the listing of a folder of any size. Its lines are queued as text of a multi-line reply, and this handler's own reply is the
    /// last line. A reply that has begun must end with the same code (RFC 959 §4.2), also after ABOR.
    /// </summary>
    private static async ValueTask<FtpReply> ListOverControlConnectionAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (await ListSelection.OpenAsync(session, argument, cancellationToken) is not { } selection)
        {
            return Replies.BadName;
        }

        var rows = new ListingRows(session);
        DateTime now = DateTime.UtcNow;
        byte[] line = new byte[ListingFormatter.MaxLineLength + 1];
        line[0] = (byte)' '; // no name can look like the reply's end
        session.Channel.Queue("213-Status:\r\n"u8);
        var sorter = new ListSorter(selection.Options, session.Server.Options.MaxSortedEntriesPerListing, session.Server.SortingBudget);
        try
        {
            await foreach (FileEntry entry in sorter.Sort(selection.Entries).WithCancellation(cancellationToken))
            {
                session.Channel.Queue(TelnetBytes.Escape(line.AsSpan(0, 1 + ListingFormatter.WriteUnix(line.AsSpan(1), rows.Create(entry), now))));
                if (session.Channel.ShouldFlush)
                {
                    // ABOR does not cancel a write, so that no line of the reply is truncated.
                    await session.Channel.FlushAsync(session.Ending);
                    session.Transfer!.NoteProgress();
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested && !session.Channel.IsBroken)
        {
            return new FtpReply(FtpReplyCode.FileStatus, "The listing was aborted.");
        }
        catch (StoreException e)
        {
            CommandRunner.LogStoreException(session, "STAT", e);
            return new FtpReply(FtpReplyCode.FileStatus, "The listing broke off.");
        }

        return new FtpReply(FtpReplyCode.FileStatus, "End.");
    }

    private static FtpReply CreateHelp(bool tls)
    {
        var lines = new List<string> { "Commands:" };
        foreach (string[] verbs in CommandTable.Rows.Where(row => tls || !row.HasRule(CommandRules.NeedsTls)).Select(row => row.Verb).Chunk(8))
        {
            lines.Add(new StringBuilder(" ").AppendJoin(' ', verbs.Select(verb => verb.PadRight(5))).ToString().TrimEnd());
        }

        lines.Add("HELP <command> tells how one is written.");
        return new FtpReply(FtpReplyCode.Help, lines);
    }
}
