using System.Globalization;
using Fts.Protocol;
using Fts.Serving.Control;
using Fts.Transfers;

namespace Fts.Administration;

/// <summary>Formats bans for <c>fts ban list</c> and <c>fts ban show</c>.</summary>
internal static class BanTable
{
    private const string NoEffect = "none, because the network is never banned (--never-ban)";

    private const int ReasonColumns = 32, MinSubjectColumns = 20, MaxSubjectColumns = 38;

    /// <summary>Returns the lines of the table, which fits into 80 columns. A long subject is on a line of its own.</summary>
    /// <param name="bans">The bans.</param>
    /// <param name="now">The current time.</param>
    public static IEnumerable<string> Format(IReadOnlyList<BanStatus> bans, DateTimeOffset now)
    {
        if (bans.Count == 0)
        {
            yield return "no bans";
            yield break;
        }

        int columns = Math.Clamp(
            bans.Select(ban => DisplayFormat.CountColumns(ban.Subject.ToPrintable())).Where(length => length <= MaxSubjectColumns)
                .DefaultIfEmpty(0).Max(),
            MinSubjectColumns, MaxSubjectColumns);
        yield return $"{Pad("SUBJECT", columns)} {"LEFT",-4} REASON";
        foreach (BanStatus ban in bans)
        {
            string subject = ban.Subject.ToPrintable();
            if (DisplayFormat.CountColumns(subject) > columns)
            {
                yield return subject;
                subject = "";
            }

            string end = ban.Until is { } until ? FormatRemaining(until - now) : "-";
            int reasonColumns = Math.Max(ReasonColumns, 78 - columns - 5);
            yield return $"{Pad(subject, columns)} {end,-4} {DisplayFormat.Shorten(ban.Reason.ToPrintable(), reasonColumns)}".TrimEnd();
            if (ban.HasNoEffect == true)
            {
                yield return $"  effect: {NoEffect}";
            }
        }
    }

    /// <summary>Returns all facts of a ban, one on each line.</summary>
    public static IEnumerable<string> FormatDetails(BanStatus ban) =>
    [
        $"subject   {ban.Subject.ToPrintable()}",
        $"reason    {ban.Reason.ToPrintable()}",
        $"since     {FormatTime(ban.Since)}",
        $"until     {FormatEnd(ban)}",
        $"source    {ban.Source}{(ban.Actor is { } actor ? $" ({actor.ToPrintable()})" : "")}",
        string.Create(CultureInfo.InvariantCulture, $"failures  {ban.Failures}"),
        .. ban.HasNoEffect == true ? [$"effect    {NoEffect}"] : Array.Empty<string>(),
    ];

    /// <summary>Returns the end of a ban as text that follows "until".</summary>
    public static string FormatEnd(BanStatus ban) => ban.Until is { } until ? FormatTime(until) : "it is removed";

    /// <summary>Returns the time until the end. Above a minute it is rounded up, so that a new ban of 7 days shows 7d and not 6d.</summary>
    private static string FormatRemaining(TimeSpan time) =>
        StatusTable.FormatAge(time.TotalMinutes > 1 ? TimeSpan.FromMinutes(Math.Ceiling(time.TotalMinutes)) : time);

    private static string FormatTime(DateTimeOffset time) =>
        time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture);

    private static string Pad(string text, int columns) => text + new string(' ', columns - DisplayFormat.CountColumns(text));
}
