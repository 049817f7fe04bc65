using System.Buffers;
using System.Threading.Channels;
using Fts.Client.Connections;
using Fts.Client.Downloads;
using Fts.Protocol;

namespace Fts.Client.Batch;

/// <summary>
/// Downloads files in block mode with pipelined RETR commands. Files arrive on the data connection in the order of their preliminary
/// replies. A file is committed when its last block and its final reply have arrived, in either order.
/// </summary>
/// <param name="pipeline">The connection in block mode.</param>
/// <param name="options">The options of each transfer.</param>
/// <param name="shouldRequestLastModified">Whether to request unknown last-modified times (MDTM).</param>
/// <param name="sweep">Deletes the staging files of killed processes in the target directories.</param>
internal sealed class BlockDownload(
    BlockPipeline<BatchEntry> pipeline, FtpTransferOptions options, bool shouldRequestLastModified, LeftoverSweep sweep)
{
    /// <summary>
    /// The maximum length in bytes of a file in block mode, if the length is known and resumption is enabled. An interrupted download in
    /// block mode restarts from the first byte, so larger files are downloaded separately.
    /// </summary>
    private const long MaxFileBytes = 1024 * 1024;

    /// <summary>The entries with a preliminary reply, in the order in which their content arrives.</summary>
    private readonly Channel<BatchEntry> _startedEntries =
        Channel.CreateUnbounded<BatchEntry>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private readonly LocalTargetCheck _targetCheck = new(sweep);

    /// <summary>
    /// Downloads the files that are suitable for block mode, and leaves block mode. Files that must be downloaded separately
    /// (<see cref="ShouldUseBlockMode"/>) get no result.
    /// </summary>
    public Task RunAsync(IEnumerable<BatchEntry> files)
    {
        Task receiving = Task.Run(ReceiveAsync);
        return pipeline.RunAsync(
            FinishReceivingOnFailureAsync(pipeline.ReadRepliesAsync(HandleReply), receiving),
            receiving,
            FinishReceivingOnFailureAsync(Task.Run(() => RequestFilesAsync(files, receiving)), receiving));
    }

    /// <summary>
    /// Waits for a task that uses the control connection. If the control connection fails, for example because of reply 421, waits until
    /// all files with a preliminary reply are received, and then throws. Without this wait,
    /// <see cref="BlockPipeline{TItem}.RunAsync"/> would cancel the reception.
    /// </summary>
    private async Task FinishReceivingOnFailureAsync(Task controlTask, Task receiving)
    {
        try
        {
            await controlTask.ConfigureAwait(false);
        }
        catch (FtpConnectionException)
        {
            _startedEntries.Writer.TryComplete();
            await receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    /// <summary>Sends the commands for all suitable files, waits until the files are received, and leaves block mode.</summary>
    private async Task RequestFilesAsync(IEnumerable<BatchEntry> files, Task receiving)
    {
        foreach (BatchEntry file in files.Where(file => HasValidPath(file) && ShouldUseBlockMode(file) && CanWriteTarget(file)))
        {
            file.BeginAttempt();
            file.LastModified = options.PreserveLastModified ? file.File.SourceEntry?.LastModified?.UtcDateTime : null;
            try
            {
                if (shouldRequestLastModified && file.LastModified is null)
                {
                    await pipeline.QueueCommandAsync("MDTM", file.File.RemotePath, file).ConfigureAwait(false);
                }

                await pipeline.QueueCommandAsync("RETR", file.File.RemotePath, file).ConfigureAwait(false);
            }
            catch (ArgumentException e)
            {
                file.Fail(e);
            }
        }

        await pipeline.WaitForRepliesAsync().ConfigureAwait(false);
        _startedEntries.Writer.TryComplete();
        await receiving.ConfigureAwait(false);
        await pipeline.LeaveBlockModeAsync().ConfigureAwait(false);
    }

    /// <summary>Returns whether the local path is valid. If it is invalid, the error becomes the result of the entry.</summary>
    private static bool HasValidPath(BatchEntry file)
    {
        try
        {
            return file.LocalPath.Length > 0;
        }
        catch (ArgumentException e)
        {
            file.Fail(e);
            return false;
        }
    }

    /// <summary>
    /// Returns whether to download a file in block mode. Files that are known to be large, and partially downloaded files, are downloaded
    /// separately, because separate downloads can be resumed. Returns true for every file if the options disable resumption.
    /// </summary>
    private bool ShouldUseBlockMode(BatchEntry file)
    {
        if (options.Resume == FtpResume.Never)
        {
            return true;
        }

        bool isLarge = file.File.SourceEntry?.Length > MaxFileBytes;
        bool isPartial = !isLarge && _targetCheck.CanExist(file.LocalPath) && PartialDownloadFile.Exists(file.LocalPath);
        return !isLarge && !isPartial;
    }

    /// <summary>Returns whether the target can be created or replaced. If not, the error becomes the result of the entry.</summary>
    private bool CanWriteTarget(BatchEntry file)
    {
        string target = file.LocalPath;
        CatchFileErrors(file, () =>
        {
            file.TargetMode = _targetCheck.ValidateTarget(target);
            if (!options.Overwrite && _targetCheck.CanExist(target) && File.Exists(target))
            {
                throw new FtpTargetExistsException(target);
            }
        });
        if (file.FileException is { } failure)
        {
            file.Fail(failure);
        }

        return file.FileException is null;
    }

    /// <summary>Receives the files whose RETR has a preliminary reply.</summary>
    private async Task ReceiveAsync()
    {
        ReadOnlySpanAction<byte, BatchEntry> write = Write;
        await foreach (BatchEntry file in _startedEntries.Reader.ReadAllAsync(pipeline.Token).ConfigureAwait(false))
        {
            CatchFileErrors(file, () => file.StagingFile = new StagingFile(file.LocalPath, file.TargetMode));
            file.DisposeIfFinished();
            await pipeline.ReceiveFileAsync(file, write).ConfigureAwait(false);
            if (file.RecordContentComplete())
            {
                FinishFile(file);
            }
        }
    }

    /// <summary>Writes received content to the staging file of the entry. After a local error, discards the content.</summary>
    private void Write(ReadOnlySpan<byte> content, BatchEntry file)
    {
        file.Bytes += content.Length;
        if (file.AnnouncedLength is { } announced && file.Bytes - announced > pipeline.Limits.BytesBeyondReportedSize)
        {
            // A server that sends endless data must not fill the disk.
            var failure = new FtpIntegrityException(file.File.RemotePath, announced, file.Bytes);
            file.Fail(failure);
            throw failure;
        }

        if (file.StagingFile is not { } staging || content.IsEmpty)
        {
            return;
        }

        try
        {
            staging.Write(content);
        }
        catch (ObjectDisposedException)
        {
            // A negative reply has arrived during the write. The remaining bytes are discarded.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file.FileException = e; // the remaining bytes are received and discarded, because the next file follows them
            file.Dispose();
        }
    }

    /// <summary>Processes a reply to MDTM or RETR.</summary>
    private void HandleReply(BatchEntry file, string verb, FtpReply reply)
    {
        if (verb == "MDTM")
        {
            file.LastModified = MetadataReply.ParseLastModified(reply);
        }
        else if (reply.IsPreliminary)
        {
            file.AnnouncedLength = ReplyText.ParseAnnouncedLength(reply.Text);
            _startedEntries.Writer.TryWrite(file);
        }
        else if (reply.IsCompletion)
        {
            if (file.RecordFinalReply(reply))
            {
                FinishFile(file);
            }
        }
        else if (reply.Code is FtpReplyCode.CannotOpenDataConnection or FtpReplyCode.TransferAborted or FtpReplyCode.NotLoggedIn)
        {
            // This reply concerns the connection and not only the file, so the exception ends block mode.
            throw new FtpReplyException(reply, $"RETR {file.File.RemotePath}");
        }
        else
        {
            file.Fail(new FtpReplyException(reply, $"RETR {file.File.RemotePath}"));
        }
    }

    /// <summary>Commits a file whose content and positive final reply have arrived, and reports the result.</summary>
    private void FinishFile(BatchEntry file)
    {
        CatchFileErrors(file, () =>
        {
            // A file that grows during the transfer is longer than announced, which is not an error. A shorter file is incomplete.
            if (file.AnnouncedLength is { } announced && announced > file.Bytes)
            {
                throw new FtpIntegrityException(file.File.RemotePath, announced, file.Bytes);
            }

            file.StagingFile?.Commit(file.LastModified, options.Overwrite);
            if (options.Resume == FtpResume.Never)
            {
                PartialDownloadFile.DeletePartialFile(file.LocalPath); // an earlier partial download is obsolete
            }
        });
        if (file.FileException is { } failure)
        {
            file.Fail(failure);
        }
        else
        {
            file.Succeed(file.FinalReply!, file.LastModified);
        }
    }

    /// <summary>Runs an action. If the action fails, only this file fails: its entry records the exception.</summary>
    private static void CatchFileErrors(BatchEntry file, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FtpException)
        {
            file.FileException ??= e;
        }
    }
}
