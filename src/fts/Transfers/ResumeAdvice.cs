using System.Globalization;
using Fts.Cli;
using Fts.Client;
using Fts.Shell;

namespace Fts.Transfers;

/// <summary>
/// Formats the messages for interrupted, resumed and restarted transfers. An error contains the command that resumes the transfer. The
/// error of a download also reports how much of the file was kept.
/// </summary>
internal static class ResumeAdvice
{
    /// <summary>
    /// Returns the error of a failed <c>get</c>, with the kept percentage of the file and the command that resumes the download or replaces
    /// the existing file. Returns the same exception if no such command helps.
    /// </summary>
    public static Exception AddToDownloadError(
        ClientShell shell, Exception e, RemoteFile remoteFile, string localPath, ExistingFileAction existingFile)
    {
        shell.RecordConnectionLoss(e);
        if (e is FtpTargetExistsException)
        {
            string retryCommand = shell.FormatRetryCommand("get", "--overwrite", remoteFile.TypedName, target: remoteFile.TypedTarget);
            return new UserErrorException(ExitCode.OtherError, $"get {remoteFile}: {e.Message}", $"{retryCommand}, to replace it");
        }

        UserError error = ExceptionTranslator.Translate(e, $"get {remoteFile}", shell.Target);
        bool isUnverified = e is FtpIntegrityException { Failure: FtpIntegrityFailure.Unverified };
        if (isUnverified || (e is not FtpIntegrityException && !IsInterrupted(error.ExitCode)))
        {
            return e;
        }

        if (FtpPartialDownload.Find(localPath) is not { } partial)
        {
            return e is FtpIntegrityException ? new UserErrorException(error with { Message = $"{error.Message}; nothing was kept" }) : e;
        }

        string message = LocalErrorText.IsDiskFull(e)
            ? $"get {remoteFile}: no space left on the local disk, {DisplayFormat.FormatSize(partial.Total - partial.Length)} more needed; "
                + $"kept {DisplayFormat.FormatSize(partial.Length)} of {DisplayFormat.FormatSize(partial.Total)} for resuming"
            : $"{error.Message}; kept {FormatPercent(partial.Length, partial.Total)} for resuming";
        // With --resume, the existing file, which the user wants to replace, would count as the beginning of the new file.
        string option = existingFile == ExistingFileAction.Overwrite && File.Exists(localPath) ? "--overwrite" : "--resume";
        string advice = shell.FormatRetryCommand("get", option, remoteFile.TypedName, error.ExitCode, remoteFile.TypedTarget);
        return new UserErrorException(error with { Message = message, Advice = advice });
    }

    /// <summary>Returns the error of a failed <c>put</c>, with the command that resumes the upload or replaces the remote file.</summary>
    /// <param name="shell">The session.</param>
    /// <param name="e">The exception of the upload. Returned unchanged if no such command helps.</param>
    /// <param name="localPath">The local file.</param>
    /// <param name="last">The last progress of the upload.</param>
    /// <param name="target">The target that the user typed, or null.</param>
    public static Exception AddToUploadError(ClientShell shell, Exception e, string localPath, FtpProgress last, string? target = null)
    {
        shell.RecordConnectionLoss(e);
        if (e is FtpTargetExistsException)
        {
            string retryCommand = shell.FormatRetryCommand("put", "--overwrite", localPath, target: target);
            return new UserErrorException(ExitCode.OtherError, $"put {localPath}: {e.Message}", $"{retryCommand}, to replace it");
        }

        UserError error = ExceptionTranslator.Translate(e, $"put {localPath}", shell.Target);
        if (error.ExitCode == ExitCode.ContentMismatch && e is not FtpIntegrityException { Failure: FtpIntegrityFailure.Unverified })
        {
            string retryCommand = shell.FormatRetryCommand("put", "--overwrite", localPath, target: target);
            return new UserErrorException(error with { Advice = retryCommand });
        }

        bool isInterrupted = IsInterrupted(error.ExitCode) || error.ExitCode == ExitCode.NoSpace;
        if (isInterrupted && last.Bytes + last.ResumedBytes > 0 && last.TotalBytes is not null)
        {
            string advice = shell.FormatRetryCommand("put", GetUploadOption(shell), localPath, error.ExitCode, target);
            return new UserErrorException(error with { Advice = advice });
        }

        return e;
    }

    /// <summary>Returns the option with which <c>put</c> repeats an upload. In ASCII mode an upload cannot be resumed.</summary>
    public static string GetUploadOption(ClientShell shell) =>
        shell.TransferSettings.Type == FtpTransferType.Ascii ? "--overwrite" : "--resume";

    /// <summary>Returns the message for the start of a resumed or restarted transfer, or null for any other transfer.</summary>
    public static string? FormatStart(string name, FtpProgress progress) => progress switch
    {
        { ResumedBytes: > 0 and var resumed, TotalBytes: { } remaining } =>
            $"resuming {name} at {FormatPercent(resumed, resumed + remaining)} "
            + $"({DisplayFormat.FormatSize(resumed)} of {DisplayFormat.FormatSize(resumed + remaining)})",
        { RestartReason: FtpRestartReason.Changed } =>
            $"{name} changed on the server: discarding the partial file and transferring the whole file",
        { RestartReason: FtpRestartReason.Unverifiable } =>
            $"cannot verify the partial file of {name}, because the server reports neither a time nor a hash: transferring the whole file",
        { RestartReason: FtpRestartReason.Unsupported } =>
            $"the server does not support resuming (REST): transferring the whole file {name}",
        _ => null,
    };

    /// <summary>Returns the percentage, rounded down, so that 100 % means complete.</summary>
    public static string FormatPercent(long part, long whole) =>
        string.Create(CultureInfo.InvariantCulture, $"{(whole == 0 ? 100 : (int)(100.0 * part / whole))} %");

    private static bool IsInterrupted(ExitCode code) =>
        code is ExitCode.TransferFailed or ExitCode.CannotConnect or ExitCode.LocalFileError or ExitCode.Interrupted;
}
