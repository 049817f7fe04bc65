using System.Net.Sockets;
using Fts.Client.Downloads;
using Fts.Client.Pool;
using Fts.Client.Uploads;
using Fts.Protocol;

namespace Fts.Client.Batch;

/// <summary>
/// Transfers many files and returns a result for each file. If the server and the options permit block mode, small files are first
/// transferred in block mode. All other files, and all files interrupted by a connection failure, are then transferred separately: each
/// over a data connection of its own.
/// </summary>
internal sealed class BatchTransfer(
    ConnectionPool pool, FtpDataDirection direction, FtpTransferOptions options, IProgress<FtpBatchResult>? progress)
{
    /// <summary>
    /// The number of files that justifies one more connection in block mode. For fewer files, the additional login takes longer than the
    /// additional connection saves.
    /// </summary>
    private const int FilesPerConnection = 1000;

    private readonly LeftoverSweep _sweep = new();
    private volatile FtpException? _connectionFailure;

    /// <summary>
    /// Transfers the files over at most <paramref name="connections"/> connections. Returns the results in the order of the files.
    /// </summary>
    public async Task<IReadOnlyList<FtpBatchResult>> RunAsync(
        IReadOnlyList<FtpBatchFile> batch, int connections, CancellationToken cancellationToken)
    {
        using var queue = new BatchQueue(batch, progress);
        if (batch.Count > 1)
        {
            bool isBlockModePossible = pool.Features is not { HasBlockMode: false };
            int pipelines = isBlockModePossible ? Math.Min(connections, 1 + (batch.Count / FilesPerConnection)) : 1;
            await ConnectionWorkers.RunAsync(pool, pipelines, token => TransferInBlockModeAsync(queue, token), cancellationToken)
                .ConfigureAwait(false);
            if (queue.HasSuccess)
            {
                _connectionFailure = null; // a transfer succeeded, so the server is reachable and accepts the login
            }
        }

        int remaining = queue.RequeueUnfinished();
        int workers = _connectionFailure is null ? Math.Min(connections, remaining) : 1;
        await ConnectionWorkers.RunAsync(pool, workers, token => TransferAsync(queue, token), cancellationToken).ConfigureAwait(false);
        return queue.Results;
    }

    /// <summary>
    /// Transfers queued files in block mode. A file that was taken but has no result afterwards is unsuitable for block mode, or was
    /// interrupted by a connection failure.
    /// </summary>
    private async Task TransferInBlockModeAsync(BatchQueue queue, CancellationToken cancellationToken)
    {
        try
        {
            PoolLease lease = await pool.AcquireAsync(cancellationToken).ConfigureAwait(false);
            await using (lease.ConfigureAwait(false))
            {
                if (queue.IsEmpty
                    || !CanUseBlockMode(lease.Connection)
                    || await BlockPipeline<BatchEntry>.OpenAsync(lease.Connection, direction, cancellationToken).ConfigureAwait(false)
                        is not { } pipeline)
                {
                    return;
                }

                await using (pipeline.ConfigureAwait(false))
                {
                    FtpServerFeatures features = lease.Connection.Features;
                    await (direction == FtpDataDirection.Send
                        ? new BlockUpload(pipeline, options.PreserveLastModified && features.CanSetLastModified).RunAsync(TakeAll(queue))
                        : new BlockDownload(pipeline, options, options.PreserveLastModified && features.Supports("MDTM"), _sweep)
                            .RunAsync(TakeAll(queue))).ConfigureAwait(false);
                }
            }
        }
        catch (Exception e) when (
            !cancellationToken.IsCancellationRequested && e is FtpException or IOException or SocketException or ObjectDisposedException)
        {
            // A failure that is not recorded concerns only this connection. The files without a result are then transferred separately.
            RecordConnectionFailure(e);
        }
    }

    /// <summary>Takes files from the queue, one for each iteration, until the queue is empty.</summary>
    private static IEnumerable<BatchEntry> TakeAll(BatchQueue queue)
    {
        while (queue.TryTake(out BatchEntry? file))
        {
            yield return file;
        }
    }

    /// <summary>
    /// Returns whether the server and the options permit block mode. ASCII mode and mandatory compression exclude block mode. So do three
    /// options that need additional commands for each file: resuming the target, requiring hashes, and keeping an existing file on the
    /// server.
    /// </summary>
    private bool CanUseBlockMode(FtpConnection connection) =>
        options is { Resume: not FtpResume.PartialOrTarget, Verification: not FtpVerification.ByHash, Type: FtpTransferType.Binary }
        && connection.Options.Compression != FtpCompression.Always
        && (direction == FtpDataDirection.Send
            ? connection.Features.SupportsBlockModeDrain && options.Overwrite
            : connection.Features.HasBlockMode);

    /// <summary>Transfers queued files separately until the queue is empty.</summary>
    private async Task TransferAsync(BatchQueue queue, CancellationToken cancellationToken)
    {
        while (queue.TryTake(out BatchEntry? file))
        {
            await TransferAsync(file, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Transfers one file separately and reports the result.</summary>
    private async Task TransferAsync(BatchEntry file, CancellationToken cancellationToken)
    {
        try
        {
            if (_connectionFailure is { } known)
            {
                file.Fail(known);
                return;
            }

            Task<FtpTransferResult> transfer = direction == FtpDataDirection.Send
                ? UploadAsync(file.File, cancellationToken)
                : DownloadAsync(file.File, cancellationToken);
            file.Succeed(await transfer.ConfigureAwait(false));
        }
        catch (Exception e) when (e is FtpException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            RecordConnectionFailure(e);
            file.Fail(e);
        }
    }

    /// <summary>
    /// Records the exception if it means that the server cannot be reached, TLS fails, or the login is rejected. All remaining files then
    /// fail immediately with this exception. At the end of block mode, the exception is discarded if a transfer has succeeded.
    /// </summary>
    private void RecordConnectionFailure(Exception exception)
    {
        if (exception is FtpLoginException
            or FtpTlsException { Failure: not FtpTlsFailure.Truncated }
            or FtpConnectionException { Phase: FtpOperationPhase.Connect or FtpOperationPhase.Greeting or FtpOperationPhase.Proxy })
        {
            _connectionFailure = (FtpException)exception;
        }
    }

    /// <summary>
    /// Downloads one file. Before the first download into a directory, deletes the hidden files that were left there by killed processes.
    /// </summary>
    private Task<FtpTransferResult> DownloadAsync(FtpBatchFile file, CancellationToken cancellationToken)
    {
        _sweep.SweepOnce(Path.GetDirectoryName(Path.GetFullPath(file.LocalPath))!);
        FtpTransferOptions fileOptions = file.SourceEntry is null ? options : options with { SourceEntry = file.SourceEntry };
        return new Download(pool, file.RemotePath, fileOptions, file.Progress).DownloadToFileAsync(file.LocalPath, cancellationToken);
    }

    /// <summary>
    /// Uploads one file. Then sets the last-modified time of the remote file (MFMT), if the options and the server permit it.
    /// </summary>
    private async Task<FtpTransferResult> UploadAsync(FtpBatchFile file, CancellationToken cancellationToken)
    {
        var upload = new Upload(pool, file.RemotePath, options, file.Progress);
        FtpTransferResult result = await upload.UploadFileAsync(file.LocalPath, cancellationToken).ConfigureAwait(false);
        if (options.PreserveLastModified && pool.Features!.CanSetLastModified && File.Exists(file.LocalPath))
        {
            string argument = $"{WireTime.Format(File.GetLastWriteTimeUtc(file.LocalPath))} {file.RemotePath}";
            try
            {
                await pool.RunAsync((connection, token) => connection.SendAsync("MFMT", argument, token), cancellationToken)
                    .ConfigureAwait(false);
            }
            catch (FtpException e) when (e.IsConnectionFailure())
            {
                // The file is stored, so the upload succeeds even if the last-modified time of the file cannot be set.
            }
        }

        return result;
    }
}
