using System.Collections.Concurrent;
using System.Net.Sockets;
using Fts.Client.Downloads;
using Fts.Client.Pool;
using Fts.Client.Uploads;
using Fts.Protocol;

namespace Fts.Client.Batch;

/// <summary>
/// Many files, each with a result of its own: in block mode over few connections where the server has that, the rest, and what was under way when one broke, by one
/// transfer each over the pool.
/// </summary>
internal sealed class BatchTransfer(ConnectionPool pool, FtpDataDirection direction, FtpTransferOptions options, IProgress<FtpBatchResult>? progress)
{
    /// <summary>Files for which another connection in block mode is worth its sign-in, over a long link, and to a server that keeps a processor busy with each.</summary>
    private const int FilesPerConnection = 1000;

    private volatile FtpException? _connectionFailure;

    public async Task<IReadOnlyList<FtpBatchResult>> RunAsync(IReadOnlyList<FtpBatchFile> given, int connections, CancellationToken cancellationToken)
    {
        BatchEntry[] files = [.. given.Select(file => new BatchEntry(file, progress))];
        try
        {
            if (files.Length > 1)
            {
                var all = new ConcurrentQueue<BatchEntry>(files);
                int pipelines = pool.Features is { HasBlockMode: false } ? 1 : Math.Min(connections, 1 + (files.Length / FilesPerConnection));
                await ConnectionWorkers.RunAsync(pool, pipelines, token => TryBlockModeAsync(all, token), cancellationToken).ConfigureAwait(false);
                if (Array.Exists(files, file => file.Result is { Succeeded: true }))
                {
                    _connectionFailure = null; // one connection may have come to nothing, but the server is there, and another was let in
                }
            }

            var rest = new ConcurrentQueue<BatchEntry>(files.Where(file => file.Result is null));
            await ConnectionWorkers.RunAsync(pool, _connectionFailure is null ? Math.Min(connections, rest.Count) : 1, token => TransferAsync(rest, token), cancellationToken).ConfigureAwait(false);
            return [.. files.Select(file => file.Result!)];
        }
        finally
        {
            Array.ForEach(files, file => file.Dispose());
        }
    }

    /// <summary>Transfers what nobody has taken yet. What is taken and has no result afterwards is not for blocks, or was under way when this broke.</summary>
    private async Task TryBlockModeAsync(ConcurrentQueue<BatchEntry> all, CancellationToken cancellationToken)
    {
        try
        {
            PoolLease lease = await pool.AcquireAsync(cancellationToken).ConfigureAwait(false);
            await using (lease.ConfigureAwait(false))
            {
                if (all.IsEmpty || !CanUseBlockMode(lease.Connection) || await BlockPipeline.OpenAsync(lease.Connection, direction, cancellationToken).ConfigureAwait(false) is not { } pipeline)
                {
                    return;
                }

                await using (pipeline.ConfigureAwait(false))
                {
                    bool isAboutTimes = options.PreserveLastModified;
                    await (direction == FtpDataDirection.Send
                        ? new BlockUpload(pipeline, isAboutTimes && lease.Connection.Features.CanSetLastModified).RunAsync(DequeueAll(all))
                        : new BlockDownload(pipeline, options, isAboutTimes && lease.Connection.Features.Supports("MDTM")).RunAsync(DequeueAll(all))).ConfigureAwait(false);
                }
            }
        }
        catch (Exception e) when (e is FtpException or IOException or SocketException or ObjectDisposedException && !cancellationToken.IsCancellationRequested)
        {
            // Whether it is the server, or only this way to it, the transfers that follow find out.
            NoteConnectionFailure(e);
        }
    }

    private static IEnumerable<BatchEntry> DequeueAll(ConcurrentQueue<BatchEntry> all)
    {
        while (all.TryDequeue(out BatchEntry? file))
        {
            yield return file;
        }
    }

    /// <summary>A target that is not to be replaced, or is to be continued, is looked at first, one by one, as is what is to be compared afterwards.</summary>
    private bool CanUseBlockMode(FtpConnection connection) =>
        options is { Resume: not FtpResume.PartialOrTarget, Verification: not FtpVerification.ByHash, Type: FtpTransferType.Binary } && connection.Options.Compression != FtpCompression.Always &&
        (direction == FtpDataDirection.Send ? connection.Features.SupportsBlockModeDrain && options.Overwrite : connection.Features.HasBlockMode);

    private async Task TransferAsync(ConcurrentQueue<BatchEntry> files, CancellationToken cancellationToken)
    {
        while (files.TryDequeue(out BatchEntry? file))
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

            file.Succeed(await (direction == FtpDataDirection.Send ? UploadAsync(file.File, cancellationToken) : DownloadAsync(file.File, cancellationToken)).ConfigureAwait(false));
        }
        catch (Exception e) when (e is FtpException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            NoteConnectionFailure(e);
            file.Fail(e);
        }
    }

    /// <summary>A server that is not there is not waited for with every file, and one that refuses the user is not asked ten thousand times.</summary>
    private void NoteConnectionFailure(Exception exception)
    {
        if (exception is FtpLoginException or FtpTlsException { Failure: not FtpTlsFailure.Truncated } or FtpConnectionException { Phase: FtpOperationPhase.Connect or FtpOperationPhase.Greeting or FtpOperationPhase.Proxy })
        {
            _connectionFailure = (FtpException)exception;
        }
    }

    private Task<FtpTransferResult> DownloadAsync(FtpBatchFile file, CancellationToken cancellationToken) =>
        new Download(pool, file.RemotePath, file.SourceEntry is null ? options : options with { SourceEntry = file.SourceEntry }, file.Progress).DownloadToFileAsync(file.LocalPath, cancellationToken);

    private async Task<FtpTransferResult> UploadAsync(FtpBatchFile file, CancellationToken cancellationToken)
    {
        FtpTransferResult result = await new Upload(pool, file.RemotePath, options, file.Progress).UploadFileAsync(file.LocalPath, cancellationToken).ConfigureAwait(false);
        if (options.PreserveLastModified && pool.Features!.CanSetLastModified && File.Exists(file.LocalPath))
        {
            string argument = $"{WireTime.Format(File.GetLastWriteTimeUtc(file.LocalPath))} {file.RemotePath}";
            try
            {
                await pool.RunAsync((connection, token) => connection.SendAsync("MFMT", argument, token), cancellationToken).ConfigureAwait(false);
            }
            catch (FtpException e) when (e.IsConnectionFailure())
            {
                // The file is stored, even if its time cannot be set.
            }
        }

        return result;
    }
}
