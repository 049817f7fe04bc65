using System.Globalization;
using Fts.Cli;
using Fts.Client;
using Fts.Shell;

namespace Fts.Transfers;

/// <summary>What is said of transfers that break off, go on, or start anew: how much is kept, and the command that goes on from it.</summary>
internal static class ResumeAdvice
{
    /// <summary>A failed <c>get</c>: tells what is kept here.</summary>
    public static Exception ForDownload(ClientShell shell, Exception e, RemoteFile remoteFile, string localPath, ExistingFileAction existingFile)
    {
        shell.RecordConnectionLoss(e);
        if (e is FtpTargetExistsException)
        {
            return new UserErrorException(ExitCode.OtherError, $"get {remoteFile}: {e.Message}", $"{shell.FormatRetryCommand("get", "--overwrite", remoteFile.TypedName)}, to replace it");
        }

        UserError error = ExceptionTranslator.Translate(e, $"get {remoteFile}", shell.Target);
        if (e is FtpIntegrityException { Failure: FtpIntegrityFailure.Unverified } || (e is not FtpIntegrityException && !IsInterrupted(error.ExitCode)))
        {
            return e;
        }

        if (FtpPartialDownload.Find(localPath) is not { } partial)
        {
            return e is FtpIntegrityException ? new UserErrorException(error with { Message = $"{error.Message}; nothing was kept" }) : e;
        }

        string what = LocalErrorText.IsDiskFull(e)
            ? $"get {remoteFile}: no space left here: {DisplayFormat.FormatSize(partial.Length)} of {DisplayFormat.FormatSize(partial.Total)} are kept, {DisplayFormat.FormatSize(partial.Total - partial.Length)} more are needed"
            : $"{error.Message}; {FormatPercent(partial.Length, partial.Total)} of it is kept";
        // The file that was to be replaced is still there, and is not the beginning of the new one.
        string option = existingFile == ExistingFileAction.Overwrite && File.Exists(localPath) ? "--overwrite" : "--resume";
        return new UserErrorException(error with { Message = what, Advice = shell.FormatRetryCommand("get", option, remoteFile.TypedName, error.ExitCode) });
    }

    /// <summary>A failed <c>put</c>, of which some bytes had left.</summary>
    public static Exception ForUpload(ClientShell shell, Exception e, string localPath, FtpProgress last)
    {
        shell.RecordConnectionLoss(e);
        string rest = GetUploadOption(shell);
        UserError error = ExceptionTranslator.Translate(e, $"put {localPath}", shell.Target);
        return e is FtpTargetExistsException ? new UserErrorException(ExitCode.OtherError, $"put {localPath}: {e.Message}", $"{shell.FormatRetryCommand("put", "--overwrite", localPath)}, to replace it")
            : error.ExitCode == ExitCode.ContentMismatch && e is not FtpIntegrityException { Failure: FtpIntegrityFailure.Unverified } ? new UserErrorException(error with { Advice = shell.FormatRetryCommand("put", "--overwrite", localPath) })
            : (IsInterrupted(error.ExitCode) || error.ExitCode == ExitCode.NoSpace) && last.Bytes + last.ResumedBytes > 0 && last.TotalBytes is not null ? new UserErrorException(error with { Advice = shell.FormatRetryCommand("put", rest, localPath, error.ExitCode) })
            : e;
    }

    /// <summary>Returns the option that sends the rest of an upload. In ASCII mode the whole file is sent again.</summary>
    public static string GetUploadOption(ClientShell shell) => shell.TransferSettings.Type == FtpTransferType.Ascii ? "--overwrite" : "--resume";

    /// <summary>What is to be said when the bytes begin to move; null when nothing is.</summary>
    public static string? FormatStart(string name, FtpProgress progress) => progress switch
    {
        { ResumedBytes: > 0, TotalBytes: { } left } =>
            $"resuming {name} at {FormatPercent(progress.ResumedBytes, progress.ResumedBytes + left)} ({DisplayFormat.FormatSize(progress.ResumedBytes)} of {DisplayFormat.FormatSize(progress.ResumedBytes + left)})",
        { RestartReason: FtpRestartReason.Changed } => $"{name} changed on the server after its download began: the partial file is discarded, and the whole file is fetched",
        { RestartReason: FtpRestartReason.Unverifiable } => $"the server reports neither a time nor a hash that proves that the partial file belongs to {name}: the whole file is fetched",
        { RestartReason: FtpRestartReason.Unsupported } => $"the server cannot start in the middle of {name}: the whole file is fetched",
        _ => null,
    };

    /// <summary>Rounded down: 100 % means all of it.</summary>
    private static string FormatPercent(long part, long whole) =>
        string.Create(CultureInfo.InvariantCulture, $"{(whole == 0 ? 100 : (int)(100.0 * part / whole))} %");

    private static bool IsInterrupted(ExitCode code) => code is ExitCode.TransferFailed or ExitCode.CannotConnect or ExitCode.LocalFileError or ExitCode.Interrupted;
}
