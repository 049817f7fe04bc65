using Fts.Client;
using Fts.Shell;
using Fts.Transfers.Retries;

namespace Fts.Transfers;

/// <summary>Transfers single files, and repeats a transfer after a transient error as the settings of the session require.</summary>
internal static class FileTransfers
{
    /// <summary>Downloads a file. A repeated attempt continues with the partial file.</summary>
    public static Task<FtpTransferResult> DownloadAsync(
        ClientShell shell,
        string localPath,
        string remotePath,
        FtpTransferOptions options,
        TransferMeter meter,
        CancellationToken cancellationToken) => shell.TransferSettings.Retries.RunAsync(
            shell.Terminal,
            _ => shell.Client.DownloadFileAsync(localPath, remotePath, options, meter, cancellationToken),
            RetryPolicy.IsTransient,
            () => FtpPartialDownload.Find(localPath) is { Total: > 0 } partial
                ? $"{ResumeAdvice.FormatPercent(partial.Length, partial.Total)} kept"
                : null,
            cancellationToken);

    /// <summary>
    /// Uploads a file. A repeated attempt continues after the bytes that the server has, if the failed attempt sent some: the remote file
    /// is then the beginning of the local file. If the server has other bytes, the upload starts from the beginning.
    /// </summary>
    public static Task<FtpTransferResult> UploadAsync(
        ClientShell shell,
        string localPath,
        string remotePath,
        FtpTransferOptions options,
        TransferMeter meter,
        CancellationToken cancellationToken)
    {
        bool canResume = false;
        return shell.TransferSettings.Retries.RunAsync(
            shell.Terminal,
            _ => canResume ? ResumeAsync() : UploadOnceAsync(options),
            e =>
            {
                canResume |= CanResume(options, meter.Latest);
                return RetryPolicy.IsTransientUpload(e);
            },
            () => DescribeSent(meter.Latest),
            cancellationToken);

        async Task<FtpTransferResult> ResumeAsync()
        {
            try
            {
                return await UploadOnceAsync(options with { Resume = FtpResume.PartialOrTarget, Overwrite = true });
            }
            catch (FtpTargetExistsException)
            {
                return await UploadOnceAsync(options);
            }
        }

        Task<FtpTransferResult> UploadOnceAsync(FtpTransferOptions chosen) =>
            shell.Client.UploadFileAsync(localPath, remotePath, chosen, meter, cancellationToken);
    }

    /// <summary>
    /// Writes a remote file to standard output. An attempt is repeated only if it has written no byte, because the bytes cannot be taken
    /// back.
    /// </summary>
    public static Task<FtpTransferResult> PrintAsync(
        ClientShell shell, string remotePath, FtpTransferOptions options, CancellationToken cancellationToken)
    {
        var progress = new LatestProgress();
        return shell.TransferSettings.Retries.RunAsync(
            shell.Terminal,
            _ => shell.Client.DownloadAsync(shell.Terminal.OpenDataStream(), remotePath, options, progress, cancellationToken),
            e => progress.Bytes == 0 && RetryPolicy.IsTransient(e),
            describeKept: null,
            cancellationToken);
    }

    /// <summary>Returns whether a repeated upload may continue after the bytes on the server.</summary>
    public static bool CanResume(FtpTransferOptions options, FtpProgress last) =>
        options.Type == FtpTransferType.Binary && last.Bytes + last.ResumedBytes > 0;

    private static string? DescribeSent(FtpProgress last) => last is { TotalBytes: { } total, Bytes: > 0 }
        ? $"{ResumeAdvice.FormatPercent(last.Bytes + last.ResumedBytes, total + last.ResumedBytes)} sent"
        : null;

    /// <summary>Records the number of transferred bytes.</summary>
    private sealed class LatestProgress : IProgress<FtpProgress>
    {
        public long Bytes { get; private set; }

        public void Report(FtpProgress value) => Bytes = value.Bytes;
    }
}
