using System.Globalization;
using Fts.Client;

namespace Fts.Transfers;

/// <summary>Formats the progress of a transfer as one line of limited width.</summary>
internal static class ProgressFormatter
{
    /// <summary>The longest remaining time that is shown.</summary>
    private static readonly TimeSpan MaxEstimate = TimeSpan.FromHours(100);

    /// <summary>The smallest and the largest width of the gauge <c>[##..]</c> in columns, without its brackets.</summary>
    private const int MinGaugeColumns = 6, MaxGaugeColumns = 60;

    /// <summary>The number of columns that a gauge of the smallest width leaves for the name.</summary>
    private const int MinNameColumns = 12;

    /// <summary>
    /// Returns the line for a terminal: verb, name, gauge, percentage, amount, rate, remaining time. If the terminal is narrow, first the
    /// verb is omitted, then the gauge, then rate and time. Gauge, percentage and time are omitted if the size is unknown.
    /// </summary>
    /// <param name="verb">The verb, or empty.</param>
    /// <param name="name">The file, or the number of files.</param>
    /// <param name="progress">The progress.</param>
    /// <param name="rate">The rate in bytes per second.</param>
    /// <param name="width">The width of the terminal in columns.</param>
    public static string FormatBar(string verb, string name, FtpProgress progress, double rate, int width)
    {
        // The last column remains empty, because some terminals wrap there.
        int available = width - 1;
        string remaining = FormatRemaining(progress, rate);
        string text = JoinNonEmpty("  ", FormatPercent(progress), FormatAmount(progress), FormatRate(progress, rate), remaining);
        if (available - text.Length < 10)
        {
            bool isTransferring = progress.Stage == FtpTransferStage.Transferring;
            text = JoinNonEmpty("  ", FormatPercent(progress), isTransferring ? FormatAmount(progress) : remaining);
        }

        if (available - text.Length < 4)
        {
            return text.Length <= available ? text : text[..available];
        }

        available -= text.Length + 2;
        string title = verb.Length == 0 ? name : $"{verb} {name}", gauge = "";
        if (GetFraction(progress) is { } fraction)
        {
            // The gauge, with 4 columns of brackets and spaces, fills the columns beside verb and name. If these are too few, the verb is
            // omitted. If the columns beside the name are also too few, the name is shortened.
            int besideTitle = available - DisplayFormat.CountColumns(title), besideName = available - DisplayFormat.CountColumns(name);
            int columns = Math.Min(MaxGaugeColumns, Math.Max(besideTitle, Math.Min(MinGaugeColumns + 4, besideName)) - 4);
            if (columns < MinGaugeColumns && available - MinNameColumns >= MinGaugeColumns + 4)
            {
                columns = MinGaugeColumns;
            }

            int filled = (int)(fraction * columns);
            gauge = columns < MinGaugeColumns ? "" : $"[{new string('#', filled)}{new string('.', columns - filled)}]  ";
            available -= gauge.Length;
        }

        return $"{DisplayFormat.Shorten(available >= DisplayFormat.CountColumns(title) ? title : name, available)}  {gauge}{text}";
    }

    /// <summary>Returns the line for a log, of any width. The rate is in bytes per second.</summary>
    public static string FormatLine(string verb, string name, FtpProgress progress, double rate)
    {
        string percent = FormatPercent(progress).Trim();
        string remaining = FormatRemaining(progress, rate);
        return $"{verb} {name}: {JoinNonEmpty(", ", percent, FormatAmount(progress), FormatRate(progress, rate), remaining)}";
    }

    /// <summary>Returns the completed fraction, 0 to 1, including resumed bytes. Null if the size is unknown or 0.</summary>
    public static double? GetFraction(FtpProgress progress) => progress.TotalBytes is { } total && total + progress.ResumedBytes > 0
        ? Math.Min(1, (double)(progress.Bytes + progress.ResumedBytes) / (total + progress.ResumedBytes))
        : null;

    private static string JoinNonEmpty(string separator, params ReadOnlySpan<string> parts)
    {
        string joined = "";
        foreach (string part in parts)
        {
            joined += joined.Length > 0 && part.Length > 0 ? separator + part : part;
        }

        return joined;
    }

    /// <summary>Returns the percentage, rounded down, so that 100% means complete.</summary>
    private static string FormatPercent(FtpProgress progress) =>
        GetFraction(progress) is { } fraction ? $"{((int)(fraction * 100)).ToString(CultureInfo.InvariantCulture),3}%" : "";

    private static string FormatAmount(FtpProgress progress) =>
        DisplayFormat.FormatSize(progress.Bytes + progress.ResumedBytes)
        + (progress.TotalBytes is { } total ? $"/{DisplayFormat.FormatSize(total + progress.ResumedBytes)}" : "");

    private static string FormatRate(FtpProgress progress, double rate) =>
        progress.Stage == FtpTransferStage.Transferring && rate > 0 ? $"{DisplayFormat.FormatSize(rate)}/s" : "";

    /// <summary>
    /// Returns the remaining time while bytes are transferred. In any other stage, returns the name of the stage, because an unexplained
    /// wait at 100% would look like a hang.
    /// </summary>
    private static string FormatRemaining(FtpProgress progress, double rate) => progress.Stage switch
    {
        FtpTransferStage.Connecting => "connecting",
        FtpTransferStage.AwaitingReply => "waiting for confirmation",
        FtpTransferStage.Committing => "renaming",
        FtpTransferStage.Verifying => "verifying",
        _ when progress.TotalBytes is null || rate <= 0 => "",
        _ => $"{DisplayFormat.FormatDuration(EstimateRemaining(progress.TotalBytes!.Value - progress.Bytes, rate))} left",
    };

    private static TimeSpan EstimateRemaining(long bytes, double rate) =>
        TimeSpan.FromSeconds(Math.Min(bytes / rate, MaxEstimate.TotalSeconds));
}
