using Fts.Client;
using Fts.Protocol;

namespace Fts.Transfers;

/// <summary>What is said of transfers that are done.</summary>
internal static class TransferReport
{
    /// <summary>Of one file: one line, and a warning on a second one if there is something unusual.</summary>
    /// <param name="done">What was done: <c>uploaded</c>, <c>downloaded</c>.</param>
    /// <param name="name">The file.</param>
    /// <param name="result">The transfer.</param>
    public static string FormatTransfer(string done, string name, FtpTransferResult result) =>
        Warning(name, result) is { } warning ? $"{Line(done, name, result)}\n{warning}" : Line(done, name, result);

    /// <summary>Returns a warning about a transfer that succeeded; null if there is nothing unusual.</summary>
    public static string? Warning(string name, FtpTransferResult result) => result.Warning switch
    {
        FtpTransferWarning.LongerThanReported =>
            $"warning: {name.ToPrintable()}: the server reported {Amounts.Bytes(result.ReportedLength ?? 0)} and sent {Amounts.Bytes(result.Bytes)}; the whole file was kept",
        FtpTransferWarning.StillGrowing =>
            $"warning: {name.ToPrintable()}: during the transfer the file grew to {Amounts.Bytes(result.ReportedLength ?? 0)} on the server; the local copy has its earlier length",
        _ => null,
    };

    private static string Line(string done, string name, FtpTransferResult result)
    {
        string proof = result.VerifiedBy switch
        {
            FtpVerifiedBy.Hash => ", same SHA-256",
            FtpVerifiedBy.Length when result.Reply is null => ", same length",
            _ => "",
        };
        if (result.Reply is null)
        {
            return $"{name.ToPrintable()} is complete: all of it was there already ({Amounts.Bytes(result.ResumedBytes)}{proof})";
        }

        string resumed = result.ResumedBytes > 0 ? $" after the {Amounts.Bytes(result.ResumedBytes)} from before" : "";
        return $"{done} {name.ToPrintable()} ({Amounts.Bytes(result.Bytes)}{resumed}{Speed(result.Bytes, result.Elapsed)}{proof})";
    }

    /// <summary>Of many.</summary>
    public static string OfMany(string done, int files, int of, long bytes, TimeSpan elapsed) =>
        $"{done} {Amounts.Files(files, of)} ({Amounts.Size(bytes)}{Speed(bytes, elapsed)})";

    /// <summary>A rate over an instant says nothing about the line.</summary>
    private static string Speed(long bytes, TimeSpan elapsed) => elapsed.TotalSeconds < 0.5 ? "" : $" in {Amounts.Time(elapsed)}, {Amounts.Size(bytes / elapsed.TotalSeconds)}/s";
}
