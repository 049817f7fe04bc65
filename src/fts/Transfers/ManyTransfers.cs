using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell;

namespace Fts.Transfers;

/// <summary>Which way many files go, in words.</summary>
/// <param name="Doing">What is happening.</param>
/// <param name="Done">What has happened.</param>
/// <param name="There">Where a file is that need not be transferred.</param>
internal sealed record TransferWay(string Doing, string Done, string There)
{
    public static TransferWay Up { get; } = new("uploading", "uploaded", "on the server");

    public static TransferWay Down { get; } = new("downloading", "downloaded", "here");
}

/// <summary>Many transfers as one: shown together, and one that fails does not keep the others from their turn.</summary>
/// <param name="shell">Where they happen.</param>
/// <param name="way">Which way.</param>
/// <param name="nameOf">What a file is called where it is told of.</param>
/// <param name="explain">The failure to show for what was thrown, given how far the transfer was heard to be.</param>
internal sealed class ManyTransfers(ClientShell shell, TransferWay way, Func<FtpBatchFile, string> nameOf, Func<FtpBatchFile, Exception, FtpProgress, Failure> explain)
{
    private ExitCode _result = ExitCode.Done;
    private Exception? _shown;
    private Failure? _told;
    private int _repeated, _skipped;

    /// <summary>Files that went through.</summary>
    public int Done { get; private set; }

    /// <summary>What came of them.</summary>
    public string Summary { get; private set; } = "";

    /// <summary>Transfers them and sums up. See <see cref="TransferAsync"/>.</summary>
    public async Task<ExitCode> RunAsync(IReadOnlyList<FtpBatchFile> files, long? total, FtpTransferOptions options, Func<string> again, CancellationToken cancellationToken)
    {
        ExitCode code = await TransferAsync(files, total, options, again, (told, meter) => way == TransferWay.Up
            ? shell.Client.UploadManyAsync(told, options, meter, cancellationToken)
            : shell.Client.DownloadManyAsync(told, options, meter, cancellationToken), cancellationToken);
        if (files.Count > BatchMeter.Few)
        {
            shell.Terminal.Say(Summary);
        }

        return code;
    }

    /// <summary>Transfers them. <see cref="ExitCode.SomeFailed"/> when any failed, <see cref="ExitCode.CannotConnect"/> when the server was not to be had.</summary>
    /// <param name="files">The files.</param>
    /// <param name="total">Their bytes; null when nobody knows.</param>
    /// <param name="options">As for each. What is not to be replaced and is there is skipped, and no failure.</param>
    /// <param name="again">The command that does the rest, should this be stopped.</param>
    /// <param name="transfer">Does it, and tells the meter.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<ExitCode> TransferAsync(
        IReadOnlyList<FtpBatchFile> files, long? total, FtpTransferOptions options, Func<string> again, Func<FtpBatchFile[], BatchMeter, Task> transfer, CancellationToken cancellationToken)
    {
        var meter = new BatchMeter(shell.Terminal, way.Doing, files.Count, total, (result, last) => Tell(result, last, options));
        try
        {
            await transfer([.. files.Select(file => file with { Progress = meter })], meter);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new FailureException(ExitCode.Interrupted, $"{way.Doing} stopped; {meter.Done} of {files.Count} file{(files.Count == 1 ? " is" : "s are")} {way.There}", again());
        }
        finally
        {
            await meter.DisposeAsync();
        }

        if (_repeated > 0)
        {
            shell.Terminal.Say($"{_repeated} more failed for the same reason");
        }

        string skipped = _skipped > 0 ? $"; {_skipped} {(_skipped == 1 ? "was" : "were")} {way.There} already" : "";
        (Done, Summary) = (meter.Done, TransferReport.OfMany(way.Done, meter.Done, files.Count - _skipped, meter.Bytes, meter.Elapsed) + skipped);
        return _result;
    }

    private string? Tell(FtpBatchResult result, FtpProgress last, FtpTransferOptions options)
    {
        string name = nameOf(result.File);
        if (result.Result is { } done)
        {
            // One of many small ones has waited for the others most of its time.
            return TransferReport.FormatTransfer(way.Done, name, done.Bytes < 1_000_000 ? done with { Elapsed = TimeSpan.Zero } : done);
        }

        if (result.Exception is FtpTargetExistsException && !options.Overwrite)
        {
            _skipped++;
            return shell.Terminal.CanRedraw ? $"{name.ToPrintable()} is {way.There} already: skipped" : null;
        }

        if (ReferenceEquals(result.Exception, _shown))
        {
            _repeated++;
            return null;
        }

        Failure failure = explain(result.File, result.Exception!, last);
        _result = failure.Code == ExitCode.CannotConnect || _result == ExitCode.CannotConnect ? ExitCode.CannotConnect : ExitCode.SomeFailed;
        (bool isRepeated, _shown, _told) = (failure == _told, result.Exception, failure);
        _repeated += isRepeated ? 1 : 0;
        return isRepeated ? null : shell.Terminal.Text(failure);
    }
}
