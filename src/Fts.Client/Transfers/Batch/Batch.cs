using System.Collections.Concurrent;
using System.Net.Sockets;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>
/// Many files, each with a result of its own: in block mode over few connections where the server has that, the rest, and what was under way when one broke, by one
/// transfer each over the pool.
/// </summary>
internal sealed class Batch(ConnectionPool pool, FtpDataDirection direction, FtpTransferOptions options, IProgress<FtpBatchResult>? progress)
{
    /// <summary>Files for which another connection in block mode is worth its sign-in, over a long link, and to a server that keeps a processor busy with each.</summary>
    private const int WorthConnection = 1000;

    private volatile FtpException? _unreachable;

    public async Task<IReadOnlyList<FtpBatchResult>> RunAsync(IReadOnlyList<FtpBatchFile> given, int connections, CancellationToken cancellationToken)
    {
        BatchFile[] files = [.. given.Select(file => new BatchFile(file, progress))];
        try
        {
            if (files.Length > 1)
            {
                var all = new ConcurrentQueue<BatchFile>(files);
                int pipelines = pool.Features is { HasBlockMode: false } ? 1 : Math.Min(connections, 1 + (files.Length / WorthConnection));
                await Workers.RunAsync(pool, pipelines, token => TryBlocksAsync(all, token), cancellationToken).ConfigureAwait(false);
                if (Array.Exists(files, file => file.Result is { IsDone: true }))
                {
                    _unreachable = null; // one connection may have come to nothing, but the server is there, and another was let in
                }
            }

            var rest = new ConcurrentQueue<BatchFile>(files.Where(file => file.Result is null));
            await Workers.RunAsync(pool, _unreachable is null ? Math.Min(connections, rest.Count) : 1, token => TransferAsync(rest, token), cancellationToken).ConfigureAwait(false);
            return [.. files.Select(file => file.Result!)];
        }
        finally
        {
            Array.ForEach(files, file => file.Dispose());
        }
    }

    /// <summary>Transfers what nobody has taken yet. What is taken and has no result afterwards is not for blocks, or was under way when this broke.</summary>
    private async Task TryBlocksAsync(ConcurrentQueue<BatchFile> all, CancellationToken cancellationToken)
    {
        try
        {
            PoolLease lease = await pool.RentAsync(cancellationToken).ConfigureAwait(false);
            await using (lease.ConfigureAwait(false))
            {
                if (all.IsEmpty || !MayUseBlocks(lease.Connection) || await BlockPipeline.OpenAsync(lease.Connection, direction, cancellationToken).ConfigureAwait(false) is not { } pipeline)
                {
                    return;
                }

                await using (pipeline.ConfigureAwait(false))
                {
                    bool isAboutTimes = options.KeepModified;
                    await (direction == FtpDataDirection.Send
                        ? new BlockUpload(pipeline, isAboutTimes && lease.Connection.Features.CanSetModified).RunAsync(Taken(all))
                        : new BlockDownload(pipeline, options, isAboutTimes && lease.Connection.Features.Has("MDTM")).RunAsync(Taken(all))).ConfigureAwait(false);
                }
            }
        }
        catch (Exception e) when (e is FtpException or IOException or SocketException or ObjectDisposedException && !cancellationToken.IsCancellationRequested)
        {
            // Whether it is the server, or only this way to it, the transfers that follow find out.
            NoteUnreachable(e);
        }
    }

    private static IEnumerable<BatchFile> Taken(ConcurrentQueue<BatchFile> all)
    {
        while (all.TryDequeue(out BatchFile? file))
        {
            yield return file;
        }
    }

    /// <summary>A target that is not to be replaced, or is to be continued, is looked at first, one by one, as is what is to be compared afterwards.</summary>
    private bool MayUseBlocks(FtpConnection connection) =>
        options is { Resume: not FtpResume.Existing, Verify: not FtpVerify.ByHash, Type: FtpTransferType.Binary } && connection.Options.Compression != FtpCompression.Always &&
        (direction == FtpDataDirection.Send ? connection.Features.DrainsRefused && options.Overwrite : connection.Features.HasBlockMode);

    private async Task TransferAsync(ConcurrentQueue<BatchFile> files, CancellationToken cancellationToken)
    {
        while (files.TryDequeue(out BatchFile? file))
        {
            await TransferAsync(file, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task TransferAsync(BatchFile file, CancellationToken cancellationToken)
    {
        try
        {
            file.Dispose();
            if (_unreachable is { } known)
            {
                file.Fail(known);
                return;
            }

            file.Succeed(await (direction == FtpDataDirection.Send ? UploadAsync(file.File, cancellationToken) : DownloadAsync(file.File, cancellationToken)).ConfigureAwait(false));
        }
        catch (Exception e) when (e is FtpException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            NoteUnreachable(e);
            file.Fail(e);
        }
    }

    /// <summary>A server that is not there is not waited for with every file, and one that refuses the user is not asked ten thousand times.</summary>
    private void NoteUnreachable(Exception exception)
    {
        if (exception is FtpSignInException or FtpTlsException { Failure: not FtpTlsFailure.Truncated } or FtpConnectionException { Phase: FtpConnectionPhase.Connect or FtpConnectionPhase.Greeting or FtpConnectionPhase.Proxy })
        {
            _unreachable = (FtpException)exception;
        }
    }

    private Task<FtpTransferResult> DownloadAsync(FtpBatchFile file, CancellationToken cancellationToken) =>
        new Download(pool, file.RemotePath, file.Known is null ? options : options with { Known = file.Known }, file.Progress).ToFileAsync(file.LocalPath, cancellationToken);

    private async Task<FtpTransferResult> UploadAsync(FtpBatchFile file, CancellationToken cancellationToken)
    {
        FtpTransferResult result = await new Upload(pool, file.RemotePath, options, file.Progress).FromFileAsync(file.LocalPath, cancellationToken).ConfigureAwait(false);
        if (options.KeepModified && pool.Features!.CanSetModified && File.Exists(file.LocalPath))
        {
            string argument = $"{WireTime.Format(File.GetLastWriteTimeUtc(file.LocalPath))} {file.RemotePath}";
            try
            {
                await pool.RunAsync((connection, token) => connection.SendAsync("MFMT", argument, token), cancellationToken).ConfigureAwait(false);
            }
            catch (FtpException e) when (e.MeansNoConnection())
            {
                // The file is stored, even if its time cannot be set.
            }
        }

        return result;
    }
}
