using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Protocol.Listings;

namespace Fts.Doctor.Checks;

/// <summary>Checks that transfer data: resumption of TLS sessions, listings, times and downloads. Uses one control connection.</summary>
/// <param name="session">Opens the connection.</param>
/// <param name="mode">The way to open data connections.</param>
internal sealed class DataChecks(DoctorSession session, FtpDataMode mode)
{
    private const int ResumedConnections = 6, ComparedFiles = 3;

    private FtpConnection? _connection;
    private List<ListingEntry> _entries = [];

    /// <summary>Lists the folder over six data connections and counts how many resumed the TLS session.</summary>
    public async Task<CheckResult> CheckResumptionAsync(CancellationToken cancellationToken)
    {
        const string name = "resumption";
        FtpConnection connection = await GetConnectionAsync(cancellationToken);
        int resumed = 0, known = 0;
        for (int i = 0; i < ResumedConnections; i++)
        {
            DataTransfer transfer;
            try
            {
                transfer = await DataTransfer.ReceiveAsync(connection, "LIST", null, cancellationToken);
            }
            catch (FtpException e) when (i > 0)
            {
                UserError error = ExceptionTranslator.Translate(e, name, session.Settings.Target);
                return CheckResult.Problem(
                    name, ExitCode.TransferFailed,
                    $"data connection {i + 1} of {ResumedConnections} failed: {error.ServerReply ?? error.Message}",
                    "turn off the required TLS session reuse on the server, for example require_ssl_reuse=NO (vsftpd)");
            }

            resumed += transfer.IsSessionResumed == true ? 1 : 0;
            known += transfer.IsSessionResumed is null ? 0 : 1;
        }

        string count = $"{resumed} of {ResumedConnections} data connections resumed the TLS session";
        if (known < ResumedConnections)
        {
            return CheckResult.Note(name, $"{count}; it is unknown for {ResumedConnections - known}");
        }

        return resumed == ResumedConnections
            ? CheckResult.Ok(name, count)
            : CheckResult.Note(
                name, $"{count}: each other one needs a full handshake, and anyone could open it",
                "enable session tickets or the session cache on the server");
    }

    /// <summary>Reads a listing (LIST) and reports its format.</summary>
    public async Task<CheckResult> CheckListingAsync(CancellationToken cancellationToken)
    {
        (_entries, int unreadable) = await ReadListingAsync("LIST", isMlsd: false, cancellationToken);
        if (_entries.Count == 0 && unreadable == 0)
        {
            return CheckResult.Ok("listing", "the folder is empty, so the format of LIST is unknown");
        }

        if (unreadable > 0)
        {
            return CheckResult.Note(
                "listing", $"{unreadable} of {_entries.Count + unreadable} lines of LIST are in an unknown format",
                "report the lines that fts ls shows as unreadable");
        }

        return CheckResult.Ok("listing", $"LIST in the format of {DescribeFormat(_entries[0].Source)}, {DescribeEntries(_entries.Count)}");
    }

    /// <summary>Reads a machine-readable listing (MLSD, RFC 3659 §7).</summary>
    public async Task<CheckResult> CheckMachineListingAsync(CancellationToken cancellationToken)
    {
        const string advice = "a server with MLSD (RFC 3659), if times must be exact";
        if (!session.Features.HasMachineListing)
        {
            return CheckResult.Note("mlsd", "no MLSD: times in listings may be rounded and in another time zone", advice);
        }

        try
        {
            (List<ListingEntry> entries, int unreadable) = await ReadListingAsync("MLSD", isMlsd: true, cancellationToken);
            return unreadable == 0
                ? CheckResult.Ok("mlsd", $"MLSD with exact times, {DescribeEntries(entries.Count)}")
                : CheckResult.Note("mlsd", $"{unreadable} lines of MLSD are in an unknown format", advice);
        }
        catch (FtpReplyException e)
        {
            string reply = $"{(int)e.Reply.Code} {ExceptionTranslator.GetLastLine(e.Reply)}";
            return CheckResult.Note("mlsd", $"the server lists MLSD but rejects it: {reply}", advice);
        }
    }

    /// <summary>Compares the times of LIST with those of MDTM, which are in UTC (RFC 3659 §3).</summary>
    public async Task<CheckResult> CompareTimesAsync(CancellationToken cancellationToken)
    {
        const string name = "clock", write = "--write measures the clock with a probe file";
        FtpConnection connection = await GetConnectionAsync(cancellationToken);
        var offsets = new List<TimeSpan>();
        foreach (ListingEntry entry in _entries.Where(HasMinutes).Take(ComparedFiles))
        {
            FtpReply reply = await connection.SendAsync("MDTM", entry.Name, cancellationToken);
            if (reply.IsCompletion && WireTimes.TryParse(reply.Text, out DateTimeOffset exact))
            {
                offsets.Add(WireTimes.RoundOffset(entry.LastModified!.Value - exact));
            }
        }

        if (offsets.Count == 0)
        {
            return CheckResult.Note(name, "not measured: no listed file has both a time of day and MDTM", write);
        }

        TimeSpan offset = offsets[0];
        if (offsets.Any(other => other != offset))
        {
            return CheckResult.Note(name, "the offset between LIST and UTC differs between files (summer time?)", write);
        }

        return offset == TimeSpan.Zero
            ? CheckResult.Ok(name, $"the times of LIST are in UTC, compared with MDTM of {DescribeFiles(offsets.Count)}")
            : CheckResult.Note(
                name, $"the times of LIST are {Units.FormatDifference(offset)} {(offset > TimeSpan.Zero ? "ahead of" : "behind")} UTC",
                session.Features.HasMachineListing ? null : "fts mirror compares sizes only, because the server has no MLSD");
    }

    /// <summary>Downloads the file of the URL, for at most three seconds, and reports the speed.</summary>
    public async Task<CheckResult> MeasureDownloadAsync(CancellationToken cancellationToken)
    {
        FtpConnection connection = await GetConnectionAsync(cancellationToken);
        DataTransfer transfer = await DataTransfer.ReceiveAsync(connection, "RETR", session.FilePath, cancellationToken);
        return CheckResult.Ok("download", Units.FormatRate(transfer.Length, transfer.Time));
    }

    /// <summary>Closes the connection.</summary>
    public async ValueTask CloseAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            await connection.DisposeAsync();
        }
    }

    private static string DescribeEntries(int count) => count == 1 ? "1 entry" : $"{count} entries";

    private static string DescribeFiles(int count) => count == 1 ? "1 file" : $"{count} files";

    private static string DescribeFormat(FtpEntrySource? source) => source switch
    {
        FtpEntrySource.Unix => "Unix (ls -l)",
        FtpEntrySource.Dos => "DOS and IIS",
        FtpEntrySource.Eplf => "EPLF",
        FtpEntrySource.Vms => "VMS",
        FtpEntrySource.Mvs => "MVS and z/OS",
        FtpEntrySource.Os400 => "OS/400",
        FtpEntrySource.NetWare => "NetWare",
        FtpEntrySource.Names => "names only",
        _ => "another system that fts can read",
    };

    /// <summary>
    /// Returns whether an entry is a file whose time is precise to the minute. A time of 00:00 usually means a date only.
    /// </summary>
    private static bool HasMinutes(ListingEntry entry) =>
        entry is { Kind: FtpEntryKind.File, LastModified: { } time } && time.TimeOfDay != TimeSpan.Zero;

    private async Task<(List<ListingEntry> Entries, int Unreadable)> ReadListingAsync(
        string verb, bool isMlsd, CancellationToken cancellationToken)
    {
        FtpConnection connection = await GetConnectionAsync(cancellationToken);
        DataTransfer transfer = await DataTransfer.ReceiveAsync(connection, verb, null, cancellationToken);
        string[] lines = session.Settings.Options.Encoding.GetString(transfer.Content).Split('\n');
        // The last line of a listing that is longer than the examined part may be incomplete.
        var reader = new ListingReader(DateTime.UtcNow, isMlsd);
        var entries = new List<ListingEntry>();
        foreach (string line in transfer.Length > transfer.Content.Length ? lines[..^1] : lines)
        {
            reader.AddLine(line.TrimEnd('\r'));
        }

        try
        {
            reader.Complete();
        }
        catch (ListingFormatException)
        {
            // The entries of unknown kind are counted below.
        }

        while (reader.TryDequeue(out ListingEntry? entry))
        {
            entries.Add(entry);
        }

        int unreadable = entries.RemoveAll(entry => entry.Kind == FtpEntryKind.Unknown);
        return (entries, unreadable);
    }

    private async Task<FtpConnection> GetConnectionAsync(CancellationToken cancellationToken)
    {
        if (_connection is { IsUsable: false })
        {
            await CloseAsync();
        }

        return _connection ??= await session.OpenAsync(mode, trace: null, cancellationToken);
    }
}
