using System.Globalization;
using Fts.Client;

namespace Fts.Transfers;

/// <summary>A running transfer in words: one line that fits a width.</summary>
internal static class ProgressFormatter
{
    /// <summary>Nobody wants to know an estimate above this.</summary>
    private static readonly TimeSpan MaxEstimate = TimeSpan.FromHours(100);

    /// <summary>The columns of the gauge, without its brackets.</summary>
    private const int MinGaugeColumns = 6, MaxGaugeColumns = 60;

    /// <summary>A name is cut to no less than this for the gauge.</summary>
    private const int MinNameColumns = 12;

    /// <summary>
    /// The bar: name, gauge, percent, amount, rate, time left. A narrow terminal omits the verb first, then the gauge, then rate
    /// and time. Without a known size there is no gauge, no percent and no estimate.
    /// </summary>
    public static string FormatBar(string verb, string name, FtpProgress progress, double rate, int width)
    {
        // The last column stays empty: a terminal may wrap there.
        int available = width - 1;
        string text = Join("  ", FormatPercent(progress), FormatAmount(progress), FormatRate(progress, rate), FormatRemaining(progress, rate));
        if (available - text.Length < 10)
        {
            text = Join("  ", FormatPercent(progress), progress.Stage == FtpTransferStage.Transferring ? FormatAmount(progress) : FormatRemaining(progress, rate));
        }

        if (available - text.Length < 4)
        {
            return text.Length <= available ? text : text[..available];
        }

        available -= text.Length + 2;
        string title = verb.Length == 0 ? name : $"{verb} {name}", gauge = "";
        if (GetFraction(progress) is { } fraction)
        {
            // The gauge takes what the name leaves; a long name is shortened to leave room for a short gauge.
            int columns = Math.Min(MaxGaugeColumns, Math.Max(available - DisplayFormat.CountColumns(title), Math.Min(MinGaugeColumns + 4, available - DisplayFormat.CountColumns(name))) - 4);
            columns = columns < MinGaugeColumns && available - MinNameColumns >= MinGaugeColumns + 4 ? MinGaugeColumns : columns;
            gauge = columns < MinGaugeColumns ? "" : $"[{new string('#', (int)(fraction * columns))}{new string('.', columns - (int)(fraction * columns))}]  ";
            available -= gauge.Length;
        }

        return $"{DisplayFormat.Shorten(available >= DisplayFormat.CountColumns(title) ? title : name, available)}  {gauge}{text}";
    }

    /// <summary>The same for a log.</summary>
    public static string FormatLine(string verb, string name, FtpProgress progress, double rate) =>
        $"{verb} {name}: {Join(", ", FormatPercent(progress).Trim(), FormatAmount(progress), FormatRate(progress, rate), FormatRemaining(progress, rate))}";

    /// <summary>How much is there, 0 to 1; null when nobody knows the whole.</summary>
    public static double? GetFraction(FtpProgress progress) =>
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
    private static string FormatPercent(FtpProgress progress) =>
        GetFraction(progress) is { } fraction ? $"{((int)(fraction * 100)).ToString(CultureInfo.InvariantCulture),3}%" : "";

    private static string FormatAmount(FtpProgress progress) =>
        DisplayFormat.FormatSize(progress.Bytes + progress.ResumedBytes) + (progress.TotalBytes is { } total ? $"/{DisplayFormat.FormatSize(total + progress.ResumedBytes)}" : "");

    private static string FormatRate(FtpProgress progress, double rate) => progress.Stage == FtpTransferStage.Transferring && rate > 0 ? $"{DisplayFormat.FormatSize(rate)}/s" : "";

    /// <summary>Time left, or what is waited for: a bar at 100 % that says nothing looks like a hang.</summary>
    private static string FormatRemaining(FtpProgress progress, double rate) => progress.Stage switch
    {
        FtpTransferStage.Connecting => "connecting",
        FtpTransferStage.AwaitingReply => "waiting for confirmation",
        FtpTransferStage.Committing => "renaming",
        FtpTransferStage.Verifying => "verifying",
        _ when progress.TotalBytes is null || rate <= 0 => "",
        _ => $"{DisplayFormat.FormatDuration(Min(MaxEstimate, TimeSpan.FromSeconds(Math.Min((progress.TotalBytes!.Value - progress.Bytes) / rate, 1e9))))} left",
    };

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
