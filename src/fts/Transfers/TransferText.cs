using System.Globalization;
using Fts.Client;

namespace Fts.Transfers;

/// <summary>A running transfer in words: one line that fits a width.</summary>
internal static class TransferText
{
    /// <summary>Nobody wants to know an estimate above this.</summary>
    private static readonly TimeSpan LongestEstimate = TimeSpan.FromHours(100);

    /// <summary>The columns of the gauge, without its brackets.</summary>
    private const int LeastGauge = 6, MostGauge = 60;

    /// <summary>A name is cut to no less than this for the gauge.</summary>
    private const int LeastName = 12;

    /// <summary>
    /// The bar: name, gauge, percent, amount, rate, time left. A narrow terminal omits the verb first, then the gauge, then rate
    /// and time. Without a known size there is no gauge, no percent and no estimate.
    /// </summary>
    public static string Bar(string verb, string name, FtpProgress progress, double rate, int width)
    {
        // The last column stays empty: a terminal may wrap there.
        int room = width - 1;
        string text = Join("  ", Percent(progress), Amount(progress), Speed(progress, rate), Left(progress, rate));
        if (room - text.Length < 10)
        {
            text = Join("  ", Percent(progress), progress.Stage == FtpTransferStage.Transferring ? Amount(progress) : Left(progress, rate));
        }

        if (room - text.Length < 4)
        {
            return text.Length <= room ? text : text[..room];
        }

        room -= text.Length + 2;
        string full = verb.Length == 0 ? name : $"{verb} {name}", gauge = "";
        if (Fraction(progress) is { } fraction)
        {
            // The gauge takes what the name leaves; a long name is shortened to leave room for a short gauge.
            int columns = Math.Min(MostGauge, Math.Max(room - Amounts.Columns(full), Math.Min(LeastGauge + 4, room - Amounts.Columns(name))) - 4);
            columns = columns < LeastGauge && room - LeastName >= LeastGauge + 4 ? LeastGauge : columns;
            gauge = columns < LeastGauge ? "" : $"[{new string('#', (int)(fraction * columns))}{new string('.', columns - (int)(fraction * columns))}]  ";
            room -= gauge.Length;
        }

        return $"{Amounts.Fit(room >= Amounts.Columns(full) ? full : name, room)}  {gauge}{text}";
    }

    /// <summary>The same for a log.</summary>
    public static string Line(string verb, string name, FtpProgress progress, double rate) =>
        $"{verb} {name}: {Join(", ", Percent(progress).Trim(), Amount(progress), Speed(progress, rate), Left(progress, rate))}";

    /// <summary>How much is there, 0 to 1; null when nobody knows the whole.</summary>
    public static double? Fraction(FtpProgress progress) =>
        progress.TotalBytes is { } total && total + progress.ResumedBytes > 0 ? Math.Min(1, (double)(progress.Bytes + progress.ResumedBytes) / (total + progress.ResumedBytes)) : null;

    private static string Join(string separator, params ReadOnlySpan<string> parts)
    {
        string joined = "";
        foreach (string part in parts)
        {
            joined += part.Length == 0 ? "" : joined.Length == 0 ? part : separator + part;
        }

        return joined;
    }

    /// <summary>Rounded down: 100 % means all of it.</summary>
    private static string Percent(FtpProgress progress) =>
        Fraction(progress) is { } fraction ? $"{((int)(fraction * 100)).ToString(CultureInfo.InvariantCulture),3}%" : "";

    private static string Amount(FtpProgress progress) =>
        Amounts.Size(progress.Bytes + progress.ResumedBytes) + (progress.TotalBytes is { } total ? $"/{Amounts.Size(total + progress.ResumedBytes)}" : "");

    private static string Speed(FtpProgress progress, double rate) => progress.Stage == FtpTransferStage.Transferring && rate > 0 ? $"{Amounts.Size(rate)}/s" : "";

    /// <summary>Time left, or what is waited for: a bar at 100 % that says nothing looks like a hang.</summary>
    private static string Left(FtpProgress progress, double rate) => progress.Stage switch
    {
        FtpTransferStage.Connecting => "connecting",
        FtpTransferStage.AwaitingReply => "waiting for confirmation",
        FtpTransferStage.Committing => "renaming",
        FtpTransferStage.Verifying => "verifying",
        _ when progress.TotalBytes is null || rate <= 0 => "",
        _ => $"{Amounts.Time(Min(LongestEstimate, TimeSpan.FromSeconds(Math.Min((progress.TotalBytes!.Value - progress.Bytes) / rate, 1e9))))} left",
    };

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
