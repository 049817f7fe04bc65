using System.Globalization;
using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell;
using Fts.Transfers.Retries;

namespace Fts.Transfers;

/// <summary>The direction of transfers, as words for messages.</summary>
/// <param name="Verb">The verb: <c>upload</c>.</param>
/// <param name="ActiveVerb">The verb for running transfers: <c>uploading</c>.</param>
/// <param name="PastVerb">The verb for completed transfers: <c>uploaded</c>.</param>
/// <param name="Location">The location of the files that the transfers create: <c>on the server</c>.</param>
internal sealed record TransferDirection(string Verb, string ActiveVerb, string PastVerb, string Location)
{
    /// <summary>From the client to the server.</summary>
    public static TransferDirection Upload { get; } = new("upload", "uploading", "uploaded", "on the server");

    /// <summary>From the server to the client.</summary>
    public static TransferDirection Download { get; } = new("download", "downloading", "downloaded", "in the local folder");
}

/// <summary>Transfers several files and shows their progress together. A failed file does not stop the others.</summary>
/// <param name="shell">The session.</param>
/// <param name="direction">The direction of the transfers.</param>
/// <param name="formatName">Returns the name of a file for messages.</param>
/// <param name="describeError">Returns the error for the exception of a file, given the last progress of its transfer.</param>
internal sealed class TransferBatch(
    ClientShell shell,
    TransferDirection direction,
    Func<FtpBatchFile, string> formatName,
    Func<FtpBatchFile, Exception, FtpProgress, UserError> describeError)
{
    private ExitCode _result = ExitCode.Success;
    private Exception? _lastException;
    private UserError? _lastError;
    private int _repeatedErrors, _skippedFiles;
    private readonly List<(FtpBatchFile File, bool CanResume)> _retries = []; // added by the meter under its lock
    private readonly HashSet<string> _resumable = []; // remote paths of uploads of which the server has the beginning
    private bool _canRetry;
    private string _retryReason = "";

    /// <summary>The number of transferred files.</summary>
    public int CompletedFiles { get; private set; }

    /// <summary>The result of the transfers in one line. Empty before the transfers have ended.</summary>
    public string Summary { get; private set; } = "";

    /// <summary>
    /// Transfers files as a batch of the client library. Prints a summary if there are more than <see cref="BatchMeter.MaxFilesListed"/>
    /// files. The parameters are described at <see cref="TransferAsync"/>.
    /// </summary>
    public async Task<ExitCode> RunAsync(
        IReadOnlyList<FtpBatchFile> files, long? total, FtpTransferOptions options, Func<string> formatRetryCommand,
        CancellationToken cancellationToken)
    {
        ExitCode code = await TransferAsync(files, total, options, formatRetryCommand, TransferManyAsync, cancellationToken);
        if (files.Count > BatchMeter.MaxFilesListed)
        {
            shell.Terminal.WriteMessage(Summary);
        }

        return code;

        Task TransferManyAsync(FtpBatchFile[] batch, FtpTransferOptions chosen, BatchMeter meter) => direction == TransferDirection.Upload
            ? shell.Client.UploadManyAsync(batch, chosen, meter, cancellationToken)
            : shell.Client.DownloadManyAsync(batch, chosen, meter, cancellationToken);
    }

    /// <summary>Transfers files, shows their progress and reports errors.</summary>
    /// <param name="files">The files.</param>
    /// <param name="total">The size of all files in bytes, or null if it is unknown.</param>
    /// <param name="options">
    /// The options of each transfer. If they exclude overwriting, an existing target is skipped without an error.
    /// </param>
    /// <param name="formatRetryCommand">Returns the command that transfers the remaining files after an interruption.</param>
    /// <param name="transfer">
    /// Transfers the files with the given options and reports to the meter. Called again with the files that failed with a transient error.
    /// </param>
    /// <param name="cancellationToken">Cancels the transfers.</param>
    /// <returns>
    /// <see cref="ExitCode.SomeFailed"/> if a file failed, <see cref="ExitCode.CannotConnect"/> if the client could not connect, otherwise
    /// <see cref="ExitCode.Success"/>.
    /// </returns>
    public async Task<ExitCode> TransferAsync(
        IReadOnlyList<FtpBatchFile> files,
        long? total,
        FtpTransferOptions options,
        Func<string> formatRetryCommand,
        Func<FtpBatchFile[], FtpTransferOptions, BatchMeter, Task> transfer,
        CancellationToken cancellationToken)
    {
        var meter = new BatchMeter(
            shell.Terminal, direction.ActiveVerb, files.Count, total, (result, last) => FormatResult(result, last, options));
        try
        {
            _canRetry = shell.TransferSettings.Retries.Attempts > 1;
            await transfer([.. files.Select(file => file with { Progress = meter })], options, meter);
            await RetryAsync(options, (batch, chosen) => transfer(batch, chosen, meter), cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            string completed =
                string.Create(CultureInfo.InvariantCulture, $"{meter.CompletedFiles} of {DisplayFormat.FormatFiles(files.Count)}");
            throw new UserErrorException(ExitCode.Interrupted, $"stopped; {direction.PastVerb} {completed}", formatRetryCommand());
        }
        finally
        {
            await meter.DisposeAsync();
        }

        if (_repeatedErrors > 0)
        {
            shell.Terminal.WriteMessage($"{_repeatedErrors} more file{(_repeatedErrors == 1 ? "" : "s")} failed for the same reason");
        }

        string skippedText = _skippedFiles > 0 ? $"; {_skippedFiles} skipped (already {direction.Location})" : "";
        CompletedFiles = meter.CompletedFiles;
        Summary = TransferReport.FormatBatch(direction.PastVerb, CompletedFiles, files.Count - _skippedFiles, meter.Bytes, meter.Elapsed)
            + skippedText;
        return _result;
    }

    /// <summary>
    /// Returns the message for a finished file. Counts skipped files and repeated errors, and sets the exit code after an error. Returns
    /// null for an error that was already reported. Also returns null for a skipped file if the output is a log instead of a terminal.
    /// </summary>
    private string? FormatResult(FtpBatchResult result, FtpProgress last, FtpTransferOptions options)
    {
        string name = formatName(result.File);
        if (result.Result is { } done)
        {
            // A small file in a batch mostly waits for other files, so its rate would mislead.
            WriteJson(result, "complete", null);
            FtpTransferResult reported = done.Bytes < 1_000_000 ? done with { Elapsed = TimeSpan.Zero } : done;
            return TransferReport.FormatTransfer(direction.PastVerb, name, reported);
        }

        if (result.Exception is FtpTargetExistsException && !options.Overwrite)
        {
            _skippedFiles++;
            WriteJson(result, "skipped", null);
            return shell.Terminal.CanRedraw ? $"skipped {name.ToPrintable()}: already exists {direction.Location}" : null;
        }

        if (_canRetry && (IsTransient(result.Exception!) || IsRefusedResumption(result)))
        {
            _retryReason = RetryPolicy.DescribeReason(result.Exception!);
            bool hasSent = direction == TransferDirection.Upload && FileTransfers.CanResume(options, last);
            bool canResume = result.Exception is not FtpTargetExistsException && (hasSent || _resumable.Contains(result.File.RemotePath));
            _retries.Add((result.File, canResume));
            return null;
        }

        if (ReferenceEquals(result.Exception, _lastException))
        {
            WriteJson(result, "failed", _lastError);
            _repeatedErrors++;
            return null;
        }

        UserError error = describeError(result.File, result.Exception!, last);
        WriteJson(result, "failed", error);
        bool isConnectionLost = error.ExitCode == ExitCode.CannotConnect || _result == ExitCode.CannotConnect;
        _result = isConnectionLost ? ExitCode.CannotConnect : ExitCode.SomeFailed;
        (bool isRepeated, _lastException, _lastError) = (error == _lastError, result.Exception, error);
        _repeatedErrors += isRepeated ? 1 : 0;
        return isRepeated ? null : shell.Terminal.FormatError(error);
    }

    private void WriteJson(FtpBatchResult result, string status, UserError? error) => JsonOutput.Current?.WriteTransfer(
        direction == TransferDirection.Upload, result.File.LocalPath, result.File.RemotePath, status, result.Result, error);

    /// <summary>Repeats the transfers that failed with a transient error, until all attempts have failed.</summary>
    private async Task RetryAsync(
        FtpTransferOptions options, Func<FtpBatchFile[], FtpTransferOptions, Task> transfer, CancellationToken cancellationToken)
    {
        RetryPolicy policy = shell.TransferSettings.Retries;
        for (int attempt = 2; _retries.Count > 0; attempt++)
        {
            (FtpBatchFile File, bool CanResume)[] files = [.. _retries];
            _retries.Clear();
            string reason = $"{_retryReason}: {DisplayFormat.FormatFiles(files.Length)}";
            await policy.DelayAsync(shell.Terminal, reason, attempt - 1, null, cancellationToken);
            _canRetry = attempt < policy.Attempts;
            _resumable.UnionWith(files.Where(file => file.CanResume).Select(file => file.File.RemotePath));
            ILookup<bool, FtpBatchFile> groups = files.ToLookup(file => file.CanResume, file => file.File);
            if (groups[true].Any())
            {
                await transfer([.. groups[true]], options with { Resume = FtpResume.PartialOrTarget, Overwrite = true });
            }

            if (groups[false].Any())
            {
                _resumable.ExceptWith(groups[false].Select(file => file.RemotePath));
                await transfer([.. groups[false]], options);
            }
        }
    }

    private bool IsTransient(Exception e) =>
        direction == TransferDirection.Upload ? RetryPolicy.IsTransientUpload(e) : RetryPolicy.IsTransient(e);

    /// <summary>
    /// Returns whether the server has other bytes than those that a repeated upload expected, so that it must start again.
    /// </summary>
    private bool IsRefusedResumption(FtpBatchResult result) =>
        result.Exception is FtpTargetExistsException && _resumable.Contains(result.File.RemotePath);
}
