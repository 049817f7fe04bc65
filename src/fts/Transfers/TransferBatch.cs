using System.Globalization;
using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell;

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

        Task TransferManyAsync(FtpBatchFile[] batch, BatchMeter meter) => direction == TransferDirection.Upload
            ? shell.Client.UploadManyAsync(batch, options, meter, cancellationToken)
            : shell.Client.DownloadManyAsync(batch, options, meter, cancellationToken);
    }

    /// <summary>Transfers files, shows their progress and reports errors.</summary>
    /// <param name="files">The files.</param>
    /// <param name="total">The size of all files in bytes, or null if it is unknown.</param>
    /// <param name="options">
    /// The options of each transfer. If they exclude overwriting, an existing target is skipped without an error.
    /// </param>
    /// <param name="formatRetryCommand">Returns the command that transfers the remaining files after an interruption.</param>
    /// <param name="transfer">Transfers the files and reports to the meter.</param>
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
        Func<FtpBatchFile[], BatchMeter, Task> transfer,
        CancellationToken cancellationToken)
    {
        var meter = new BatchMeter(
            shell.Terminal, direction.ActiveVerb, files.Count, total, (result, last) => FormatResult(result, last, options));
        try
        {
            await transfer([.. files.Select(file => file with { Progress = meter })], meter);
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
            FtpTransferResult reported = done.Bytes < 1_000_000 ? done with { Elapsed = TimeSpan.Zero } : done;
            return TransferReport.FormatTransfer(direction.PastVerb, name, reported);
        }

        if (result.Exception is FtpTargetExistsException && !options.Overwrite)
        {
            _skippedFiles++;
            return shell.Terminal.CanRedraw ? $"skipped {name.ToPrintable()}: already exists {direction.Location}" : null;
        }

        if (ReferenceEquals(result.Exception, _lastException))
        {
            _repeatedErrors++;
            return null;
        }

        UserError error = describeError(result.File, result.Exception!, last);
        bool isConnectionLost = error.ExitCode == ExitCode.CannotConnect || _result == ExitCode.CannotConnect;
        _result = isConnectionLost ? ExitCode.CannotConnect : ExitCode.SomeFailed;
        (bool isRepeated, _lastException, _lastError) = (error == _lastError, result.Exception, error);
        _repeatedErrors += isRepeated ? 1 : 0;
        return isRepeated ? null : shell.Terminal.FormatError(error);
    }
}
