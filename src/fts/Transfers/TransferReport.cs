using Fts.Client;
using Fts.Protocol;

namespace Fts.Transfers;

/// <summary>What is said of transfers that are done.</summary>
internal static class TransferReport
{
    /// <summary>Of one file: one line, and a warning on a second one if there is something unusual.</summary>
    /// <param name="verb">What was done: <c>uploaded</c>, <c>downloaded</c>.</param>
    /// <param name="name">The file.</param>
    /// <param name="result">The transfer.</param>
    public static string FormatTransfer(string verb, string name, FtpTransferResult result) =>
        FormatWarning(name, result) is { } warning ? $"{FormatLine(verb, name, result)}\n{warning}" : FormatLine(verb, name, result);

    /// <summary>Returns a warning about a transfer that succeeded; null if there is nothing unusual.</summary>
    public static string? FormatWarning(string name, FtpTransferResult result) => result.Warning switch
    {
        FtpTransferWarning.LongerThanReported =>
            $"warning: {name.ToPrintable()}: the server reported {DisplayFormat.FormatBytes(result.ReportedLength ?? 0)} and sent {DisplayFormat.FormatBytes(result.Bytes)}; the whole file was kept",
        FtpTransferWarning.StillGrowing =>
            $"warning: {name.ToPrintable()}: during the transfer the file grew to {DisplayFormat.FormatBytes(result.ReportedLength ?? 0)} on the server; the local copy has its earlier length",
        _ => null,
    };

    private static string FormatLine(string verb, string name, FtpTransferResult result)
    {
        string verification = result.VerifiedBy switch
        {
            FtpVerifiedBy.Hash => ", same SHA-256",
            FtpVerifiedBy.Length when result.Reply is null => ", same length",
            _ => "",
        };
        if (result.Reply is null)
        {
            return $"{name.ToPrintable()} is complete: all of it was there already ({DisplayFormat.FormatBytes(result.ResumedBytes)}{verification})";
        }

        string resumed = result.ResumedBytes > 0 ? $" after the {DisplayFormat.FormatBytes(result.ResumedBytes)} from before" : "";
        return $"{verb} {name.ToPrintable()} ({DisplayFormat.FormatBytes(result.Bytes)}{resumed}{FormatSpeed(result.Bytes, result.Elapsed)}{verification})";
    }

    /// <summary>Of many.</summary>
    public static string FormatBatch(string verb, int files, int total, long bytes, TimeSpan elapsed) =>
        $"{verb} {DisplayFormat.FormatFiles(files, total)} ({DisplayFormat.FormatSize(bytes)}{FormatSpeed(bytes, elapsed)})";

    /// <summary>A rate over an instant says nothing about the line.</summary>
    private static string FormatSpeed(long bytes, TimeSpan elapsed) => elapsed.TotalSeconds < 0.5 ? "" : $" in {DisplayFormat.FormatDuration(elapsed)}, {DisplayFormat.FormatSize(bytes / elapsed.TotalSeconds)}/s";
}
