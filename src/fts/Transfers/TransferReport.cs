using Fts.Client;
using Fts.Protocol;

namespace Fts.Transfers;

/// <summary>Formats the messages for completed transfers.</summary>
internal static class TransferReport
{
    /// <summary>
    /// Returns the message for one file. The warning of <see cref="FormatWarning"/>, if there is one, follows on a second line.
    /// </summary>
    /// <param name="verb">The verb: <c>uploaded</c> or <c>downloaded</c>.</param>
    /// <param name="name">The file.</param>
    /// <param name="result">The result of the transfer.</param>
    public static string FormatTransfer(string verb, string name, FtpTransferResult result)
    {
        string line = FormatLine(verb, name, result);
        return FormatWarning(name, result) is { } warning ? $"{line}\n{warning}" : line;
    }

    /// <summary>Returns a warning if the size that the server reported differs from the transferred size, otherwise null.</summary>
    public static string? FormatWarning(string name, FtpTransferResult result)
    {
        string reportedLength = DisplayFormat.FormatBytes(result.ReportedLength ?? 0);
        string? warning = result.Warning switch
        {
            FtpTransferWarning.LongerThanReported =>
                $"the server reported {reportedLength} and sent {DisplayFormat.FormatBytes(result.Bytes)}; the whole file was kept",
            FtpTransferWarning.StillGrowing =>
                $"during the transfer the file grew to {reportedLength} on the server; the local copy has the earlier length",
            _ => null,
        };
        return warning is null ? null : $"warning: {name.ToPrintable()}: {warning}";
    }

    private static string FormatLine(string verb, string name, FtpTransferResult result)
    {
        bool wasComplete = result.Reply is null && result.Bytes == 0;
        string verification = result.VerifiedBy switch
        {
            FtpVerifiedBy.Hash => ", same SHA-256",
            FtpVerifiedBy.Length when wasComplete => ", same length",
            _ => "",
        };
        if (wasComplete)
        {
            return $"{name.ToPrintable()} is already complete ({DisplayFormat.FormatBytes(result.ResumedBytes)}{verification})";
        }

        string resumed = result.ResumedBytes > 0 ? $", resumed after {DisplayFormat.FormatBytes(result.ResumedBytes)}" : "";
        string amount = DisplayFormat.FormatBytes(result.Bytes) + FormatSpeed(result.Bytes, result.Elapsed);
        return $"{verb} {name.ToPrintable()} ({amount}{resumed}{verification})";
    }

    /// <summary>Returns the message for several files.</summary>
    /// <param name="verb">The verb: <c>uploaded</c> or <c>downloaded</c>.</param>
    /// <param name="files">The number of transferred files.</param>
    /// <param name="total">The number of all files.</param>
    /// <param name="bytes">The number of transferred bytes.</param>
    /// <param name="elapsed">The duration of all transfers.</param>
    public static string FormatBatch(string verb, int files, int total, long bytes, TimeSpan elapsed) =>
        $"{verb} {DisplayFormat.FormatFiles(files, total)} ({DisplayFormat.FormatSize(bytes)}{FormatSpeed(bytes, elapsed)})";

    /// <summary>
    /// Returns the duration and the rate. Returns an empty text for a transfer of less than 0.5 seconds, because its rate would mislead.
    /// </summary>
    private static string FormatSpeed(long bytes, TimeSpan elapsed) => elapsed.TotalSeconds < 0.5
        ? ""
        : $" in {DisplayFormat.FormatDuration(elapsed)}, {DisplayFormat.FormatSize(bytes / elapsed.TotalSeconds)}/s";
}
