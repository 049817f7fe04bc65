using System.Globalization;
using Fts.Protocol;
using Fts.Serving.Control;
using Fts.Transfers;

namespace Fts.Administration;

/// <summary>Formats the sessions of a server as a table that fits into 80 columns.</summary>
internal static class StatusTable
{
    private const int AccountColumns = 16, AddressColumns = 39, PathColumns = 35;

    /// <summary>Returns the lines of the table. A running transfer is on the line after its session.</summary>
    public static IEnumerable<string> Format(StatusResult status)
    {
        yield return $"{status.Program} on {status.Address}, process {status.ProcessId}, running for " +
            FormatAge(status.Now - status.StartedAt);
        if (status.Sessions.Count == 0)
        {
            yield return "no sessions";
            yield break;
        }

        yield return FormatRow("ID", "ACCOUNT", "ADDRESS", "TLS", "AGE", "IDLE");
        foreach (SessionStatus session in status.Sessions.OrderBy(session => session.Id))
        {
            yield return FormatRow(
                session.Id.ToString(CultureInfo.InvariantCulture), session.Account?.ToPrintable() ?? "-", session.Address,
                session.Tls?.Replace("TLS ", "", StringComparison.Ordinal) ?? "-", FormatAge(status.Now - session.ConnectedAt),
                session.Transfer is null ? FormatAge(TimeSpan.FromSeconds(session.IdleSeconds)) : "-");
            if (session.Transfer is { } transfer)
            {
                yield return FormatTransfer(transfer);
            }
        }

        yield return FormatTotal(status.Sessions);
    }

    /// <summary>Returns an age with its largest unit: <c>0s</c>, <c>59s</c>, <c>3m</c>, <c>5h</c>, <c>12d</c>.</summary>
    public static string FormatAge(TimeSpan age) => age.TotalSeconds switch
    {
        < 60 => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, (int)age.TotalSeconds)}s"),
        < 3600 => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalMinutes}m"),
        < 86400 => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalHours}h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalDays}d"),
    };

    private static string FormatRow(string id, string account, string address, string tls, string age, string idle) =>
        $"{id,6} {Pad(account, AccountColumns)} {Pad(address, AddressColumns)} {tls,-3} {age,4} {idle,4}".TrimEnd();

    /// <summary>Returns the line of a transfer, for example <c>upload 45 % of 2.00 GB, 1.20 MB/s /in/report.pdf</c>.</summary>
    private static string FormatTransfer(TransferStatus transfer)
    {
        string amount = DisplayFormat.FormatSize(transfer.TotalBytes is > 0 ? transfer.TotalBytes.Value : transfer.Bytes);
        if (transfer.TotalBytes > 0)
        {
            double percent = 100 * Math.Min(1, (double)transfer.Bytes / transfer.TotalBytes.Value);
            amount = string.Create(CultureInfo.InvariantCulture, $"{percent:F0} % of {amount}");
        }

        string verb = transfer.Kind == "other" ? transfer.Verb : transfer.Kind;
        string numbers = $"{verb} {amount}, {DisplayFormat.FormatSize(transfer.BytesPerSecond)}/s";
        return $"       {numbers,-36} {DisplayFormat.Shorten(transfer.Path.ToPrintable(), PathColumns)}".TrimEnd();
    }

    private static string FormatTotal(IReadOnlyList<SessionStatus> sessions)
    {
        TransferStatus[] transfers = [.. sessions.Select(session => session.Transfer).OfType<TransferStatus>()];
        return $"{FormatCount(sessions.Count, "session")}, {FormatCount(transfers.Length, "transfer")}: " +
            $"{FormatRate(transfers, "upload")} received, {FormatRate(transfers, "download", "listing")} sent";
    }

    private static string FormatCount(int count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");

    /// <summary>Returns the speed of all transfers of some kinds together.</summary>
    private static string FormatRate(IEnumerable<TransferStatus> transfers, params string[] kinds)
    {
        long bytesPerSecond = transfers.Where(transfer => kinds.Contains(transfer.Kind)).Sum(transfer => transfer.BytesPerSecond);
        return $"{DisplayFormat.FormatSize(bytesPerSecond)}/s";
    }

    /// <summary>Returns the text with exactly the given number of columns.</summary>
    private static string Pad(string text, int columns)
    {
        string shortened = DisplayFormat.Shorten(text, columns);
        return shortened + new string(' ', columns - DisplayFormat.CountColumns(shortened));
    }
}
