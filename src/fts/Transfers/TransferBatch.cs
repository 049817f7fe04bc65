using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell;

namespace Fts.Transfers;

/// <summary>Which way many files go, in words.</summary>
/// <param name="ActiveVerb">What is happening.</param>
/// <param name="PastVerb">What has happened.</param>
/// <param name="Location">Where a file is that need not be transferred.</param>
internal sealed record TransferDirection(string ActiveVerb, string PastVerb, string Location)
{
    public static TransferDirection Upload { get; } = new("uploading", "uploaded", "on the server");

    public static TransferDirection Download { get; } = new("downloading", "downloaded", "here");
}

/// <summary>Many transfers as one: shown together, and one that fails does not keep the others from their turn.</summary>
/// <param name="shell">Where they happen.</param>
/// <param name="direction">Which way.</param>
/// <param name="formatName">What a file is called where it is told of.</param>
/// <param name="describeError">The failure to show for what was thrown, given how far the transfer was heard to be.</param>
internal sealed class TransferBatch(ClientShell shell, TransferDirection direction, Func<FtpBatchFile, string> formatName, Func<FtpBatchFile, Exception, FtpProgress, UserError> describeError)
{
    private ExitCode _result = ExitCode.Success;
    private Exception? _lastException;
    private UserError? _lastError;
    private int _repeatedErrors, _skipped;

    /// <summary>Files that went through.</summary>
    public int CompletedFiles { get; private set; }

    /// <summary>What came of them.</summary>
    public string Summary { get; private set; } = "";

    /// <summary>Transfers them and sums up. See <see cref="TransferAsync"/>.</summary>
    public async Task<ExitCode> RunAsync(IReadOnlyList<FtpBatchFile> files, long? total, FtpTransferOptions options, Func<string> formatRetryCommand, CancellationToken cancellationToken)
    {
        ExitCode code = await TransferAsync(files, total, options, formatRetryCommand, (batch, meter) => direction == TransferDirection.Upload
            ? shell.Client.UploadManyAsync(batch, options, meter, cancellationToken)
            : shell.Client.DownloadManyAsync(batch, options, meter, cancellationToken), cancellationToken);
        if (files.Count > BatchMeter.MaxFilesListed)
        {
            shell.Terminal.WriteMessage(Summary);
        }

        return code;
    }

    /// <summary>Transfers them. <see cref="ExitCode.SomeFailed"/> when any failed, <see cref="ExitCode.CannotConnect"/> when the server was not to be had.</summary>
    /// <param name="files">The files.</param>
    /// <param name="total">Their bytes; null when nobody knows.</param>
    /// <param name="options">As for each. What is not to be replaced and is there is skipped, and no failure.</param>
    /// <param name="formatRetryCommand">The command that does the rest, should this be stopped.</param>
    /// <param name="transfer">Does it, and tells the meter.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<ExitCode> TransferAsync(
        IReadOnlyList<FtpBatchFile> files, long? total, FtpTransferOptions options, Func<string> formatRetryCommand, Func<FtpBatchFile[], BatchMeter, Task> transfer, CancellationToken cancellationToken)
    {
        var meter = new BatchMeter(shell.Terminal, direction.ActiveVerb, files.Count, total, (result, last) => FormatResult(result, last, options));
        try
        {
            await transfer([.. files.Select(file => file with { Progress = meter })], meter);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new UserErrorException(ExitCode.Interrupted, $"{direction.ActiveVerb} stopped; {meter.CompletedFiles} of {files.Count} file{(files.Count == 1 ? " is" : "s are")} {direction.Location}", formatRetryCommand());
        }
        finally
        {
            await meter.DisposeAsync();
        }

        if (_repeatedErrors > 0)
        {
            shell.Terminal.WriteMessage($"{_repeatedErrors} more failed for the same reason");
        }

        string skipped = _skipped > 0 ? $"; {_skipped} {(_skipped == 1 ? "was" : "were")} {direction.Location} already" : "";
        (CompletedFiles, Summary) = (meter.CompletedFiles, TransferReport.FormatBatch(direction.PastVerb, meter.CompletedFiles, files.Count - _skipped, meter.Bytes, meter.Elapsed) + skipped);
        return _result;
    }

    private string? FormatResult(FtpBatchResult result, FtpProgress last, FtpTransferOptions options)
    {
        string name = formatName(result.File);
        if (result.Result is { } done)
        {
            // One of many small ones has waited for the others most of its time.
            return TransferReport.FormatTransfer(direction.PastVerb, name, done.Bytes < 1_000_000 ? done with { Elapsed = TimeSpan.Zero } : done);
        }

        if (result.Exception is FtpTargetExistsException && !options.Overwrite)
        {
            _skipped++;
            return shell.Terminal.CanRedraw ? $"{name.ToPrintable()} is {direction.Location} already: skipped" : null;
        }

        if (ReferenceEquals(result.Exception, _lastException))
        {
            _repeatedErrors++;
            return null;
        }

        UserError error = describeError(result.File, result.Exception!, last);
        _result = error.ExitCode == ExitCode.CannotConnect || _result == ExitCode.CannotConnect ? ExitCode.CannotConnect : ExitCode.SomeFailed;
        (bool isRepeated, _lastException, _lastError) = (error == _lastError, result.Exception, error);
        _repeatedErrors += isRepeated ? 1 : 0;
        return isRepeated ? null : shell.Terminal.FormatError(error);
    }
}
