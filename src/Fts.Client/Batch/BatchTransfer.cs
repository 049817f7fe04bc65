using System.Net.Sockets;
using Fts.Client.Downloads;
using Fts.Client.Pool;
using Fts.Client.Uploads;
using Fts.Protocol;

namespace Fts.Client.Batch;

/// <summary>
/// Transfers many files with a result for each. First it transfers small files in block mode, if the server supports that. All other files,
/// including those interrupted by the failure of a connection, are transferred separately.
/// </summary>
internal sealed class BatchTransfer(
    ConnectionPool pool, FtpDataDirection direction, FtpTransferOptions options, IProgress<FtpBatchResult>? progress)
{
    /// <summary>
    /// The number of files per connection in block mode. For fewer files, the login on another connection takes longer than it saves.
    /// </summary>
    private const int FilesPerConnection = 1000;

    private readonly LeftoverSweep _sweep = new();
    private volatile FtpException? _connectionFailure;

    public async Task<IReadOnlyList<FtpBatchResult>> RunAsync(
        IReadOnlyList<FtpBatchFile> batch, int connections, CancellationToken cancellationToken)
    {
        using var queue = new BatchQueue(batch, progress);
        if (batch.Count > 1)
        {
            bool mayHaveBlockMode = pool.Features is not { HasBlockMode: false };
            int pipelines = mayHaveBlockMode ? Math.Min(connections, 1 + (batch.Count / FilesPerConnection)) : 1;
            await ConnectionWorkers.RunAsync(pool, pipelines, token => TransferInBlockModeAsync(queue, token), cancellationToken)
                .ConfigureAwait(false);
            if (queue.HasSuccess)
            {
                _connectionFailure = null; // a transfer succeeded, so the server is reachable and accepts the login
            }
        }

        int remaining = queue.PutBack();
        int workers = _connectionFailure is null ? Math.Min(connections, remaining) : 1;
        await ConnectionWorkers.RunAsync(pool, workers, token => TransferAsync(queue, token), cancellationToken).ConfigureAwait(false);
        return queue.Results;
    }

    /// <summary>
    /// Transfers queued files in block mode. A taken file without a result is unsuitable for block mode, or was interrupted by the
    /// failure of the connection.
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
            e is FtpException or IOException or SocketException or ObjectDisposedException && !cancellationToken.IsCancellationRequested)
        {
            // The separate transfers that follow detect whether only this connection failed, or the server is unreachable.
            RecordConnectionFailure(e);
        }
    }

    private static IEnumerable<BatchEntry> TakeAll(BatchQueue queue)
    {
        while (queue.TryTake(out BatchEntry? file))
        {
            yield return file;
        }
    }

    /// <summary>
    /// Returns whether the server and the options permit block mode. Resuming a target, checking that it does not exist, and comparing
    /// hashes require additional commands for each file.
    /// </summary>
    private bool CanUseBlockMode(FtpConnection connection) =>
        options is { Resume: not FtpResume.PartialOrTarget, Verification: not FtpVerification.ByHash, Type: FtpTransferType.Binary }
        && connection.Options.Compression != FtpCompression.Always
        && (direction == FtpDataDirection.Send
            ? connection.Features.SupportsBlockModeDrain && options.Overwrite
            : connection.Features.HasBlockMode);

    private async Task TransferAsync(BatchQueue files, CancellationToken cancellationToken)
    {
        while (files.TryTake(out BatchEntry? file))
        {
            await TransferAsync(file, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task TransferAsync(BatchEntry file, CancellationToken cancellationToken)
    {
        try
        {
            file.Dispose();
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
    /// Records that the server is unreachable or rejects the login. The remaining files then fail immediately, without another attempt.
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

    private Task<FtpTransferResult> DownloadAsync(FtpBatchFile file, CancellationToken cancellationToken)
    {
        _sweep.SweepOnce(Path.GetDirectoryName(Path.GetFullPath(file.LocalPath))!);
        FtpTransferOptions fileOptions = file.SourceEntry is null ? options : options with { SourceEntry = file.SourceEntry };
        return new Download(pool, file.RemotePath, fileOptions, file.Progress).DownloadToFileAsync(file.LocalPath, cancellationToken);
    }

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
                // The file is stored. The upload succeeds even if its time cannot be set.
            }
        }

        return result;
    }
}
